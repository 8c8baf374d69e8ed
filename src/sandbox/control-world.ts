import type { opcoIds } from '../core/endpoint.js';
import { ControlFault, demandCfa, demandOpco, type BodyOf } from './control-bodies.js';
import { addDays } from '../core/contract/calendar.js';
import { openValidity, type SandboxCfa, type Validity } from './cfa.js';
import { dialects } from './dialects.js';
import { contratDe, plainEtat, type SandboxDossier } from './dossier.js';
import { etatFacture } from './facture.js';
import { etatsDossier } from './lifecycle.js';
import { dayOf, midnight } from './paris-days.js';
import { settle } from './settlement.js';
import { endOfTime } from './virtual-clock.js';
import { demoSiret, type World } from './world.js';

/** The virtual time, ISO. */
export const isoNow = (world: World) => new Date(world.virtual.now()).toISOString();

/** What `GET /clock` and every move of it answer. */
export const clockOf = (world: World) => ({ virtualTime: isoNow(world), speed: world.virtual.speed });

/** Sets, then speeds, then advances: whatever of the three is asked. */
export function moveClock(world: World, { set, speed, advanceSeconds }: BodyOf<'clock'>) {
  if (set !== undefined) {
    const instant = typeof set === 'number' ? set : Date.parse(set);
    if (!(instant >= 0 && instant <= endOfTime))
      throw new ControlFault('set: an ISO time or epoch milliseconds are expected, from 1970 to 9900');
    world.virtual.set(instant);
  }
  if (speed !== undefined) world.virtual.run(speed);
  if (advanceSeconds !== undefined) world.virtual.advance(advanceSeconds);
  return clockOf(world);
}

/** The first morning again, with the same seed unless another is given. */
export function reset(world: World, { seed }: BodyOf<'reset'>) {
  world.reset(String(seed ?? world.seed));
  return { seed: world.seed };
}

/** Makes a CFA key known; gives the fingerprint by which the ledger names it. */
export function registerCfa(world: World, body: BodyOf<'cfas'>) {
  const dialect = demandOpco(body.opcoId);
  const validity = validityOf(body);
  const { apiKey, siret = demoSiret } = body;
  const since = body.dateDebutActivite;
  if (since !== undefined && Number.isNaN(midnight(since)))
    throw new ControlFault('dateDebutActivite: a day is expected, YYYY-MM-DD');
  const cfa = world.register(dialect, { apiKey, siret, ...(validity && { validity }) });
  if (since !== undefined) cfa.activeSince = since;
  return { opcoId: dialect.id, cfa: cfa.fingerprint };
}

/** Two days of Paris, both inside; a side that is left out is open. */
function validityOf({ dateDebutValidite, dateFinValidite }: BodyOf<'cfas'>): Validity | undefined {
  if (dateDebutValidite === undefined && dateFinValidite === undefined) return undefined;
  const known = (name: string, day: string) => {
    if (Number.isNaN(midnight(day))) throw new ControlFault(`${name}: a day is expected, YYYY-MM-DD`);
    return day;
  };
  return {
    from: dateDebutValidite === undefined ? openValidity.from : midnight(known('dateDebutValidite', dateDebutValidite)),
    until:
      dateFinValidite === undefined
        ? openValidity.until
        : midnight(addDays(known('dateFinValidite', dateFinValidite), 1)) - 1,
  };
}

/** Puts a state over the life of a dossier, for good. */
export function forceEtat(world: World, body: BodyOf<'etat'>) {
  if (!etatsDossier.some((etat) => etat === body.etat)) throw new ControlFault('etat: a state of the norm is expected');
  const cfa = demandCfa(world, body);
  const dossier = cfa.dossiers.get(body.numeroInterne);
  if (!dossier) throw new ControlFault('numeroInterne: no such dossier');
  const today = dayOf(isoNow(world));
  const broken = body.etat === 'RUPTURE' && today !== undefined && { dateRupture: lastDay(dossier, today) };
  dossier.forced = { etat: body.etat, commentaire: body.commentaireEtat ?? '', ...broken };
  cfa.rowsChanged();
  return { numeroInterne: dossier.numeroInterne, etat: body.etat };
}

/** A contract that is over was broken on its last day at the latest. */
function lastDay(dossier: SandboxDossier, today: string): string {
  const { fin } = contratDe(dossier);
  return today < fin ? today : fin;
}

/** Any word is a state: the norm leaves the list open (norm.md 3.6). */
export function forceEtatFacture(world: World, body: BodyOf<'etat-facture'>) {
  const cfa = demandCfa(world, body);
  const facture = cfa.factures.get(body.numeroInterneFacture);
  if (!facture) throw new ControlFault('numeroInterneFacture: no such invoice');
  facture.forced = { etat: body.etatFacture, commentaire: body.commentaireEtat ?? '' };
  settle(world, cfa, facture);
  return { numeroInterneFacture: facture.numeroInterneFacture, etatFacture: facture.forced.etat };
}

/** The routes of an OPCO, and whether each is served now. */
export function capabilitiesOf(world: World, opcoId: (typeof opcoIds)[number]) {
  const dialect = dialects[opcoId];
  return [...dialect.routes].map(([route, known]) => ({
    route,
    capability: known.name,
    dormant: known.dormant,
    served: world.enabled.serves(dialect, known),
  }));
}

/** Turns a dormant route on or off again. */
export function setCapability(world: World, { opcoId, capability, enabled }: BodyOf<'capabilities'>) {
  const dialect = demandOpco(opcoId);
  if (!world.enabled.set(dialect, capability, enabled !== false))
    throw new ControlFault('capability: this OPCO has no route of that name');
  return { opcoId: dialect.id, routes: capabilitiesOf(world, dialect.id) };
}

/** What an OPCO holds of one CFA, named by its fingerprint: numbers, states and digests, nobody's name. */
export function holdings(world: World, { opcoId, cfa: fingerprint }: Readonly<Record<string, string>>) {
  const cfa: SandboxCfa | undefined = world.cfaOf(opcoId ?? '', fingerprint ?? '');
  if (!cfa) throw new ControlFault('opcoId, cfa: no such CFA; POST /_sandbox/cfas gives its fingerprint');
  const now = world.virtual.now();
  return {
    dossiers: [...cfa.dossiers.values()].map((dossier) => ({
      numeroInterne: dossier.numeroInterne,
      numeroExterne: dossier.numeroExterne,
      etat: plainEtat(dossier, now),
    })),
    factures: [...cfa.factures.values()].map((facture) => ({
      numeroInterneFacture: facture.numeroInterneFacture,
      reference: facture.reference,
      montant: facture.cents / 100,
      etatFacture: etatFacture(facture, now),
      fichier: facture.file.fichier,
    })),
    documents: cfa.documents,
  };
}
