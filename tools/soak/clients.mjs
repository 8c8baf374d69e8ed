import { setTimeout as pause } from 'node:timers/promises';
import { canariesIn } from './check-history.mjs';
import { requestOf } from './deposits.mjs';

const requestMs = 8_000;
const broken = { status: 0, text: '' };

/** Integrators: they offer deposits, send them again until they are accepted, and keep what they receive. */
export class Clients {
  deposits = [];
  /** Texts with another's canary, and answers about jobs of others. */
  received = [];
  foreign = [];
  jobs = new Map();
  counts = { sent: 0, accepted: 0, duplicates: 0, refused: 0, broken: 0, reads: 0 };
  #ended = false;
  #turn = 0;
  #going = new Set();

  constructor({ chance, instances, maker, tenants }) {
    Object.assign(this, { chance, instances, maker, tenants });
  }

  /** Deposits that are not accepted yet. */
  get open() {
    return this.#going.size;
  }

  /** Offers one more deposit. */
  offer() {
    const deposit = this.maker.next();
    this.deposits.push(deposit);
    this.#keep(this.#deposit(deposit));
  }

  /** Resolves when every deposit that was offered is accepted. */
  async allAccepted() {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  /** Nobody sends anything again. */
  end() {
    this.#ended = true;
  }

  #keep(going) {
    this.#going.add(going);
    void going.finally(() => this.#going.delete(going));
  }

  async #deposit(deposit) {
    // Drawn before anything is sent: what the network does must not shift the dice.
    const [together, later, otherwise] = [0.05, 0.1, 0.04].map((share) => this.chance.happens(share));
    await Promise.all([this.#insist(deposit), ...(together ? [this.#insist(deposit)] : [])]);
    this.counts.accepted += 1;
    if (later) await this.#insist(deposit);
    if (otherwise) {
      const other = { ...this.maker.other(deposit), answers: [] };
      await this.#insist(other);
      deposit.otherContent = other.answers;
      deposit.otherMark = other.mark;
    }
  }

  /** The same key with the same content, after a 503 or a broken connection, until there is another answer. */
  async #insist(deposit) {
    while (!this.#ended) {
      const { status, text, retryAfter } = await this.ask(deposit.path, requestOf(deposit), deposit.owner.name);
      const answer = {
        status,
        retryAfter,
        jobId: status === 200 || status === 202 ? JSON.parse(text).jobId : undefined,
      };
      deposit.answers.push(answer);
      this.counts.sent += 1;
      if (status === 200) this.counts.duplicates += 1;
      if (status !== 0 && status !== 429 && status !== 503) return;
      this.counts[status === 0 ? 'broken' : 'refused'] += 1;
      await pause(status === 0 ? this.chance.between(50, 300) : Math.min(retryAfter ?? 1, 2) * 1000);
    }
  }

  /** A request to any instance; status 0 when the connection breaks or nobody answers in time. */
  async ask(path, init, tenant) {
    const up = this.instances.filter(({ isUp }) => isUp);
    if (up.length === 0) {
      await pause(50);
      return broken;
    }
    try {
      const { url } = up[(this.#turn += 1) % up.length];
      const answer = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(requestMs) });
      const text = await answer.text();
      this.hear(tenant, `${init.method} ${path}`, text);
      const retryAfter = answer.headers.get('retry-after');
      return { status: answer.status, text, retryAfter: retryAfter === null ? undefined : Number(retryAfter) };
    } catch {
      return broken;
    }
  }

  /** Only what could be an offence is kept, or an hour would not fit into memory. */
  hear(tenant, where, text) {
    if (canariesIn(text, tenant, this.tenants).length > 0) this.received.push({ tenant, where, text });
  }

  read(path, { key, name }) {
    this.counts.reads += 1;
    return this.ask(path, { method: 'GET', headers: { 'x-api-key': key } }, name);
  }

  /** Somebody looks at a dossier of an accepted contract, and somebody else at the job. */
  async look() {
    const deposit = this.chance.one(this.deposits);
    const { jobId } = deposit?.answers.findLast((answer) => answer.jobId) ?? {};
    const stranger = this.chance.one(this.tenants);
    if (!jobId) return;
    const { status } = await this.read(`/${deposit.opcoId}/jobs/${jobId}`, stranger);
    if (stranger !== deposit.owner && status !== 0) this.foreign.push({ tenant: stranger.name, jobId, status });
    const { numeroInterne } = this.jobs.get(jobId)?.result ?? {};
    if (numeroInterne) await this.read(`/${deposit.opcoId}/dossiers/${numeroInterne}`, this.chance.one(this.tenants));
    else await this.read(`/${deposit.opcoId}/dossiers/etats`, stranger);
  }

  /** Looks at the jobs that have not ended yet; gives how many those are. */
  async followJobs() {
    const waiting = this.deposits.filter((deposit) => !this.#isOver(deposit));
    for (let at = 0; at < waiting.length; at += 8)
      await Promise.all(waiting.slice(at, at + 8).map((deposit) => this.#follow(deposit)));
    return this.deposits.filter((deposit) => !this.#isOver(deposit)).length;
  }

  #isOver({ answers }) {
    const { jobId } = answers.find((answer) => answer.jobId) ?? {};
    const status = jobId ? this.jobs.get(jobId)?.status : undefined;
    return status !== undefined && status !== 'pending' && status !== 'processing';
  }

  async #follow({ answers, opcoId, owner }) {
    const { jobId } = answers.find((answer) => answer.jobId) ?? {};
    if (!jobId) return;
    const { status, text } = await this.read(`/${opcoId}/jobs/${jobId}`, owner);
    if (status === 200) this.jobs.set(jobId, JSON.parse(text));
    if (status === 404) this.jobs.delete(jobId);
  }
}
