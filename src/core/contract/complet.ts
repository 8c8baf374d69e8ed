import Type, { type Static } from 'typebox';
import type { FileFacts } from '../deposit-file.js';
import type { FileCount } from '../endpoint.js';
import type { Finding } from '../errors.js';
import { exampleCerfa } from './cerfa-example.js';
import { judgeCerfa } from './cerfa-rules.js';
import { warnCerfa } from './cerfa-warnings.js';
import { conventionFields, exampleConvention, judgeConvention, warnConvention } from './convention.js';
import { Objet, typeFichier } from './document.js';
import { DossierDeposit } from './dossier.js';
import { emptyPdf, fichiers } from './files.js';
import { when } from './findings.js';
import { strict, text } from './scalars.js';

const fichier = () => text(120, 'Nom du fichier dans `_files`, ou de la partie du formulaire');

/** The convention of a composite deposit: its dossier has no number yet. */
export const ConventionComplete = Type.Object(
  { ...conventionFields, fichier: fichier() },
  {
    ...strict,
    $id: 'ConventionComplete',
    description: 'Convention du dossier déposé ; son numéro est posé par Opcovia',
  },
);
export type ConventionComplete = Static<typeof ConventionComplete>;

/** A document of a composite deposit: about the new dossier unless it says otherwise. */
export const DocumentComplet = Type.Object(
  {
    typeFichier: typeFichier(),
    objets: Type.Optional(
      Type.Array(Objet, { minItems: 1, maxItems: 100, description: 'Absent : lié au dossier déposé' }),
    ),
    fichier: fichier(),
  },
  { ...strict, $id: 'DocumentComplet', description: 'Document joint au dossier déposé' },
);
export type DocumentComplet = Static<typeof DocumentComplet>;

const mostDocuments = 20;

const fields = {
  dossier: DossierDeposit,
  convention: Type.Optional(ConventionComplete),
  documents: Type.Optional(
    Type.Array(DocumentComplet, { minItems: 1, maxItems: mostDocuments, description: 'Déposés dans cet ordre' }),
  ),
};

/** A composite deposit without its files, as it travels beside them. */
export const CompletFields = Type.Object(fields, { ...strict, $id: 'CompletFields' });
export type CompletFields = Static<typeof CompletFields>;

/** Body of `POST /:opcoId/dossiers/complet`: dossier, then convention, then documents, in one job with steps. */
export const DossierComplet = Type.Object(
  { ...fields, _files: Type.Optional(fichiers(mostDocuments + 1)) },
  {
    ...strict,
    $id: 'DossierComplet',
    description: 'Dépôt complet : dossier, convention, documents ; chaque partie nomme son fichier',
  },
);
export type DossierComplet = Static<typeof DossierComplet>;

/** How many files a composite deposit carries. */
export const filesOfComplet: FileCount = { least: 0, most: mostDocuments + 1 };

const under = (prefix: string, findings: readonly Finding[]): readonly Finding[] =>
  findings.map((finding) => ({ ...finding, pointer: `${prefix}${finding.pointer}` }));

/** The rules of its parts, with pointers from the root of the composite body; each file has one place, each place its file. */
export function judgeComplet(body: CompletFields, files: readonly FileFacts[]): readonly Finding[] {
  const { dossier, convention } = body;
  return [
    ...judgePlaces(placesOf(body), files),
    ...under('/dossier', judgeCerfa(dossier.cerfa)),
    ...(convention ? under('/convention', judgeConvention(convention)) : []),
  ];
}

type Place = readonly [pointer: string, name: string];

function placesOf({ convention, documents = [] }: CompletFields): readonly Place[] {
  const first: readonly Place[] = convention ? [['/convention/fichier', convention.fichier]] : [];
  return [...first, ...documents.map(({ fichier: name }, index): Place => [`/documents/${index}/fichier`, name])];
}

function judgePlaces(places: readonly Place[], files: readonly FileFacts[]): readonly Finding[] {
  const sent = new Set(files.map(({ name }) => name));
  const named = new Set<string>();
  const wrong = places.flatMap(([pointer, name]) => {
    const twice = named.has(name);
    named.add(name);
    return [
      ...when(!sent.has(name), pointer, 'file_missing', "Aucun fichier de ce nom n'accompagne le dépôt."),
      ...when(twice, pointer, 'file_twice', 'Ce fichier est déjà celui d’une autre partie.'),
    ];
  });
  const unused = files.filter(({ name }) => !named.has(name));
  return [
    ...wrong,
    ...unused.map(() => ({ pointer: '/_files', code: 'file_unused', message: 'Un fichier ne sert à aucune partie.' })),
  ];
}

/** The warnings of its parts, with pointers from the root of the composite body. */
export function warnComplet({ dossier, convention }: CompletFields): readonly Finding[] {
  return [
    ...under('/dossier', warnCerfa(dossier.cerfa)),
    ...(convention ? under('/convention', warnConvention(convention)) : []),
  ];
}

/** A composite deposit that holds. */
export function exampleComplet(): DossierComplet {
  const { numeroInterneDossier: _given, _files, ...convention } = exampleConvention();
  return {
    dossier: { cerfa: exampleCerfa() },
    convention: { ...convention, fichier: 'convention.pdf' },
    documents: [{ typeFichier: 'cerfa', fichier: 'cerfa.pdf' }],
    _files: { 'convention.pdf': emptyPdf, 'cerfa.pdf': emptyPdf },
  };
}
