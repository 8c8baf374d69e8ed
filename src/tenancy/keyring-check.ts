import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '../platform/config/read-env.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database, Sql } from '../platform/database/database.js';
import { place } from './place.js';
import { checkColumn } from './sealed-columns.js';

/** Any number that no other duty uses: instances that start together agree on one index key. */
const startLock = 7_203_002;

const placeOf = (keyId: string) => place(checkColumn.table, checkColumn.column, keyId, null);

interface Check {
  readonly key_id: string;
  readonly sealed: string;
}

/**
 * Proves at start that the key ring is the one of this database, and gives the index key.
 *
 * The check value of every key that ever was active is the same 32 random bytes: the index key under which subjects are
 * looked up (`DataKeys`). So a wrong key is noticed before it seals anything, and the index outlives every rotation.
 * Throws ConfigurationError when a key of the ring does not open its own check value, or none of the ring was ever seen.
 */
export async function openIndexKey(database: Database, ring: KeyRing): Promise<KeyObject> {
  return database.asSystem(async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [startLock]);
    const checks = await sql.query<Check>('SELECT key_id, sealed FROM keyring_checks');
    const root = checks.length === 0 ? randomBytes(32) : openKnown(checks, ring);
    if (!checks.some(({ key_id }) => key_id === ring.activeId)) await remember(sql, ring, root);
    return createSecretKey(root);
  });
}

function openKnown(checks: readonly Check[], ring: KeyRing): Buffer {
  const ours = checks.filter(({ key_id }) => ring.ids.includes(key_id));
  const roots = ours.map(({ key_id, sealed }) => open(ring, key_id, sealed));
  const [root] = roots;
  if (!root)
    throw refused(
      'none of its keys has ever sealed anything in this database; put the earlier key back after the new one',
    );
  return root;
}

function open(ring: KeyRing, keyId: string, sealed: string): Buffer {
  try {
    return ring.unseal(sealed, placeOf(keyId));
  } catch {
    throw refused(`the key ${keyId} is not the one that sealed the data of this database`);
  }
}

function refused(why: string): ConfigurationError {
  return new ConfigurationError(`Configuration refused:\n  OPCOVIA_KEYRING: ${why}`);
}

async function remember(sql: Sql, ring: KeyRing, root: Buffer): Promise<void> {
  await sql.query('INSERT INTO keyring_checks (key_id, sealed) VALUES ($1, $2)', [
    ring.activeId,
    ring.seal(root, placeOf(ring.activeId)),
  ]);
}
