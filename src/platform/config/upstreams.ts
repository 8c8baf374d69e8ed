import { parseUrl } from '../../core/parse-url.js';
import { opcoIds } from '../../core/endpoint.js';
import type { Environment } from '../../core/tenant.js';
import type { Env } from './env.js';
import { entriesOf, jsonOf } from './json-setting.js';

/** Where an OPCO's API and its token server stand. `baseUrl` ends without a slash in its path. */
export interface UpstreamLocation {
  /** Whose tenants may be sent there. */
  readonly environment: Environment;
  readonly baseUrl: URL;
  readonly tokenUrl: URL;
  /** The OAuth2 scope to ask for in place of the adapter's. */
  readonly scope?: string;
}

/**
 * The hosts of the OPCOs per environment. A `test` tenant reaches only the sandbox or a configured recette host, a `live`
 * tenant only a configured live host: the two tables never fall back on each other.
 */
export class Upstreams {
  constructor(private readonly table: ReadonlyMap<string, UpstreamLocation>) {}

  /** Undefined when the operator configured no host for this OPCO in this environment. */
  locate(opcoId: string, environment: Environment): UpstreamLocation | undefined {
    return this.table.get(`${environment}/${opcoId}`);
  }
}

/** Reads OPCOVIA_UPSTREAMS and OPCOVIA_SANDBOX_URL; throws an Error that says what is wrong. */
export function parseUpstreams(env: Env): Upstreams {
  const table = new Map<string, UpstreamLocation>();
  if (env.OPCOVIA_SANDBOX_URL) {
    const sandbox = readUrl(env.OPCOVIA_SANDBOX_URL, 'OPCOVIA_SANDBOX_URL');
    for (const opcoId of opcoIds) {
      table.set(`test/${opcoId}`, {
        environment: 'test',
        baseUrl: new URL(`/${opcoId}`, sandbox),
        tokenUrl: new URL(`/${opcoId}/oauth/token`, sandbox),
      });
    }
  }
  for (const [opcoId, environments] of entriesOf(env.OPCOVIA_UPSTREAMS ? jsonOf(env.OPCOVIA_UPSTREAMS) : {})) {
    if (!(opcoIds as readonly string[]).includes(opcoId)) throw new Error('it names an unknown OPCO');
    for (const [environment, location] of entriesOf(environments)) {
      if (environment !== 'live' && environment !== 'test') throw new Error('environments are "live" and "test"');
      const { baseUrl, tokenUrl, scope } = Object.fromEntries(entriesOf(location));
      table.set(`${environment}/${opcoId}`, {
        environment,
        baseUrl: readUrl(baseUrl, 'baseUrl'),
        tokenUrl: readUrl(tokenUrl, 'tokenUrl'),
        ...(scope !== undefined && { scope: readScope(scope) }),
      });
    }
  }
  assertApart([...table.values()]);
  return new Upstreams(table);
}

/** One address cannot be production and something to try things out on: one of the two was mistyped. */
function assertApart(locations: readonly UpstreamLocation[]): void {
  const addresses = (wanted: UpstreamLocation['environment']) =>
    locations
      .filter(({ environment }) => environment === wanted)
      .flatMap(({ baseUrl, tokenUrl }) => [baseUrl.href, tokenUrl.href]);
  const tested = new Set(addresses('test'));
  if (addresses('live').some((address) => tested.has(address)))
    throw new Error('an address is given both as "live" and as "test"');
}

/** Scopes as RFC 6749 section 3.3 spells them. */
function readScope(value: unknown): string {
  if (typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(value)) return value;
  throw new Error('scope is words with single spaces between');
}

function readUrl(value: unknown, name: string): URL {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`${name} is not an http(s) URL`);
  if (url.username || url.password || url.search || url.hash) throw new Error(`${name} must be a plain URL`);
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}
