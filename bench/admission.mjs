import { randomBytes, hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { Redis } from 'ioredis';

// node bench/admission.mjs [rounds]: what the decision about one request of a known key costs, in this process alone, beside its own
// parts. Redis is a real one (REDIS_URL, else an embedded one); PostgreSQL is asked for nothing: the key is known. Build first.

const dist = '../dist/src';
const { Admission } = await import(`${dist}/tenancy/admission.js`);
const { InboundLimits } = await import(`${dist}/hub/inbound/inbound-limits.js`);
const { SharedBuckets } = await import(`${dist}/hub/inbound/shared-buckets.js`);
const { policyField, rateLimitField } = await import(`${dist}/api/limits/rate-limit-fields.js`);
const { limitHook } = await import(`${dist}/api/limits/limit.hook.js`);
const { Metrics } = await import(`${dist}/platform/metrics/metrics.js`);
const { acquireEmbeddedServices } = await import(`${dist}/dev/embedded-services.js`);
const { systemClock } = await import(`${dist}/core/clock.js`);
const { tenantHashOf } = await import(`${dist}/core/tenant.js`);

const rounds = Number(process.argv[2] ?? 15);
const perRound = 200_000;
const stateDir = mkdtempSync(join(tmpdir(), 'opcovia-bench-'));
const embedded = process.env.REDIS_URL
  ? undefined
  : await acquireEmbeddedServices({ stateDir, sandbox: false, needPostgres: false, needRedis: true });
const redis = new Redis(process.env.REDIS_URL ?? embedded.redisUrl);
await once(redis, 'ready');

const key = `opv_test_${randomBytes(24).toString('base64url')}`;
const tenant = { hash: tenantHashOf(key), environment: 'test', nom: 'CFA', keyId: 'bench' };
// Answers the one look-up that makes the key known.
const row = { id: tenant.keyId, tenant_hash: tenant.hash, nom: tenant.nom, environment: 'test', expires_at: null };
const database = { asKeyHolder: async () => [row] };
const quota = { tenant: 10_000_000, key: 10_000_000 };
const buckets = new SharedBuckets(redis, `bench-${process.pid}`, quota);

const limits = new InboundLimits(buckets, systemClock);
const known = new Map([[tenant.hash, tenant]]);

async function knownAdmission() {
  const admission = new Admission(database, systemClock);
  await admission.admitTenant(key);
  if (!admission.peek(key)) throw new Error('the key is not known');
  return admission;
}

/** The limit alone: a promise only when Redis must be asked. */
function decide() {
  const decided = limits.decide(tenant);
  if (decided instanceof Promise) return decided;
  sink += decided.remaining.key;
}

/** A server with nothing but an admitted tenant, with the limit or without; asked without a socket. */
async function server(...hooks) {
  const app = Fastify();
  app.decorateRequest('tenant', undefined);
  app.addHook('onRequest', async (request) => {
    request.tenant = tenant;
  });
  for (const hook of hooks) app.addHook('onRequest', hook);
  app.get('/', async (_request, reply) => reply.type('application/json').send('{}'));
  await app.ready();
  return async () => {
    const { statusCode } = await app.inject({ method: 'GET', url: '/' });
    if (statusCode !== 200) throw new Error(`the server answered ${statusCode}`);
  };
}

let admission = await knownAdmission();
let sink = 0;
const subjects = {
  'sha256 of the key': [perRound, () => (sink += hash('sha256', key, 'hex').length)],
  'look-up in a Map': [perRound, () => (sink += known.get(tenant.hash).nom.length)],
  'admission of a known key': [perRound, () => (sink += admission.peek(key).nom.length)],
  'the limit: permits from Redis, spent here': [perRound, decide],
  'the text of the field about it': [
    perRound,
    () => (sink += rateLimitField(quota, { remaining: { tenant: 5_999_999, key: 2_999_999 } }).length),
  ],
  'a bare Fastify answer, without the limit': [perRound / 20, await server()],
  'a bare Fastify answer, with limit and fields': [perRound / 20, await server(limitHook(limits, new Metrics()))],
};

async function measured([times, run]) {
  const cpu = process.cpuUsage();
  const begun = process.hrtime.bigint();
  for (let n = 0; n < times; n += 1) {
    const done = run();
    if (done instanceof Promise) await done;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { wall: Number(process.hrtime.bigint() - begun) / times / 1000, cpu: (user + system) / times };
}

const best = new Map();
for (let round = 0; round < rounds; round += 1) {
  for (const [name, subject] of Object.entries(subjects)) {
    // Known anew, since a key is asked about again every few seconds.
    admission = await knownAdmission();
    const { wall, cpu } = await measured(subject);
    const before = best.get(name) ?? { wall: Infinity, cpu: Infinity };
    best.set(name, { wall: Math.min(before.wall, wall), cpu: Math.min(before.cpu, cpu) });
  }
}
process.stdout.write(
  `Node ${process.versions.node}, ${rounds} interleaved rounds of ${perRound}; ${policyField(quota)}\n`,
);
for (const [name, { wall, cpu }] of best) {
  process.stdout.write(`| ${name} | ${wall.toFixed(2)} | ${cpu.toFixed(2)} |\n`);
}
if (sink === 0) throw new Error('nothing was measured');
await redis.quit();
await embedded?.release();
rmSync(stateDir, { recursive: true, force: true });
