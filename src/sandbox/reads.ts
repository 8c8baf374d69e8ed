import { dossierAnswer } from './answers.js';
import type { SandboxCfa } from './cfa.js';
import { demand, Refused } from './demand.js';
import type { SandboxDossier } from './dossier.js';
import type { Done, Served } from './asked.js';
import { dayOf } from './paris-days.js';

/** `GET v1/status`. */
export function status({ world, asked }: Served): Done {
  return {
    body: {
      status: 'healthy',
      supportedVersions: asked.dialect.versions,
      uptime: Math.floor(world.clock.elapsed() / 1000),
    },
  };
}

/** The dossier of a number, or the OPCO's own way of not knowing it. */
export function dossierOf(cfa: SandboxCfa, numero: unknown): SandboxDossier {
  const found = typeof numero === 'string' ? cfa.dossiers.get(numero) : undefined;
  if (found) return found;
  throw new Refused('INCONNU', 'Aucun dossier ne porte ce numéro.', cfa.dialect.unknownNumberStatus);
}

/** `GET dossiers?numeroInterne=`. */
export function dossier({ world, asked, cfa, route }: Served): Done {
  return { body: dossierAnswer(world, cfa, dossierOf(cfa, asked.query['numeroInterne']), route.version) };
}

/** `GET v1/dossiers/liste?numerosInternes=1,2`: those that it knows, in the order asked. */
export function liste({ world, asked, cfa, route }: Served): Done {
  const numeros = [asked.query['numerosInternes'] ?? []].flat().flatMap((value) => String(value).split(','));
  demand(numeros.length > 0 && numeros.every((numero) => numero.trim() !== ''), [
    'NUMEROS',
    'numerosInternes est obligatoire.',
  ]);
  const found = numeros.map((numero) => cfa.dossiers.get(numero.trim())).filter((each) => each !== undefined);
  return { body: found.map((each) => dossierAnswer(world, cfa, each, route.version)) };
}

function pageOf({ asked: { query } }: Served): number {
  const page = Number(query['numeroPage'] ?? 1);
  demand(Number.isInteger(page) && page >= 1, ['PAGE', 'numeroPage commence à 1.']);
  return page;
}

/** `GET dossiers/etats`: all in V1, a page in V2. */
export function etats(served: Served): Done {
  const { world, cfa, route } = served;
  const now = world.virtual.now();
  return { body: route.version === 'v1' ? cfa.etatsWhole(now) : cfa.etatsPage(pageOf(served), now) };
}

/** `GET v2/factures/etats`. */
export function facturesEtats(served: Served): Done {
  return { body: served.cfa.facturesPage(pageOf(served), served.world.virtual.now()) };
}

/** `GET v2/cfakeyinfo?siren=&XAPIKEY=`: the key that is asked about, which need not be the one that asks. */
export function cfakeyinfo({ world, asked: { dialect, query } }: Served): Done {
  const { siren, XAPIKEY: apiKey } = query;
  demand(typeof siren === 'string' && /^[0-9]{9,14}$/.test(siren), ['SIREN', 'siren : neuf chiffres au moins.']);
  demand(typeof apiKey === 'string' && apiKey !== '', ['CLE', 'XAPIKEY est obligatoire.']);
  const cfa = world.cfa(dialect.id, apiKey);
  if (cfa === undefined || !cfa.siret.startsWith(siren.slice(0, 9)))
    return { body: { status: 'error', dateFinValidite: null, comment: 'Clé inconnue pour ce SIREN.' } };
  const { from, until } = cfa.validity;
  const now = world.virtual.now();
  const good = from <= now && now <= until;
  return {
    body: {
      status: good ? 'success' : 'error',
      dateFinValidite: dialect.instant(dayOf(new Date(until).toISOString()) ?? ''),
      comment: good ? null : 'Clé hors de sa période de validité.',
    },
  };
}
