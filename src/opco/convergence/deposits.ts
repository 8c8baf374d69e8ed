import Type from 'typebox';
import { judgeCerfa } from '../../core/contract/cerfa-rules.js';
import { DepositDocumentResult, DocumentDeposit, typesFichier, typesObjet } from '../../core/contract/document.js';
import { DepositDossierResult, DossierDeposit } from '../../core/contract/dossier.js';
import type { DepositFile, Endpoint } from '../../core/endpoint.js';
import { fileTypeOf, judgeFiles } from './file-type.js';
import { fromUpstream, isLoose, toUpstream, withoutNulls, type Loose, type Offset } from './words.js';

const noQuery = Type.Object({}, { additionalProperties: false });

/** The numbers an OPCO gave, as text; other members of its answer are left out. */
function numbersOf(body: unknown, names: readonly string[]): unknown {
  if (!isLoose(body)) return body;
  const read = fromUpstream(body) as Loose;
  return withoutNulls(Object.fromEntries(names.map((name) => [name, read[name]])));
}

/** `POST {version}/dossiers`: JSON `{cerfa}`; `etat` is TRANSMIS on sending, as the norm wants it. */
export function depositDossier({
  version,
  offset,
}: {
  readonly version: 'v1' | 'v2';
  readonly offset: Offset;
}): Endpoint {
  return {
    name: 'depositDossier',
    kind: 'deposit',
    path: '/dossiers',
    query: noQuery,
    body: DossierDeposit,
    answer: DepositDossierResult,
    judge: ({ body }) => judgeCerfa((body as DossierDeposit).cerfa),
    toRequest: ({ body }) => {
      const { cerfa } = body as DossierDeposit;
      const value = { cerfa: toUpstream({ ...cerfa, etat: 'TRANSMIS' }, offset) };
      return { method: 'POST', segments: [version, 'dossiers'], query: {}, body: { kind: 'json', value } };
    },
    toAnswer: ({ body }) => numbersOf(body, ['numeroInterne', 'numeroExterne', 'numeroDeca']),
  };
}

const code = (word: string, words: Readonly<Record<string, string>>) =>
  Object.hasOwn(words, word) ? words[word] : word;

/** `POST v1/documents`: multipart `infosFichier` + `fichier`; the norm has it in V1 only. */
export const depositDocument: Endpoint = {
  name: 'depositDocument',
  kind: 'deposit',
  path: '/documents',
  query: noQuery,
  body: DocumentDeposit,
  answer: DepositDocumentResult,
  judge: ({ body }) => judgeFiles((body as DocumentDeposit)._files),
  toRequest: ({ body }) => {
    const { typeFichier, objets, _files } = body as DocumentDeposit;
    const value = {
      typeFichier: code(typeFichier, typesFichier),
      objets: objets.map(({ typeObjet, idObjet }) => ({ typeObjet: code(typeObjet, typesObjet), idObjet })),
    };
    return {
      method: 'POST',
      segments: ['v1', 'documents'],
      query: {},
      body: { kind: 'multipart', json: { part: 'infosFichier', value }, file: { part: 'fichier', ...fileOf(_files) } },
    };
  },
  toAnswer: ({ body }) => numbersOf(body, ['numeroInterneDocument']),
};

/** The one file, named with the extension of what it really is. */
function fileOf(files: Readonly<Record<string, string>>): DepositFile {
  const [[name, base64] = ['document', '']] = Object.entries(files);
  const content = Buffer.from(base64, 'base64');
  const type = fileTypeOf(content) ?? { mediaType: 'application/octet-stream', extension: 'bin' };
  const named = /\.[A-Za-z0-9]{2,4}$/.test(name) ? name : `${name}.${type.extension}`;
  return { name: named, mediaType: type.mediaType, content };
}
