import type { Dialect } from './dialect.js';
import { stateAt, type Lifecycle } from './lifecycle.js';

/** A contract that an OPCO holds. `cerfa` is as it was sent, in the norm's words. */
export interface SandboxDossier {
  readonly numeroInterne: string;
  readonly numeroExterne: string;
  readonly numeroDeca: string;
  readonly cerfa: Readonly<Record<string, unknown>>;
  readonly life: Lifecycle;
  /** Set by a termination or a control call; overrides the life. */
  forced?: { readonly etat: string; readonly commentaire: string };
}

/** The state of a dossier in the norm's spelling. */
export function plainEtat(dossier: SandboxDossier, now: number): string {
  return dossier.forced?.etat ?? stateAt(dossier.life, now);
}

/** The state of a dossier as this OPCO spells it. */
export function etatOf(dossier: SandboxDossier, dialect: Dialect, now: number): string {
  const etat = plainEtat(dossier, now);
  return etat === 'RUPTURE' ? dialect.rupture : etat;
}
