import type { Dossier } from '../core/contract/dossier.js';
import type { EtatFacture } from '../core/contract/factures-etats.js';
import type { OpcoId } from '../core/endpoint.js';
import type { NewEvent } from '../core/events.js';
import { diff } from './diff.js';
import type { DossierName, Snapshot } from './snapshot.repository.js';

/** What a change is measured against. */
export type KnownState = Pick<Snapshot, 'etat' | 'dossier' | 'deleted'>;

/** Most paths that one event lists: the body stays far below 20 kB. */
const mostChanges = 100;
/** Longest number that an event shows. */
const mostNumero = 100;

/** Deliveries about one dossier stay in order. */
const subjectOf = ({ opcoId, numeroInterne }: DossierName) => `dossier:${opcoId}:${numeroInterne}`;

/** The event of a dossier that has changed, or that came back after it was gone. */
export function changeEvent(name: DossierName, before: KnownState, dossier: Dossier): NewEvent {
  const { opcoId, numeroInterne } = name;
  const changes = diff(before.dossier, dossier);
  const listed = {
    changes: changes.slice(0, mostChanges),
    ...(changes.length > mostChanges && { changesOmitted: changes.length - mostChanges }),
    ...(before.deleted && { reappeared: true as const }),
  };
  const about = { opcoId, subject: subjectOf(name) };
  const etat = dossier.cerfa.etat;
  if (etat === before.etat) return { type: 'dossier.updated', ...about, data: { numeroInterne, ...listed } };
  return {
    type: 'dossier.etat_changed',
    ...about,
    data: { numeroInterne, before: before.etat, after: etat, ...listed },
  };
}

/** The event of a dossier that nobody had seen before. */
export function discoveredEvent(name: DossierName, dossier: Dossier): NewEvent {
  const data = { numeroInterne: name.numeroInterne, etat: dossier.cerfa.etat };
  return { type: 'dossier.discovered', opcoId: name.opcoId, subject: subjectOf(name), data };
}

/** The event of a dossier that the OPCO has no longer. */
export function deletedEvent(name: DossierName, before: KnownState): NewEvent {
  const data = { numeroInterne: name.numeroInterne, etat: before.etat };
  return { type: 'dossier.deleted', opcoId: name.opcoId, subject: subjectOf(name), data };
}

/** The event of an invoice that is in another state; `before` is null when it was not known. */
export function factureEvent(opcoId: string, facture: EtatFacture, before: string | null): NewEvent {
  const { numeroInterneFacture, referenceFactureCFA, etatFacture } = facture;
  const [dossier, ...others] = new Set((facture.dossiers ?? []).map((each) => each.numeroInterneDossier));
  const readable = referenceFactureCFA && referenceFactureCFA.length <= mostNumero;
  const data = {
    numero: readable ? referenceFactureCFA : numeroInterneFacture,
    numeroInterneFacture,
    ...{ before, after: etatFacture },
    ...(dossier && others.length === 0 && { numeroInterne: dossier }),
  };
  return { type: 'facture.etat_changed', opcoId, subject: `facture:${opcoId}:${numeroInterneFacture}`, data };
}

/** The event of absences that are too many to be believed. */
export function massDeletionEvent(
  opcoId: string,
  figures: { readonly missing: number; readonly known: number },
): NewEvent {
  const data = { kind: 'mass_deletion', opcoId: opcoId as OpcoId, ...figures };
  return { type: 'incident.raised', opcoId, subject: `polling:${opcoId}`, data };
}
