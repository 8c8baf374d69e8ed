import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { adapters } from '../../src/opco/adapters.js';
import { readEnv } from '../../src/platform/config/read-env.js';
import { startOpcovia, type RunningOpcovia } from '../../src/app.start.js';
import { OpcoClientsRepository } from '../../src/tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../../src/tenancy/opco-credentials.repository.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { createMigratedDatabase } from './test-database.js';
import { emptyRedis } from './test-redis.js';

/** The whole product on real sockets: PostgreSQL, Redis, the sandbox, both listeners. */
export interface Product {
  readonly opcovia: RunningOpcovia;
  readonly sandbox: Sandbox;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Everything that was logged so far, as text. */
  logged(): string;
  /** Registers a CFA with its own key at every OPCO; gives its API key for Opcovia. */
  newTenant(nom: string): Promise<string>;
  /** A request with a key; JSON is parsed, whatever the status. */
  ask(apiKey: string | undefined, method: string, path: string, options?: AskOptions): Promise<Asked>;
  /** One more process of the product on the same PostgreSQL, Redis and sandbox, with the same secrets; stops with the first. */
  beside(): Promise<RunningOpcovia>;
  stop(): Promise<void>;
}

/** What a request may carry besides its key. */
export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer, read to its end. */
export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly body: any;
  readonly text: string;
}

type Variables = Readonly<Record<string, string>>;

/** Starts the product for one test file, with variables of its own; those that name the database may be made from its URL. */
export async function startProduct(given: Variables | ((databaseUrl: string) => Variables) = {}): Promise<Product> {
  const [{ url: databaseUrl, drop }, redisUrl, sandbox] = await Promise.all([
    createMigratedDatabase(),
    emptyRedis('product'),
    startSandbox({ port: 0, seed: 'e2e', speed: 0 }),
  ]);
  const variables = typeof given === 'function' ? given(databaseUrl) : given;
  const logs = new PassThrough();
  let logged = '';
  logs.on('data', (chunk: Buffer) => (logged += chunk.toString('utf8')));
  const env = readEnv({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    OPCOVIA_KEYRING: `k1:${randomBytes(32).toString('hex')}`,
    OPCOVIA_HUB_SECRET: `h1:${randomBytes(32).toString('hex')}`,
    OPCOVIA_SANDBOX_URL: sandbox.url,
    OPCOVIA_API_PORT: '0',
    OPCOVIA_STAFF_PORT: '0',
    OPCOVIA_LOG_LEVEL: 'trace',
    OPCOVIA_TICK_MS: '50',
    OPCOVIA_DISPATCH_INTERVAL_MS: '50',
    OPCOVIA_POLL_INTERVAL_SECONDS: '0.3',
    OPCOVIA_JOB_BACKOFF_MS: '50',
    OPCOVIA_QUIET_PERIOD_MS: '100',
    // The tests, the sandbox and the product share one event loop and two cores: a pause there says nothing about PostgreSQL, Redis or the hub.
    OPCOVIA_DATABASE_CONNECT_MS: '20000',
    OPCOVIA_CACHE_PATIENCE_MS: '20000',
    OPCOVIA_HUB_LEADER_SECONDS: '60',
    ...variables,
  });
  const opcovia = await startOpcovia(env, { logTo: logs });
  const others: RunningOpcovia[] = [];
  for (const { id } of adapters) {
    const client = { clientId: 'opcovia-demo', clientSecret: `sandbox-secret-${id}` };
    await opcovia.api.get(OpcoClientsRepository).set({ opcoId: id, environment: 'test', ...client, actor: 'cli' });
  }
  return {
    opcovia,
    sandbox,
    databaseUrl,
    redisUrl,
    logged: () => logged,
    newTenant: (nom) => registerTenant(opcovia, sandbox, nom),
    ask: (apiKey, method, path, options) => ask(`${opcovia.apiUrl}${path}`, { method, apiKey, ...options }),
    beside: async () => {
      const other = await startOpcovia(env, { logTo: logs });
      others.push(other);
      return other;
    },
    stop: async () => {
      await Promise.all([opcovia, ...others].map((each) => each.stop()));
      await sandbox.stop();
      await drop();
    },
  };
}

async function registerTenant(opcovia: RunningOpcovia, sandbox: Sandbox, nom: string): Promise<string> {
  const { key, tenant } = await opcovia.api.get(TenantsRepository).create({ nom, environment: 'test', actor: 'cli' });
  for (const { id } of adapters) {
    const cfaKey = `cfa-${randomBytes(12).toString('hex')}`;
    await control(sandbox, '/_sandbox/cfas', { opcoId: id, apiKey: cfaKey });
    await opcovia.api.get(OpcoCredentialsRepository).put(tenant, { opcoId: id, key: cfaKey, actor: 'cli' });
  }
  return key;
}

/** Speaks to the control door of the sandbox. */
export async function control(sandbox: Sandbox, path: string, body: unknown): Promise<void> {
  const { status, text } = await ask(`${sandbox.url}${path}`, { method: 'POST', body });
  if (status >= 300) throw new Error(`the sandbox answered ${status} to ${path}: ${text}`);
}

/** One request over a real socket; JSON is parsed, whatever the status. */
export async function ask(
  url: string,
  { method, apiKey, body, headers }: AskOptions & { method: string; apiKey?: string | undefined },
): Promise<Asked> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json && text !== '' ? JSON.parse(text) : undefined,
  };
}

/** Asks again and again until the answer is there; fails with the last value when it never is. */
export async function eventually<T>(
  look: () => Promise<T>,
  isThere: (value: T) => boolean,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    if (Date.now() > deadline) throw new Error(`it never came: ${JSON.stringify(value)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
