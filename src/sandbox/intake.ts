import { createHash } from 'node:crypto';

/** A deposit that the OPCO refuses: code and text of its own. */
export interface IntakeFault {
  readonly code: string;
  readonly text: string;
}

type Part = Readonly<Record<string, unknown>>;

const isPart = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value);
const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})$/;
const parts = ['employeur', 'apprenti', 'maitre1', 'formation', 'contrat', 'organismeFormation'] as const;
const dates = [
  ['apprenti', 'dateNaissance'],
  ['contrat', 'dateConclusion'],
  ['contrat', 'dateDebutContrat'],
  ['contrat', 'dateFinContrat'],
  ['formation', 'dateDebutFormation'],
] as const;

/** Reads a JSON deposit as an OPCO does: mandatory parts, SIRET, dates with time and zone. Not our contract, on purpose. */
export function readCerfa(body: Buffer | undefined): { readonly cerfa: Part } | IntakeFault {
  const parsed = parse(body?.toString('utf8') ?? '');
  const cerfa = isPart(parsed) ? parsed['cerfa'] : undefined;
  if (!isPart(cerfa)) return { code: 'BODY', text: 'Corps JSON {"cerfa": {...}} attendu.' };
  const missing = parts.find((name) => !isPart(cerfa[name]));
  if (missing) return { code: 'MANQUANT', text: `Le bloc ${missing} est obligatoire.` };
  if (!/^[0-9]{14}$/.test(String((cerfa['employeur'] as Part)['siret'])))
    return { code: 'SIRET', text: "Le SIRET de l'employeur est invalide." };
  const undated = dates.find(([part, name]) => !zoned.test(String((cerfa[part] as Part)[name])));
  if (undated) return { code: 'DATE', text: `${undated.join('.')} : date avec heure et fuseau attendue.` };
  return { cerfa };
}

/** A document as it came in: the file by its digest only. */
export interface ReadDocument {
  readonly infos: {
    readonly typeFichier: string;
    readonly objets: readonly { readonly typeObjet: string; readonly idObjet: string }[];
  };
  readonly fichier: string;
  readonly octets: number;
}

const fileTypes = new Set([
  'CONVENTION_FORMATION',
  'CONVENTION_REDUCTION_DUREE',
  'CONVENTION_MOBILITE',
  'FACTURE',
  'CERTIFICAT_REALISATION',
  'CERFA',
]);
const objectTypes = new Set(['DOSSIER_APPRENTISSAGE', 'FACTURE']);

/** Reads a multipart deposit: exactly `infosFichier` (JSON) and `fichier`. */
export async function readDocument(body: Buffer | undefined, contentType: string): Promise<ReadDocument | IntakeFault> {
  const form = await readForm(body, contentType);
  if (form === undefined) return { code: 'MULTIPART', text: 'Corps multipart/form-data attendu.' };
  const names = [...form.keys()].sort().join(',');
  if (names !== 'fichier,infosFichier')
    return { code: 'PARTIES', text: 'Les parties infosFichier et fichier sont attendues.' };
  const infos = await readInfos(form.get('infosFichier'));
  if (infos === undefined)
    return { code: 'INFOS', text: 'infosFichier : typeFichier et objets en codes de la norme attendus.' };
  const file = form.get('fichier');
  if (file === null || typeof file === 'string' || file.size === 0)
    return { code: 'FICHIER', text: 'fichier : un fichier non vide est attendu.' };
  const fichier = createHash('sha256')
    .update(Buffer.from(await file.arrayBuffer()))
    .digest('hex');
  return { infos, fichier, octets: file.size };
}

async function readForm(body: Buffer | undefined, contentType: string) {
  try {
    return await new Response(new Uint8Array(body ?? []), { headers: { 'content-type': contentType } }).formData();
  } catch {
    return undefined;
  }
}

async function readInfos(part: Awaited<ReturnType<FormData['get']>>): Promise<ReadDocument['infos'] | undefined> {
  if (part === null) return undefined;
  const infos = parse(typeof part === 'string' ? part : await part.text());
  if (!isPart(infos) || !fileTypes.has(String(infos['typeFichier'])) || !Array.isArray(infos['objets']))
    return undefined;
  const objets: unknown[] = infos['objets'];
  const known = objets.every(
    (each) => isPart(each) && objectTypes.has(String(each['typeObjet'])) && typeof each['idObjet'] === 'string',
  );
  return objets.length > 0 && known ? (infos as ReadDocument['infos']) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
