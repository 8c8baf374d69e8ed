import { hash } from 'node:crypto';

const digestOf = (seed: string, names: readonly (string | number)[]): Buffer =>
  hash('sha256', JSON.stringify([seed, ...names]), 'buffer');

/**
 * A number in [0, 1) that depends on the seed and the names alone: neither the order of requests nor the wall clock
 * changes what befalls a dossier.
 */
export function chance(seed: string, ...names: readonly (string | number)[]): number {
  return digestOf(seed, names).readUIntBE(0, 6) / 2 ** 48;
}

/** An integer between two bounds, both included, drawn as `chance` does. */
export function drawn(least: number, most: number, ...[seed, ...names]: Parameters<typeof chance>): number {
  return between([least, most], chance(seed, ...names));
}

/** Eight numbers in [0, 1), independent of each other, for the price of one. */
export type Dice = readonly [number, number, number, number, number, number, number, number];

/** Throws eight dice, as `chance` throws one. */
export function dice(seed: string, ...names: readonly (string | number)[]): Dice {
  const digest = digestOf(seed, names);
  const at = (rank: number) => digest.readUInt32BE(rank * 4) / 2 ** 32;
  return [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)];
}

/** The integer between two bounds, both included, that a number in [0, 1) falls on. */
export const between = ([least, most]: readonly [number, number], number: number): number =>
  least + Math.floor(number * (most - least + 1));

/** The member of a list that a number in [0, 1) falls on; the list has one at least. */
export function pick<T>(list: readonly [T, ...T[]], number: number): T {
  return list[Math.floor(number * list.length)] ?? list[0];
}
