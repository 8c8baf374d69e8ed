import { dossierAnswer } from './answers.js';
import type { SandboxCfa } from './cfa.js';
import type { Dialect, RouteName } from './dialects.js';
import { readCerfa, readDocument } from './intake.js';
import type { Effect } from './ledger.js';
import type { World } from './world.js';

/** What an OPCO decides about one request. */
export interface Decision {
  readonly status: number;
  /** Bytes of JSON, or a value still to be written. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** One word for the ledger. */
  readonly decision: string;
  readonly effect?: Effect;
}

/** A request as the desk needs it: already read, not yet judged. */
export interface Asked {
  readonly dialect: Dialect;
  readonly method: string;
  /** After the slug, such as `/v1/dossiers`. */
  readonly path: string;
  /** Absolute, without query: what a DPoP proof names. */
  readonly url: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
}

/** Which route of the norm a path is, at an OPCO with or without V2. */
export function routeOf(method: string, path: string, pages: boolean): RouteName {
  const [, version, ...rest] = path.split('/');
  if (version !== 'v1' && !(version === 'v2' && pages)) return 'other';
  const name = `${method} ${rest.join('/')}`;
  if (name === 'GET dossiers') return 'dossier';
  if (name === 'GET dossiers/etats') return 'etats';
  if (name === 'POST dossiers') return 'depositDossier';
  if (version === 'v1' && name === 'GET status') return 'status';
  return version === 'v1' && name === 'POST documents' ? 'depositDocument' : 'other';
}

/** The refusal of an OPCO in its own words. */
export function refuse(
  dialect: Dialect,
  route: RouteName,
  [status, code, text]: readonly [number, string, string],
): Decision {
  return { status, body: dialect.error(code, text, route), decision: code.toLowerCase() };
}

/** What the OPCO does behind its gate, for a CFA it knows. */
export async function serveRoute(world: World, asked: Asked, route: RouteName, cfa: SandboxCfa): Promise<Decision> {
  const { dialect } = asked;
  switch (route) {
    case 'status':
      return ok({
        status: 'healthy',
        supportedVersions: dialect.versions,
        uptime: Math.floor(world.clock.elapsed() / 1000),
      });
    case 'etats':
      return etats(world, asked, cfa);
    case 'dossier':
      return dossier(world, asked, cfa);
    case 'depositDossier':
      return depositDossier(world, asked, cfa);
    case 'depositDocument':
      return depositDocument(world, asked, cfa);
    default:
      return refuse(dialect, route, [404, 'ROUTE', 'Route inconnue.']);
  }
}

const ok = (body: unknown, effect?: Effect): Decision => ({
  status: 200,
  body,
  decision: 'ok',
  ...(effect && { effect }),
});

function etats(world: World, { dialect, path, query }: Asked, cfa: SandboxCfa): Decision {
  const now = world.virtual.now();
  if (path.startsWith('/v1/')) return ok(cfa.etatsWhole(now));
  const page = Number(query['numeroPage'] ?? 1);
  if (!Number.isInteger(page) || page < 1) return refuse(dialect, 'etats', [400, 'PAGE', 'numeroPage commence à 1.']);
  return ok(cfa.etatsPage(page, now));
}

function dossier(world: World, { dialect, query }: Asked, cfa: SandboxCfa): Decision {
  const numero = query['numeroInterne'];
  const found = typeof numero === 'string' ? cfa.dossiers.get(numero) : undefined;
  if (!found)
    return refuse(dialect, 'dossier', [dialect.unknownNumberStatus, 'INCONNU', 'Aucun dossier ne porte ce numéro.']);
  return ok(dossierAnswer(found, cfa, world.seed, world.virtual.now()));
}

function depositDossier(world: World, { dialect, body }: Asked, cfa: SandboxCfa): Decision {
  const read = readCerfa(body);
  if ('code' in read) return refuse(dialect, 'depositDossier', [400, read.code, read.text]);
  const { numeroInterne, numeroExterne, numeroDeca } = world.admit(cfa, read.cerfa);
  const numbers = { numeroInterne: dialect.dirty ? Number(numeroInterne) : numeroInterne, numeroExterne, numeroDeca };
  return ok(numbers, { type: 'dossier', numeroInterne });
}

async function depositDocument(world: World, { dialect, body, headers }: Asked, cfa: SandboxCfa): Promise<Decision> {
  const read = await readDocument(body, String(headers['content-type'] ?? ''));
  if ('code' in read) return refuse(dialect, 'depositDocument', [400, read.code, read.text]);
  const stray = read.infos.objets.find(
    ({ typeObjet, idObjet }) => typeObjet === 'DOSSIER_APPRENTISSAGE' && !cfa.dossiers.has(idObjet),
  );
  if (stray) return refuse(dialect, 'depositDocument', [400, 'OBJET', 'Objet inconnu.']);
  const numeroInterneDocument = `DOC${world.nextRank(`${dialect.id} documents`)}`;
  cfa.documents.push({ numeroInterneDocument, fichier: read.fichier, octets: read.octets, infos: read.infos });
  return ok({ numeroInterneDocument }, { type: 'document', numeroInterneDocument, fichier: read.fichier });
}
