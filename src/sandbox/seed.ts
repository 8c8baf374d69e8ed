import { exampleCerfa } from '../core/contract/cerfa-example.js';
import type { SandboxCfa } from './cfa.js';
import { drawn } from './chance.js';
import { isPart, type Part } from './demand.js';
import { instants } from './paris-days.js';
import type { World } from './world.js';

const dayMs = 86_400_000;

/** Invented contracts are shared by many dossiers, so that a hundred thousand of them fit into memory. */
const variety = 97;

/** Puts `count` dossiers of mixed ages, hence of mixed states, under a CFA key; gives their numbers. */
export function seedDossiers(world: World, cfa: SandboxCfa, count: number): readonly string[] {
  const contracts = Array.from({ length: Math.min(count, variety) }, (_, rank) =>
    inTheNorm(exampleCerfa({ rank, siretCfa: cfa.siret })),
  );
  const now = world.virtual.now();
  return Array.from({ length: count }, (_, index) => {
    const ageMs = drawn(0, 8 * 24, world.seed, 'age', index) * (dayMs / 24);
    return world.admit(cfa, contracts[index % variety] ?? {}, { depositedAt: now - ageMs }).numeroInterne;
  });
}

/** An example in the norm's words: every day becomes a midnight with time and zone. */
export function inTheNorm(value: object): Part {
  const written = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(written);
    if (isPart(each)) return inTheNorm(each);
    return typeof each === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(each) ? instants.utc(each) : each;
  };
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, written(each)]));
}
