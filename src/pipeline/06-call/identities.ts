import type { OpcoId } from '../../core/endpoint.js';
import type { Environment, Tenant } from '../../core/tenant.js';

/** The secrets of a call; failures of its own (`OpcoviaError`) end the call before anything is sent. */
export interface Credentials {
  /** The CFA's key at that OPCO. */
  cfaKey(tenant: Tenant, opcoId: OpcoId): Promise<string>;
  /** The OAuth2 client of the operator's software at that OPCO. */
  software(
    opcoId: OpcoId,
    environment: Environment,
  ): Promise<{ readonly clientId: string; readonly clientSecret: string }>;
}

/** Where an OPCO is reached; from configuration, never from a caller. */
export interface Upstream {
  /** Whose host this is: no tenant of the other environment is ever sent there. */
  readonly environment: Environment;
  readonly baseUrl: URL;
  readonly tokenUrl: URL;
  /** The scope to ask for in place of the adapter's, where the operator was given another. */
  readonly scope?: string;
}

/** The configured hosts, apart for test and live: undefined where none is configured. */
export interface Upstreams {
  locate(opcoId: OpcoId, environment: Environment): Upstream | undefined;
}

/** What the norm demands to know of the calling software (`EDITEUR`, `LOGICIEL`, `VERSION`). */
export interface SoftwareIdentity {
  readonly editeur: string;
  readonly logiciel: string;
  readonly version: string;
}
