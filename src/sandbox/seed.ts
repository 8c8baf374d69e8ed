import { exampleCerfa } from '../core/contract/cerfa-example.js';
import { toUpstream } from '../opco/convergence/words.js';
import type { SandboxCfa } from './cfa.js';
import { drawn } from './chance.js';
import type { World } from './world.js';

const dayMs = 86_400_000;

/** Invented contracts are shared by many dossiers, so that a hundred thousand of them fit into memory. */
const variety = 97;

/** Puts `count` dossiers of mixed ages, hence of mixed states, under a CFA key; gives their numbers. */
export function seedDossiers(world: World, cfa: SandboxCfa, count: number): readonly string[] {
  const contracts = Array.from({ length: Math.min(count, variety) }, (_, rank) => {
    const cerfa = toUpstream(exampleCerfa({ rank, siretCfa: cfa.siret }), '+00:00');
    return cerfa as Readonly<Record<string, unknown>>;
  });
  return Array.from({ length: count }, (_, index) => {
    const ageMs = drawn(0, 8 * 24, world.seed, 'age', index) * (dayMs / 24);
    return world.admit(cfa, contracts[index % variety] ?? {}, ageMs).numeroInterne;
  });
}
