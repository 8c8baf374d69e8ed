import { parseArgs } from 'node:util';
import { cpuBetween, cpuOf } from './lib/cpu.mjs';
import { dossierOf } from './lib/dossiers.mjs';
import { Store } from './lib/store.mjs';

// node bench/snapshots.mjs [--dossiers 1000] [--batch 50] [--rounds 3]: versions written a second by the product's own code into a
// durable PostgreSQL, events included, and what a version takes there. A row of `npm run bench`. Build first.

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    dossiers: { ...text, default: '1000' },
    batch: { ...text, default: '50' },
    rounds: { ...text, default: '3' },
    seconds: text, // given to every row; here the work is counted, not the time
  },
});
const [dossiers, batch, rounds] = ['dossiers', 'batch', 'rounds'].map((name) => Number(options[name]));
const write = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => write(`| ${cells.join(' | ')} |`);
const tables = ['snapshots', 'data_keys', 'watched_dossiers', 'events'];

const store = await new Store().start();
const results = new Map();

/** Does the work piece by piece, one after the other; keeps the best rate and the least CPU of all rounds. */
async function measure(title, pieces, work) {
  const [before, own, begun] = [cpuOf(store.server), process.cpuUsage(), performance.now()];
  for (const piece of pieces) await work(piece);
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(own);
  const { total } = cpuBetween(before, cpuOf(store.server));
  const count = pieces.flat().length;
  const was = results.get(title) ?? { rate: 0, own: Infinity, postgres: Infinity };
  results.set(title, {
    rate: Math.max(was.rate, (count / ms) * 1000),
    own: Math.min(was.own, (user + system) / count),
    postgres: Math.min(was.postgres, total / count),
  });
}

const inPieces = (all, size) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

async function round(number) {
  const ranks = Array.from({ length: 2 * dossiers }, (_, at) => at);
  const versions = (version, from) => ranks.slice(from, from + dossiers).map((rank) => dossierOf(rank, version));
  const tenant = await store.aTenant();
  const keep = (piece) => store.keep(tenant, piece);
  await measure('first version, a transaction each', inPieces(versions(1, 0), 1), keep);
  await measure(`first version, ${batch} a transaction`, inPieces(versions(1, dossiers), batch), keep);
  await measure('a changed amount, a transaction each', inPieces(versions(2, 0), 1), keep);
  await measure(`a changed amount, ${batch} a transaction`, inPieces(versions(2, dossiers), batch), keep);
  await measure(`nothing new, ${batch} a transaction`, inPieces(versions(2, dossiers), batch), keep);
  await plain(number, tenant);
}

/** The same sealed bytes, as a plain table takes them from a plain client. */
async function plain(number, tenant) {
  const contents = await sealed(tenant, 'SELECT content FROM snapshots WHERE version = 1 LIMIT $1', [dossiers]);
  const insert = (piece) =>
    store.owner.query(`INSERT INTO plain_${number} (content) SELECT * FROM unnest($1::text[])`, [piece]);
  await store.owner.query(`CREATE TABLE plain_${number} (id bigserial PRIMARY KEY, content text)`);
  await measure('plain INSERT of the same bytes, a transaction each', inPieces(contents, 1), insert);
  await measure(`plain INSERT of the same bytes, ${batch} a transaction`, inPieces(contents, batch), insert);
}

/** What only the tenant may see. */
async function sealed(tenant, statement, values = []) {
  const rows = await store.database.asTenant(tenant, (sql) => sql.query(statement, values));
  return rows.map(({ content }) => content);
}

/** Bytes that one more version takes, tables and indexes, by what is written. */
async function growth(title, versions, work) {
  const sizes = async () => {
    const taken = [];
    for (const table of tables) taken.push(await store.sizeOf(table));
    return taken;
  };
  const before = await sizes();
  await work();
  const after = await sizes();
  const grown = tables.map((_, at) => (after[at].total - before[at].total) / versions);
  row([title, ...grown.map((bytes) => bytes.toFixed(0)), grown.reduce((sum, bytes) => sum + bytes).toFixed(0)]);
}

async function sizes() {
  const tenant = await store.aTenant();
  const count = 4 * dossiers;
  const all = (version) => Array.from({ length: count }, (_, rank) => dossierOf(rank, version));
  const keepAll = async (version) => {
    for (const piece of inPieces(all(version), batch)) await store.keep(tenant, piece);
  };
  write(`\n| Bytes a version in PostgreSQL, indexes included | ${tables.join(' | ')} | in all |`);
  row(Array(6).fill('---:'));
  await growth('first version', count, () => keepAll(1));
  await growth('small change', count, () => keepAll(2));
  const bytes = await sealed(
    tenant,
    'SELECT avg(octet_length(content))::int AS content FROM snapshots GROUP BY version ORDER BY version',
  );
  const json = JSON.stringify(dossierOf(1)).length;
  write(`\nThe dossier is ${json} bytes of JSON; compressed and sealed ${bytes.join(' and ')}.`);
}

try {
  for (let number = 0; number < rounds; number += 1) await round(number);
  row(['What', 'versions/s, best', 'CPU us each, min', 'of it PostgreSQL']);
  row(['---', '---:', '---:', '---:']);
  for (const [title, { rate, own, postgres }] of results)
    row([title, rate.toFixed(0), (own + postgres).toFixed(0), postgres.toFixed(0)]);
  await sizes();
} finally {
  await store.stop();
}
