import Type, { type TSchema } from 'typebox';
import { judgeCerfa } from '../../core/contract/cerfa-rules.js';
import { warnCerfa } from '../../core/contract/cerfa-warnings.js';
import {
  CertificatFields,
  DepositCertificatResult,
  judgeCertificat,
  warnCertificat,
} from '../../core/contract/certificat.js';
import {
  ConventionFields,
  DepositConventionResult,
  judgeConvention,
  warnConvention,
} from '../../core/contract/convention.js';
import { DepositDocumentResult, DocumentFields, typesFichier, typesObjet } from '../../core/contract/document.js';
import { DepositDossierResult, DossierDeposit } from '../../core/contract/dossier.js';
import {
  codificationsEcheance,
  DepositFactureResult,
  FactureFields,
  judgeFacture,
  warnFacture,
} from '../../core/contract/facture.js';
import { DepositRuptureResult, RuptureDeposit } from '../../core/contract/rupture.js';
import type { Endpoint, EndpointName, UpstreamResponse } from '../../core/endpoint.js';
import type { Finding } from '../../core/errors.js';
import { fichierPart, unusualFiles } from './files.js';
import { dossierKey, dossierLookUp, factureKey, factureLookUp } from './look-ups.js';
import { fromUpstream, isLoose, toUpstream, withoutNulls, type Loose, type Offset } from './words.js';

const noQuery = Type.Object({}, { additionalProperties: false });
const deposit = { kind: 'deposit', query: noQuery } as const;

/** The numbers an OPCO gave, as text; other members of its answer are left out. */
function numbersOf({ body }: UpstreamResponse, names: readonly string[]): unknown {
  if (!isLoose(body)) return body;
  const read = fromUpstream(body) as Loose;
  return withoutNulls(Object.fromEntries(names.map((name) => [name, read[name]])));
}

/** `POST {version}/dossiers`: JSON `{cerfa}`; `etat` is TRANSMIS on sending, as the norm wants it. */
export function depositDossier(version: 'v1' | 'v2', offset: Offset): Endpoint {
  return {
    ...deposit,
    name: 'depositDossier',
    path: '/dossiers',
    body: DossierDeposit,
    answer: DepositDossierResult,
    judge: ({ body }) => judgeCerfa((body as DossierDeposit).cerfa),
    warn: ({ body }) => warnCerfa((body as DossierDeposit).cerfa),
    naturalKey: dossierKey,
    lookUp: dossierLookUp,
    toRequest: ({ body }) => {
      const { cerfa } = body as DossierDeposit;
      const value = { cerfa: toUpstream({ ...cerfa, etat: 'TRANSMIS' }, offset) };
      return { method: 'POST', segments: [version, 'dossiers'], query: {}, body: { kind: 'json', value } };
    },
    toAnswer: (response) => numbersOf(response, ['numeroInterne', 'numeroExterne', 'numeroDeca']),
  };
}

/** `POST v2/dossiers/rupture/employeur`: JSON. The norm has it in V2 only and shows no body (`contract/rupture.ts`). */
export function depositRupture(offset: Offset): Endpoint {
  return {
    ...deposit,
    name: 'depositRupture',
    path: '/dossiers/rupture',
    body: RuptureDeposit,
    answer: DepositRuptureResult,
    toRequest: ({ body }) => ({
      method: 'POST',
      segments: ['v2', 'dossiers', 'rupture', 'employeur'],
      query: {},
      body: { kind: 'json', value: toUpstream(body, offset) },
    }),
    toAnswer: (response) => numbersOf(response, ['numeroInterne', 'etat']),
  };
}

/** A deposit of JSON fields and one file: what differs from one to the next. */
interface FormDeposit<Fields> {
  readonly name: EndpointName;
  readonly path: string;
  readonly segments: readonly string[];
  /** Name of the part that carries the JSON. */
  readonly part: string;
  readonly body: TSchema;
  readonly answer: TSchema;
  readonly judge?: (fields: Fields) => readonly Finding[];
  readonly warn?: (fields: Fields) => readonly Finding[];
  /** Extensions that the norm names for the file, where it names fewer than it takes. */
  readonly usualFiles?: readonly string[];
  readonly toValue: (fields: Fields) => unknown;
  readonly toAnswer: (response: UpstreamResponse) => unknown;
}

/** The shell of `multipart/form-data`: the JSON part under its name, then the part `fichier`. */
function formDeposit<Fields>({ toValue, toAnswer, ...form }: FormDeposit<Fields>): Endpoint {
  const { name, path, segments, part, body: schema, answer, usualFiles } = form;
  return {
    ...deposit,
    ...{ name, path, answer, body: schema, files: { least: 1, most: 1 } },
    judge: ({ body }) => form.judge?.(body as Fields) ?? [],
    warn: ({ body, files }) => [
      ...(form.warn?.(body as Fields) ?? []),
      ...(usualFiles ? unusualFiles(files, usualFiles) : []),
    ],
    toRequest: ({ body, files }) => ({
      method: 'POST',
      segments,
      query: {},
      body: { kind: 'multipart', json: { part, value: toValue(body as Fields) }, ...fichierPart(files) },
    }),
    toAnswer,
  };
}

/** `POST v1/conventions`: `convention` + `fichier`; one key is accented there (`words.ts`). */
export function depositConvention(offset: Offset): Endpoint {
  return formDeposit<ConventionFields>({
    name: 'depositConvention',
    path: '/conventions',
    segments: ['v1', 'conventions'],
    part: 'convention',
    body: ConventionFields,
    answer: DepositConventionResult,
    judge: judgeConvention,
    warn: warnConvention,
    usualFiles: ['pdf', 'jpg', 'png'],
    toValue: (fields) => toUpstream(fields, offset),
    toAnswer: (response) => numbersOf(response, ['numeroInterneConvention', 'numeroInterneDocument']),
  });
}

const code = (word: string, words: Readonly<Record<string, string>>) =>
  Object.hasOwn(words, word) ? words[word] : word;

/** How one OPCO takes invoices: the spelling of its path, and whether `factures/etats` can find a lost one again. */
export interface FactureDialect {
  readonly offset: Offset;
  readonly segment: 'factures' | 'Factures';
  readonly found: boolean;
}

/** `POST v1/factures`: `facture` + `fichier`; the balance is 99, `numeroDossier` is a numeroExterne here as there. */
export function depositFacture({ offset, segment, found }: FactureDialect): Endpoint {
  const endpoint = formDeposit<FactureFields>({
    name: 'depositFacture',
    path: '/factures',
    segments: ['v1', segment],
    part: 'facture',
    body: FactureFields,
    answer: DepositFactureResult,
    judge: judgeFacture,
    warn: warnFacture,
    usualFiles: ['pdf'],
    toValue: (fields) => toUpstream({ ...fields, lignes: fields.lignes.map(ligneUpstream) }, offset),
    toAnswer: (response) => numbersOf(response, ['numeroInterneFacture', 'numeroInterneDocument']),
  });
  return found ? { ...endpoint, naturalKey: factureKey, lookUp: factureLookUp } : endpoint;
}

function ligneUpstream(ligne: FactureFields['lignes'][number]): unknown {
  const { codificationEcheance } = ligne;
  return codificationEcheance
    ? { ...ligne, codificationEcheance: code(codificationEcheance, codificationsEcheance) }
    : ligne;
}

const toDocuments = { segments: ['v1', 'documents'], part: 'infosFichier' } as const;

/** `POST v1/documents`: `infosFichier` + `fichier`; the norm has it in V1 only, and spells its codes in capitals. */
export const depositDocument: Endpoint = formDeposit<DocumentFields>({
  name: 'depositDocument',
  path: '/documents',
  ...toDocuments,
  body: DocumentFields,
  answer: DepositDocumentResult,
  toValue: ({ typeFichier, objets }) => ({
    typeFichier: code(typeFichier, typesFichier),
    objets: objets.map(({ typeObjet, idObjet }) => ({ typeObjet: code(typeObjet, typesObjet), idObjet })),
  }),
  toAnswer: (response) => numbersOf(response, ['numeroInterneDocument']),
});

const certificat = {
  name: 'depositCertificat',
  path: '/certificats',
  body: CertificatFields,
  answer: DepositCertificatResult,
  judge: judgeCertificat,
  warn: warnCertificat,
} as const;

function viaAnswer(via: DepositCertificatResult['via'], numbers: unknown): unknown {
  return isLoose(numbers) ? { via, ...numbers } : numbers;
}

/** `POST v2/certificats`: `certificat` + `fichier`, both names inferred from the norm's other deposits. */
export function depositCertificat(offset: Offset): Endpoint {
  return formDeposit<CertificatFields>({
    ...certificat,
    segments: ['v2', 'certificats'],
    part: 'certificat',
    toValue: (fields) => toUpstream(fields, offset),
    toAnswer: (response) =>
      viaAnswer('certificats', numbersOf(response, ['numeroInterneCertificat', 'numeroInterneDocument'])),
  });
}

/** A certificate where its own route is missing: its file goes as a document of the dossier, and the result says so. */
export const depositCertificatAsDocument: Endpoint = formDeposit<CertificatFields>({
  ...certificat,
  ...toDocuments,
  toValue: ({ numeroInterneDossier, numeroInterneFacture }) => ({
    typeFichier: typesFichier.certificat,
    objets: [
      { typeObjet: typesObjet.dossier, idObjet: numeroInterneDossier },
      ...(numeroInterneFacture ? [{ typeObjet: typesObjet.facture, idObjet: String(numeroInterneFacture) }] : []),
    ],
  }),
  toAnswer: (response) => viaAnswer('documents', numbersOf(response, ['numeroInterneDocument'])),
});
