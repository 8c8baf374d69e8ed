import { refuse, routeOf, type Asked, type Decision } from './asked.js';
import type { SandboxCfa } from './cfa.js';
import { serveRoute } from './opco-desk.js';
import type { Grant } from './tokens.js';
import type { World } from './world.js';

/** A decision and who asked, as far as the gate found out. */
export interface Judged {
  readonly decision: Decision;
  readonly cfa: SandboxCfa | undefined;
}

const mandatory = ['editeur', 'logiciel', 'version'] as const;

/**
 * What stands before every route of an OPCO, in the order of a real gateway: token (401), quota (429), mandatory
 * headers (400), CFA key (403), then the route itself.
 */
export async function judge(world: World, asked: Asked): Promise<Judged> {
  const { dialect, headers } = asked;
  const route = routeOf(asked);
  const apiKey = headers['x-api-key'];
  const cfa = typeof apiKey === 'string' ? world.cfa(dialect.id, apiKey) : undefined;
  const no = (status: number, code: string, text: string): Judged => ({
    decision: refuse(dialect, route?.name ?? 'other', [status, code, text]),
    cfa,
  });
  const grant = await authenticate(world, asked);
  if (typeof grant === 'string') return { decision: unauthorized(asked, grant), cfa };
  const quota = world.quotas.take(dialect.id, { client: grant.clientId, cfa: cfa?.fingerprint });
  const judged = quota.granted
    ? await behindQuota(world, asked, { cfa, no })
    : no(429, 'QUOTA', 'Limite de requêtes atteinte.');
  return { cfa, decision: { ...judged.decision, headers: { ...judged.decision.headers, ...quota.headers } } };
}

/** The rest of the way: mandatory headers, key, route, validity. */
async function behindQuota(
  world: World,
  asked: Asked,
  {
    cfa,
    no,
  }: { readonly cfa: SandboxCfa | undefined; readonly no: (status: number, code: string, text: string) => Judged },
): Promise<Judged> {
  const { headers } = asked;
  const route = routeOf(asked);
  const missing = mandatory.find((name) => !headers[name]);
  if (missing) return no(400, 'ENTETE', `En-tête ${missing.toUpperCase()} obligatoire.`);
  if (!cfa) return no(403, 'CLE', 'Clé CFA inconnue ou non habilitée.');
  if (!route) return no(404, 'ROUTE', 'Route inconnue.');
  // A key may always ask about itself.
  if (route.name !== 'cfakeyinfo' && !isGood(cfa, world.virtual.now()))
    return no(403, 'CLE', 'Clé CFA hors de sa période de validité.');
  return { decision: await serveRoute({ world, asked, cfa, route }), cfa };
}

const isGood = ({ validity }: SandboxCfa, now: number) => validity.from <= now && now <= validity.until;

/** 401 with the challenge of the OPCO's scheme. */
export function unauthorized(asked: Asked, fault: string): Decision {
  const { dialect } = asked;
  return {
    ...refuse(dialect, routeOf(asked)?.name ?? 'other', [401, 'JETON', fault]),
    headers: { 'www-authenticate': `${dialect.dpop ? 'DPoP' : 'Bearer'} error="invalid_token"` },
  };
}

/** The token that a request presents, whatever its scheme; empty when there is none. */
export function presentedToken({ headers }: Asked): { readonly scheme: string; readonly token: string } {
  const [scheme = '', token = ''] = String(headers['authorization'] ?? '').split(' ');
  return { scheme: scheme.toLowerCase(), token };
}

async function authenticate(world: World, asked: Asked): Promise<Grant | string> {
  const { dialect, method, url, headers } = asked;
  const { scheme, token } = presentedToken(asked);
  if (scheme !== (dialect.dpop ? 'dpop' : 'bearer')) return 'Jeton absent.';
  const grant = world.tokens.find(token, dialect.id);
  if (!grant) return 'Jeton inconnu ou expiré.';
  if (!dialect.dpop) return grant;
  const proof = await world.dpop.verify(headers['dpop'], { method, url, accessToken: token });
  if ('fault' in proof) return `Preuve DPoP refusée : ${proof.fault}`;
  return proof.jkt === grant.jkt ? grant : 'Preuve DPoP d’une autre clé.';
}
