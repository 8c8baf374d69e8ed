import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { longestLagMs, opcos } from './settings.mjs';
import { control } from './tenants.mjs';

const stopWithinMs = 15_000;

/** Bad days of an OPCO: what happens to a deposit, to a look-up, or to everything. */
const badDays = [
  { route: '*', kind: 'reset-before-read', probability: 0.5 },
  { route: '*', kind: 'rst-half-read', probability: 0.5 },
  { route: '*', kind: 'commit-then-reset', probability: 0.4 },
  { route: '*', kind: 'commit-then-status', status: 502, probability: 0.4 },
  { route: '*', kind: 'commit-late', ms: longestLagMs, probability: 0.4 },
  { route: '*', kind: 'truncate', probability: 0.4 },
  { route: '*', kind: 'hold', ms: 1500, probability: 0.4 },
  { route: '*', kind: '429', retryAfterSeconds: 1, probability: 0.6 },
  { route: '*', kind: 'expire-token', probability: 0.3 },
  { method: 'POST', kind: 'status', status: 503, probability: 0.3 },
  { kind: 'latency', distribution: { kind: 'lognormal', ms: 200, sigma: 0.8 } },
  { kind: 'outage' },
  { method: 'GET', kind: 'lookup-stale', ms: longestLagMs },
  { method: 'GET', kind: 'lookup-5xx' },
  { method: 'GET', kind: 'repeated-page' },
];
const depositRoutes = ['depositDossier', 'depositFacture', 'depositDocument', 'depositConvention'];

/** Breaks things, one after the other, as the seed decides; processes come back while the next thing breaks. */
export class Nemesis {
  acts = {};
  #ended = false;
  #begun;
  #starts = new Set();

  constructor({ chance, instances, services, sandbox, say }) {
    Object.assign(this, { chance, instances, services, sandbox, say });
  }

  begin() {
    this.#begun = this.#rage();
    return this.#begun;
  }

  /** Resolves when the last act is over, and the OPCOs are well again. */
  async end() {
    this.#ended = true;
    await this.#begun;
    await Promise.all(this.#starts);
    await control(this.sandbox.url, 'faults', { method: 'DELETE' });
  }

  async #rage() {
    const acts = [
      [4, 'bad day at an OPCO', () => this.#badDay()],
      [3, 'kill -9 of a process', () => this.#kill()],
      [2, 'frozen process', () => this.#freeze()],
      [2, 'SIGTERM and restart', () => this.#restart()],
      [1, 'Redis killed, all lost', () => this.services.restartRedis().then(() => 'it is back, and empty')],
      [1, 'FLUSHALL', () => this.#flush()],
      [1, 'PostgreSQL stopped at once', () => this.services.restartPostgres().then(() => 'it is back')],
      [1, 'sessions terminated', () => this.#terminate()],
    ].flatMap(([weight, ...act]) => Array.from({ length: weight }, () => act));
    while (!this.#ended) {
      await pause(this.chance.between(200, 1200));
      if (this.#ended) return;
      const [name, act] = this.chance.one(acts);
      const what = await act();
      if (what) this.#tell(name, what);
      else this.#tell(acts[0][0], await this.#badDay());
    }
  }

  #tell(name, what) {
    this.acts[name] = (this.acts[name] ?? 0) + 1;
    this.say(`${name}: ${what}`);
  }

  async #badDay() {
    const opcoId = this.chance.one(opcos);
    const { route, ...day } = this.chance.one(badDays);
    const aim = route ? { route: this.chance.one(depositRoutes) } : {};
    const body = { opcoId, ...aim, ...day, forMs: this.chance.between(1500, 5000) };
    await control(this.sandbox.url, 'faults', { body });
    return `${day.kind} at ${opcoId}${aim.route ? `, ${aim.route}` : ''} for ${body.forMs} ms`;
  }

  async #kill() {
    const instance = this.#victim();
    if (!instance) return undefined;
    await instance.end('SIGKILL', stopWithinMs);
    this.#startAgain(instance);
    return instance.name;
  }

  /** One that is up, while another one is: with nobody up there would be nothing to break. A slow start shifts no dice. */
  #victim() {
    const rank = this.chance.next();
    const up = this.instances.filter(({ isUp }) => isUp);
    return up.length > 1 || this.instances.length === 1 ? up[Math.floor(rank * up.length)] : undefined;
  }

  /** Meanwhile other things may break. */
  #startAgain(instance) {
    const starting = instance.start().catch((error) => this.say(error.message));
    this.#starts.add(starting);
    void starting.finally(() => this.#starts.delete(starting));
  }

  async #freeze() {
    const instance = this.#victim();
    const ms = this.chance.between(500, 6000);
    if (!instance) return undefined;
    instance.signal('SIGSTOP');
    await pause(ms);
    instance.signal('SIGCONT');
    return `${instance.name}, ${ms} ms`;
  }

  async #restart() {
    const instance = this.#victim();
    if (!instance) return undefined;
    const ended = await instance.end('SIGTERM', stopWithinMs);
    if (!ended) await instance.end('SIGKILL', stopWithinMs);
    this.#startAgain(instance);
    return `${instance.name} ended with ${instance.ends.at(-1)}`;
  }

  async #flush() {
    const { Redis } = await import('ioredis');
    const redis = new Redis(this.services.redisUrl);
    await redis.flushall().finally(() => redis.disconnect());
    return 'nothing is left';
  }

  async #terminate() {
    const client = new pg.Client({ connectionString: this.services.databaseUrl });
    await client.connect();
    const others =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()';
    const { rowCount } = await client.query(others).finally(() => client.end());
    return `${rowCount} of them`;
  }
}
