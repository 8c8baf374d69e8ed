import type { DataSource } from 'typeorm';
import { fail } from '../../core/errors.js';
import { tenantHashOf } from '../../core/tenant.js';
import { Database } from './database.js';
import { StatementNames } from './statement-names.js';

const tenant = tenantHashOf('a key');
/** A database whose connections cannot be had, or break at the first question. */
const failing = (error: Error, { at }: { at: 'connect' | 'query' }) => {
  const broken = () => Promise.reject(error);
  const client = { on: () => undefined, off: () => undefined, release: () => undefined, query: broken };
  const pool = {
    on: () => undefined,
    query: broken,
    connect: at === 'connect' ? broken : () => Promise.resolve(client),
  };
  const source = { driver: { master: pool } } as unknown as DataSource;
  return new Database(source, source, new StatementNames());
};
const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });
/** What comes out of each way in. */
const thrown = (error: Error) =>
  Promise.all(
    [
      failing(error, { at: 'connect' }).asTenant(tenant, () => Promise.resolve()),
      failing(error, { at: 'query' }).asTenant(tenant, () => Promise.resolve()),
      failing(error, { at: 'connect' }).asSystem(() => Promise.resolve()),
      failing(error, { at: 'query' }).call('SELECT 1', []),
    ].map((work) =>
      work.then(
        () => 'done',
        (reason: unknown) => reason,
      ),
    ),
  );

describe('a failure of PostgreSQL', () => {
  it.each([
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
    ...['ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'],
    ...['08006', '53300', '57P01', '57P03', '57014', '40001', '40P01', '55P03'],
  ])('by the code %s passes: 503 with a Retry-After', async (code) => {
    for (const error of await thrown(coded(code)))
      expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', details: { retryAfterSeconds: 5 } });
  });

  it.each([
    'Client was closed and is not queryable',
    'Client has encountered a connection error and is not queryable',
    'Cannot use a pool after calling end on the pool',
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Query read timeout',
  ])('by the words "%s" passes', async (message) => {
    for (const error of await thrown(new Error(message))) expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it.each([
    ['a key that exists', coded('23505')],
    ['a row that is not there', coded('23503')],
    ['a value that speaks of a timeout', coded('22P02', 'invalid input: "connection timeout"')],
    ['no failure of PostgreSQL at all', new TypeError('x is not a function')],
    ['one of ours', fail('NOT_FOUND', {})],
  ])('by %s stays what it is', async (_, error) => {
    for (const each of await thrown(error)) expect(each).toBe(error);
  });
});
