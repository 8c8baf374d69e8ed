import { typesObjet } from '../core/contract/document.js';
import { foldName } from '../core/fold-name.js';
import type { DepositType } from './deposit-types.js';

/** Who or what a deposit's payload is about, as text: the index by which an erasure finds its data key. */
export function subjectOf(type: DepositType, body: unknown): string {
  if (type === 'dossiers') return apprentiOf(part(part(body, 'cerfa'), 'apprenti'));
  if (type === 'complet') return subjectOf('dossiers', part(body, 'dossier'));
  const objets = part(body, 'objets');
  if (Array.isArray(objets)) return `objets:${objets.map(objetOf).sort().join(',')}`;
  const numero = part(body, 'numeroInterneDossier') ?? part(body, 'numeroInterne');
  return numero === undefined ? `depot:${type}` : `dossier:${text(numero)}`;
}

/** The thirteen characters of the NIR where there is one; else the civil identity, without accents, case or punctuation. */
function apprentiOf(apprenti: unknown): string {
  const nir = text(part(apprenti, 'nir')).slice(0, 13);
  if (nir !== '') return `apprenti:nir:${nir}`;
  const identity = ['nom', 'prenom', 'dateNaissance'].map((name) => foldName(text(part(apprenti, name))));
  return `apprenti:identite:${identity.join('|')}`;
}

function objetOf(objet: unknown): string {
  const type = text(part(objet, 'typeObjet'));
  const words: Readonly<Record<string, string>> = typesObjet;
  return `${Object.hasOwn(words, type) ? words[type] : type}:${text(part(objet, 'idObjet'))}`;
}

function part(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
