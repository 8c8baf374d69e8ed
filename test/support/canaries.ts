import { Redis } from 'ioredis';
import pg from 'pg';

/** Values that must not be seen where they do not belong, by what they stand for; at least eight bytes each. */
export type Canaries = Readonly<Record<string, string>>;

/** A canary where it must not be. */
export interface Sighting {
  readonly where: string;
  /** Its name, never its value. */
  readonly canary: string;
  readonly spelling: string;
}

/** Something to search, and how to call it. */
export interface Ground {
  readonly where: string;
  readonly content: string | Buffer;
}

/** Every canary found, in any of its spellings: as it is in any case, in hex, in base64 at any alignment, percent-encoded. */
export function hunt(canaries: Canaries, grounds: Iterable<Ground>): Sighting[] {
  const needles = Object.entries(canaries).flatMap(([canary, value]) =>
    spellingsOf(value).map(([spelling, needle, anyCase]) => ({ canary, spelling, needle, anyCase })),
  );
  const sightings: Sighting[] = [];
  for (const { where, content } of grounds) {
    // Bytes as Latin-1, and text as the bytes of its UTF-8: one way to look for both.
    const text = (Buffer.isBuffer(content) ? content : Buffer.from(content, 'utf8')).toString('latin1');
    const lower = text.toLowerCase();
    for (const { canary, spelling, needle, anyCase } of needles) {
      if ((anyCase ? lower : text).includes(needle)) sightings.push({ where, canary, spelling });
    }
  }
  return sightings;
}

type Spelling = readonly [name: string, needle: string, anyCase: boolean];

function spellingsOf(value: string): Spelling[] {
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length < 8) throw new Error('a canary of fewer than eight bytes is found by chance');
  const hex = bytes.toString('hex');
  const all: Spelling[] = [
    ['plain', bytes.toString('latin1').toLowerCase(), true],
    ['capitals', Buffer.from(value.toUpperCase(), 'utf8').toString('latin1').toLowerCase(), true],
    ['hex', hex, true],
    ['percent', hex.replace(/../g, '%$&'), true],
    ['url', encodeURIComponent(value).toLowerCase(), true],
    [
      'json',
      JSON.stringify(value)
        .slice(1, -1)
        .replace(/[^\x20-\x7e]/g, escaped)
        .toLowerCase(),
      true,
    ],
  ];
  for (const shift of [0, 1, 2]) {
    const core = base64Core(bytes, shift);
    all.push([`base64+${shift}`, core, false]);
    all.push([`base64url+${shift}`, core.replaceAll('+', '-').replaceAll('/', '_'), false]);
  }
  return all.filter(([, needle], index) => all.findIndex(([, each]) => each === needle) === index);
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The digits that depend on the value alone when `shift` bytes (modulo three) stand before it and anything after it. */
function base64Core(bytes: Buffer, shift: number): string {
  const digits = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  return digits.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

/** Every key and value of one Redis database, whatever its type. */
export async function redisGrounds(url: string): Promise<Ground[]> {
  const redis = new Redis(url);
  try {
    const grounds: Ground[] = [];
    for (const key of await redis.keys('*')) {
      const where = `redis ${key.replaceAll(/[0-9a-f]{64}/g, '<hash>')}`;
      grounds.push({ where, content: key }, { where, content: await valueOf(redis, key) });
    }
    return grounds;
  } finally {
    await redis.quit();
  }
}

const readers: Readonly<Record<string, (redis: Redis, key: string) => Promise<unknown>>> = {
  string: (redis, key) => redis.getBuffer(key),
  hash: (redis, key) => redis.callBuffer('HGETALL', key),
  list: (redis, key) => redis.lrangeBuffer(key, 0, -1),
  set: (redis, key) => redis.smembersBuffer(key),
  zset: (redis, key) => redis.zrangeBuffer(key, 0, -1),
  stream: (redis, key) => redis.callBuffer('XRANGE', key, '-', '+'),
};

async function valueOf(redis: Redis, key: string): Promise<Buffer> {
  const type = await redis.type(key);
  // It ended between the list of keys and now.
  if (type === 'none') return Buffer.alloc(0);
  const read = readers[type];
  if (!read) throw new Error(`a Redis type that nobody searches: ${type}`);
  return flat(await read(redis, key));
}

function flat(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Array.isArray(value)
    ? Buffer.concat(value.map(flat).flatMap((part) => [part, Buffer.from('\n')]))
    : Buffer.alloc(0);
}

/** Every value of every table, column by column (`database jobs.payload`); bytes stand there in hex. */
export async function databaseGrounds(url: string): Promise<Ground[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ table: string; column: string }>(
      `SELECT c.oid::regclass::text AS table, quote_ident(a.attname) AS column
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
    );
    // Row-level security is forced on the owner as well; the system role sees every row of the tables that it may read.
    await client.query('SET ROLE opcovia_system');
    const grounds: Ground[] = [];
    for (const { table, column } of columns) {
      const { rows } = await client.query<{ all: string | null }>(
        `SELECT string_agg(${column}::text, E'\\n') AS all FROM ${table}`,
      );
      grounds.push({ where: `database ${table}.${column}`, content: rows[0]?.all ?? '' });
    }
    return grounds;
  } finally {
    await client.end();
  }
}
