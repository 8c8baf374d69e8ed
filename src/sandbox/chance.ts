import { createHash } from 'node:crypto';

/**
 * A number in [0, 1) that depends on the seed and the names alone: neither the order of requests nor the wall clock
 * changes what befalls a dossier.
 */
export function chance(seed: string, ...names: readonly (string | number)[]): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, ...names]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** An integer between two bounds, both included, drawn as `chance` does. */
export function drawn(least: number, most: number, ...[seed, ...names]: Parameters<typeof chance>): number {
  return least + Math.floor(chance(seed, ...names) * (most - least + 1));
}
