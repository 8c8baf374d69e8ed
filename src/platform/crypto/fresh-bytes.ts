import { randomFillSync } from 'node:crypto';

/** The system is asked for this many bytes at a time: each question costs more than a whole encryption. */
const pool = Buffer.allocUnsafeSlow(8192);
let used = pool.length;

/** Random bytes from the system's generator, for keys and nonces; each byte is handed out once and wiped from the pool. */
export function freshBytes(length: number): Buffer {
  if (length > pool.length) throw new RangeError('freshBytes gives at most 8192 bytes');
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = Buffer.from(pool.subarray(used, used + length));
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}
