import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { dossierOf } from './lib/dossiers.mjs';
import { machine } from './lib/report.mjs';
import { Store } from './lib/store.mjs';

const { AuditChainer } = await import('../dist/src/audit/audit-chainer.js');
const { AuditTrail } = await import('../dist/src/audit/audit-trail.js');
const { UpstreamCallLog } = await import('../dist/src/audit/upstream-call-log.js');

// node bench/size.mjs [--dossiers 20000] [--versions 4] [--tenants 10]: what histories take in PostgreSQL, written by the product's own
// code, table by table after each version of all dossiers. docs/scale.md computes from it. Build first.

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    dossiers: { ...text, default: '20000' },
    versions: { ...text, default: '4' },
    tenants: { ...text, default: '10' },
    batch: { ...text, default: '50' },
  },
});
const [dossiers, versions, tenants, batch] = ['dossiers', 'versions', 'tenants', 'batch'].map((name) =>
  Number(options[name]),
);
const tables = ['snapshots', 'data_keys', 'watched_dossiers', 'events'];
const line = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);

/** What a call to an OPCO leaves in the audit trail, chained. */
async function auditedCalls(count) {
  const tenant = await store.aTenant();
  const log = new UpstreamCallLog(store.database, new AuditTrail());
  const entry = {
    requestId: randomUUID(),
    tenant,
    keyId: 'poller',
    opcoId: 'akto',
    endpoint: 'dossier',
    traffic: 'poll',
  };
  const call = () =>
    log.recordUpstreamCall({ ...entry, path: '/dossiers', upstreamCalls: 1, askedAt: Date.now(), upstreamStatus: 200 });
  for (let done = 0; done < count; done += 500) await Promise.all(Array.from({ length: 500 }, call));
  const chainer = new AuditChainer(store.database, { hold: async () => true });
  while ((await chainer.tick()) > 0);
  await store.owner.query('VACUUM');
  const sizes = [];
  for (const table of ['audit_logs', 'audit_chain']) sizes.push((await store.sizeOf(table)).total / count);
  const [logged, chained] = sizes.map((bytes) => bytes.toFixed(0));
  process.stdout.write(`\nBytes a call to an OPCO, of ${count}: audit_logs ${logged}, audit_chain ${chained}\n`);
}

const store = await new Store().start();
try {
  const owners = [];
  for (let at = 0; at < tenants; at += 1) owners.push(await store.aTenant());
  process.stdout.write(
    `Node ${process.versions.node}, ${machine()}; ${dossiers} dossiers of ${tenants} tenants, JSON of ${JSON.stringify(dossierOf(1)).length} bytes\n\n`,
  );
  line(['Bytes a dossier after', ...tables.flatMap((table) => [table, 'of it indexes']), 'in all', 'versions/s']);
  line(['---', ...Array(2 * tables.length + 2).fill('---:')]);
  for (let version = 1; version <= versions; version += 1) {
    const begun = performance.now();
    // Tenants in turn, as they come in life: their rows lie mixed.
    for (let from = 0; from < dossiers / tenants; from += batch)
      for (const [at, tenant] of owners.entries()) {
        const last = Math.min(from + batch, dossiers / tenants);
        const ranks = Array.from({ length: last - from }, (_, place) => at * 1_000_000 + from + place);
        await store.keep(
          tenant,
          ranks.map((rank) => dossierOf(rank, version)),
        );
      }
    const seconds = (performance.now() - begun) / 1000;
    await store.owner.query('VACUUM');
    const sizes = [];
    for (const table of tables) sizes.push(await store.sizeOf(table));
    const each = sizes.flatMap(({ total, indexes }) => [total, indexes]).map((bytes) => (bytes / dossiers).toFixed(0));
    const all = sizes.reduce((sum, { total }) => sum + total, 0) / dossiers;
    line([`version ${version}`, ...each, all.toFixed(0), (dossiers / seconds).toFixed(0)]);
  }
  await auditedCalls(20_000);
} finally {
  await store.stop();
}
