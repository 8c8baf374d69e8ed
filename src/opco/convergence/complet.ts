import Type from 'typebox';
import {
  CompletFields,
  filesOfComplet,
  judgeComplet,
  warnComplet,
  type ConventionComplete,
  type DocumentComplet,
} from '../../core/contract/complet.js';
import type { Composite, CompositeStep, Endpoint } from '../../core/endpoint.js';
import { dossierKey } from './look-ups.js';

const dossier: CompositeStep = { endpoint: 'depositDossier', type: 'dossiers', label: 'Dépôt du dossier' };

/** Dossier first, since the others need its number; then the convention, then the documents in their order. */
const composite: Composite = {
  steps: (body) => {
    const { convention, documents = [] } = body as CompletFields;
    return [dossier, ...(convention ? [conventionStep(convention)] : []), ...documents.map(documentStep)];
  },
  bodyOf: (body, step, numeroInterne) => {
    const { dossier: first, convention, documents = [] } = body as CompletFields;
    if (step === 0) return first;
    if (convention && step === 1) {
      const { fichier: _, ...fields } = convention;
      return { ...fields, numeroInterneDossier: numeroInterne };
    }
    const document = documents[step - (convention ? 2 : 1)];
    if (!document) throw new Error('A composite deposit has no such step');
    return bodyOfDocument(document, numeroInterne);
  },
};

function conventionStep({ fichier }: ConventionComplete): CompositeStep {
  return { endpoint: 'depositConvention', type: 'conventions', label: 'Dépôt de la convention', file: fichier };
}

function documentStep({ fichier }: DocumentComplet, index: number): CompositeStep {
  return { endpoint: 'depositDocument', type: 'documents', label: `Dépôt du document ${index + 1}`, file: fichier };
}

function bodyOfDocument({ typeFichier, objets }: DocumentComplet, numeroInterne: string): unknown {
  return { typeFichier, objets: objets ?? [{ typeObjet: 'dossier', idObjet: numeroInterne }] };
}

/** The composite deposit as a whole: judged under HTTP, never sent itself. One at a time per contract, as its dossier is. */
export const complet: Endpoint = {
  kind: 'deposit',
  name: 'depositDossier',
  path: '/dossiers/complet',
  query: Type.Object({}, { additionalProperties: false }),
  body: CompletFields,
  files: filesOfComplet,
  answer: Type.Unknown(),
  composite,
  judge: ({ body, files = [] }) => judgeComplet(body as CompletFields, files),
  warn: ({ body }) => warnComplet(body as CompletFields),
  naturalKey: ({ body, ...question }) => dossierKey({ ...question, body: (body as CompletFields).dossier }),
  toRequest: () => {
    throw new Error('A composite deposit is sent step by step');
  },
  toAnswer: ({ body }) => body,
};
