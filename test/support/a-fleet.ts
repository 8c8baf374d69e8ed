import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { exampleDocument } from '../../src/core/contract/document.js';
import { exampleFacture } from '../../src/core/contract/facture.js';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.js';
import { startEmbeddedRedis } from '../../src/dev/embedded-redis.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { checkHistory, type DepositAnswer, type OfferedDeposit } from '../../tools/soak/check-history.mjs';
import { BreakableServices } from '../../tools/soak/services.mjs';
import { runBuilt, type BuiltProcess } from './built-file.js';
import { control, eventually } from './product.js';

type Variables = Readonly<Record<string, string>>;

/** One process of the built program. */
export interface Ship {
  readonly process: BuiltProcess;
  readonly url: string;
}

/** What is deposited, and everything that was answered to it. */
export type Cargo = Omit<OfferedDeposit, 'answers'> & {
  readonly body: unknown;
  readonly answers: DepositAnswer[];
};

const ends = ['completed', 'failed', 'cancelled', 'needs_review'];
const shortTimers = {
  OPCOVIA_API_PORT: '0',
  OPCOVIA_STAFF_PORT: '0',
  OPCOVIA_LOG_LEVEL: 'warn',
  OPCOVIA_ATTEMPT_LOST_SECONDS: '2',
  OPCOVIA_RELAY_INTERVAL_SECONDS: '1',
  OPCOVIA_DISPATCH_INTERVAL_MS: '100',
  OPCOVIA_JOB_BACKOFF_MS: '50',
  OPCOVIA_JOB_MAX_ATTEMPTS: '50',
  OPCOVIA_TICK_MS: '100',
  // The reads of the poller would be counted with look-ups.
  OPCOVIA_ROLES: 'api,worker,hub',
  // Longer than any answer is held back or comes late in these tests but those that are never given.
  OPCOVIA_QUIET_PERIOD_MS: '1500',
  // Whoever is killed here leads: the next one has to lead soon.
  OPCOVIA_HUB_LEADER_SECONDS: '3',
  OPCOVIA_HUB_LEASE_SECONDS: '2',
};

/**
 * Real processes of the built program on one PostgreSQL and one Redis that are nobody else's, so that all of them may be broken; the
 * demonstration CFA deposits, and every deposit is kept for the checker. Build first.
 */
export class Fleet {
  readonly cargo: Cargo[] = [];
  readonly jobs = new Map<string, { readonly status: string }>();
  readonly #ships: Ship[] = [];
  #apiKey = '';

  private constructor(
    readonly services: BreakableServices,
    readonly sandbox: Sandbox,
    private readonly folder: string,
  ) {}

  static async of(name: string): Promise<Fleet> {
    const folder = mkdtempSync(join(tmpdir(), `opcovia-${name}-`));
    const starters = { startEmbeddedPostgres, startEmbeddedRedis };
    const services = new BreakableServices(starters, { folder, projectRoot: process.cwd() });
    await services.start();
    const sandbox = await startSandbox({ port: 0, seed: name, speed: 0 });
    sandbox.world.virtual.set(Date.parse('2026-11-02T08:00:00Z'));
    return new Fleet(services, sandbox, folder);
  }

  /** The key of the demonstration CFA, once a process has started. */
  get apiKey(): string {
    return this.#apiKey;
  }

  /** Starts one more process. */
  async launch(variables: Variables = {}): Promise<Ship> {
    const running = runBuilt('main.js', {
      DATABASE_URL: this.services.databaseUrl,
      REDIS_URL: this.services.redisUrl,
      OPCOVIA_SANDBOX_URL: this.sandbox.url,
      OPCOVIA_STATE_DIR: join(this.folder, 'state'),
      ...shortTimers,
      ...variables,
    });
    const ship = { process: running, url: '' };
    this.#ships.push(ship);
    await running.until('Opcovia est prêt');
    ship.url = /API +: (http:\S+)/.exec(running.printed())?.[1] ?? '';
    this.#apiKey = /démonstration : (\S+)/.exec(running.printed())?.[1] ?? '';
    return ship;
  }

  async kill({ process }: Ship): Promise<void> {
    process.child.kill('SIGKILL');
    await process.ended;
  }

  /** A document with a file of its own. */
  document(key: string, opcoId = 'opco-ep', octets = 900): Cargo {
    const [numero = ''] = this.#demo(opcoId).dossiers.keys();
    const { _files, ...fields } = exampleDocument(numero);
    return this.#pack({ key, opcoId, type: 'documents' }, fields, octets);
  }

  /** An invoice on an engaged dossier, which the OPCO lists by its number; with a file of its own. */
  async facture(key: string, opcoId = 'akto', octets = 900): Promise<Cargo> {
    const [dossier] = this.#demo(opcoId).dossiers.values();
    const { numeroInterne = '', numeroExterne = '' } = dossier ?? {};
    const apiKey = `sandbox-cfa-key-${opcoId}`;
    await control(this.sandbox, '/_sandbox/etat', { opcoId, apiKey, numeroInterne, etat: 'ENGAGE' });
    const { lignes, _files, ...facture } = exampleFacture(`F-${key}`, numeroExterne);
    const fields = { ...facture, montantTotal: 1, lignes: [{ ...lignes[0], montant: 1 }] };
    return this.#pack({ key, opcoId, type: 'factures' }, fields, octets);
  }

  #demo(opcoId: string) {
    const cfa = this.sandbox.world.cfa(opcoId, `sandbox-cfa-key-${opcoId}`);
    if (!cfa) throw new Error(`${opcoId} has no demonstration CFA`);
    return cfa;
  }

  #pack(named: Pick<Cargo, 'key' | 'opcoId' | 'type'>, fields: object, octets: number): Cargo {
    const file = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(octets)]);
    const fichier = createHash('sha256').update(file).digest('hex');
    const cargo = {
      ...{ ...named, tenant: 'demo', answers: [] },
      mark: `${named.opcoId}|${this.#demo(named.opcoId).fingerprint}|${fichier}`,
      body: { ...fields, _files: { 'piece.pdf': file.toString('base64') } },
    };
    this.cargo.push(cargo);
    return cargo;
  }

  /** Sends it under its key and keeps the answer; a connection that breaks, or is silent for ten seconds, is status 0. */
  async send({ url }: Ship, { opcoId, type, key, body, answers }: Cargo): Promise<DepositAnswer> {
    const headers = { 'x-api-key': this.#apiKey, 'content-type': 'application/json', 'idempotency-key': key };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) };
    const answer = await fetch(`${url}/${opcoId}/${type}`, init).then(
      async (response) => {
        const { jobId } = JSON.parse(await response.text()) as { jobId?: string };
        const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
        return { status: response.status, jobId, ...(retryAfter >= 0 && { retryAfter }) };
      },
      () => ({ status: 0 }),
    );
    answers.push(answer);
    return answer;
  }

  /** Sends it again and again until it is accepted. */
  accepted(ship: () => Ship, cargo: Cargo): Promise<DepositAnswer> {
    return eventually(
      () => this.send(ship(), cargo),
      ({ status }) => status === 200 || status === 202,
      60_000,
    );
  }

  /** How its job stands, whoever asks. */
  async job(
    { url }: Ship,
    { opcoId, answers }: Cargo,
  ): Promise<{ readonly status: string; readonly outcome?: string }> {
    const jobId = answers.findLast((answer) => answer.jobId)?.jobId ?? '';
    const headers = { 'x-api-key': this.#apiKey };
    const silent = { status: 'silent' };
    const answer = await fetch(`${url}/${opcoId}/jobs/${jobId}`, { headers, signal: AbortSignal.timeout(60_000) })
      .then(async (response) => (response.ok ? ((await response.json()) as { status: string }) : silent))
      .catch(() => silent);
    if (answer !== silent) this.jobs.set(jobId, answer);
    return answer;
  }

  /** Waits for the end of its job. */
  ended(ship: Ship, cargo: Cargo, withinMs = 120_000) {
    return eventually(
      () => this.job(ship, cargo),
      ({ status }) => ends.includes(status),
      withinMs,
    );
  }

  /** The effects that the OPCOs wrote down for it. */
  effects({ opcoId, mark }: Cargo) {
    const lines = this.sandbox.world.ledger.read({ opcoId, committed: true });
    return lines.filter(({ committed }) => mark.endsWith(committed?.fichier ?? 'none'));
  }

  /** Runs one statement as the owner of the schema. */
  async asOwner(statement: string): Promise<readonly object[]> {
    const client = await this.connected();
    return (await client.query(statement).finally(() => client.end())).rows as object[];
  }

  /** A connection as the owner of the schema; whoever asks for it ends it. */
  async connected(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.services.databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Everything that the checker has against what was sent so far. */
  offences(): readonly string[] {
    const ledger = [...this.sandbox.world.ledger.history()];
    const nothing = { received: [], foreign: [], windows: [], tenants: [] };
    const verdicts = checkHistory({ ...nothing, deposits: this.cargo, jobs: this.jobs, ledger });
    return verdicts.flatMap(({ name, offenders }) => offenders.map((offender) => `${name} ${offender}`));
  }

  /** Ends whatever still runs, in whatever state it is. */
  async stop(): Promise<void> {
    this.services.signalRedis('SIGCONT');
    for (const { process } of this.#ships) process.child.kill('SIGKILL');
    await Promise.all(this.#ships.map(({ process }) => process.ended));
    await this.sandbox.stop();
    await this.services.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
