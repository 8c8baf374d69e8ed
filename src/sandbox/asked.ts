import type { SandboxCfa } from './cfa.js';
import type { Dialect, RouteName } from './dialect.js';
import type { Effect } from './ledger.js';
import type { NormRoute } from './norm-routes.js';
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
  /** What makes two deposits the same one; comes with the effect. */
  readonly key?: string;
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

/** What a route of an OPCO gets: the request, who asks, and which of the two versions was asked. */
export interface Served {
  readonly world: World;
  readonly asked: Asked;
  readonly cfa: SandboxCfa;
  readonly route: NormRoute;
}

/** What a route answers when it does not refuse; the effect is there already. */
export interface Done {
  readonly body: unknown;
  readonly effect?: Effect;
  /** What makes two deposits the same one, as text; only its fingerprint is written down. */
  readonly key?: string;
}

/** The route that a request is for; undefined where the OPCO has none. */
export function routeOf({ dialect, method, path }: Asked): NormRoute | undefined {
  return dialect.routes.get(`${method} ${path}`);
}

/** The refusal of an OPCO in its own words. */
export function refuse(
  dialect: Dialect,
  route: RouteName,
  [status, code, text]: readonly [number, string, string],
): Decision {
  return { status, body: dialect.error({ status, code, text, route }), decision: code.toLowerCase() };
}
