import { LRUCache } from 'lru-cache';
import type { AuditTrail } from '../audit/audit-trail.js';
import { fail } from '../core/errors.js';
import type { Environment } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database } from '../platform/database/database.js';
import { placeIn, ringSealed } from './sealed-columns.js';

/** The software's OAuth2 client at one OPCO, in clear: for the token request alone. */
export interface SoftwareClient {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What to store, and who does it. */
export interface NewSoftwareClient extends SoftwareClient {
  readonly opcoId: string;
  readonly environment: Environment;
  readonly actor: string;
}

const rememberedMs = 10_000;
const placeOf = (opcoId: string, environment: Environment) =>
  placeIn(ringSealed.opcoClientSecret, [opcoId, environment], null);

/** The operator's own clients, one per OPCO and environment, sealed by the key ring: they belong to no tenant. */
export class OpcoClientsRepository {
  readonly #remembered = new LRUCache<string, SoftwareClient>({ max: 100, ttl: rememberedMs });
  /** Unreadable secrets that were traced a moment ago: one row a minute each. */
  readonly #traced = new LRUCache<string, true>({ max: 100, ttl: 60_000 });

  constructor(
    private readonly database: Database,
    private readonly ring: KeyRing,
    private readonly audit: AuditTrail,
  ) {}

  /** UPSTREAM_AUTH when the operator stored none, or the stored one does not open. A replaced client is out of use everywhere within ten seconds. */
  async software(opcoId: string, environment: Environment): Promise<SoftwareClient> {
    const name = `${environment}/${opcoId}`;
    const known = this.#remembered.get(name);
    if (known) return known;
    const [row] = await this.database.asSystem((sql) =>
      sql.query<{ client_id: string; sealed_secret: string }>(
        'SELECT client_id, sealed_secret FROM opco_clients WHERE opco_id = $1 AND environment = $2',
        [opcoId, environment],
      ),
    );
    if (!row) throw refused("Le logiciel n'a pas d'identifiants OAuth2", opcoId, environment);
    const clientSecret = await this.#open(row.sealed_secret, opcoId, environment);
    const client = { clientId: row.client_id, clientSecret };
    this.#remembered.set(name, client);
    return client;
  }

  async #open(sealed: string, opcoId: string, environment: Environment): Promise<string> {
    try {
      return this.ring.unseal(sealed, placeOf(opcoId, environment)).toString('utf8');
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      await this.#traceUnreadable(`${opcoId}/${environment}`);
      throw refused("Les identifiants OAuth2 du logiciel ne s'ouvrent plus", opcoId, environment);
    }
  }

  async #traceUnreadable(name: string): Promise<void> {
    if (this.#traced.has(name)) return;
    this.#traced.set(name, true);
    const entry = { tenant: null, actor: 'system:credentials', object: `opco-client:${name}`, result: 'unreadable' };
    await this.database.asSystem((sql) => this.audit.write(sql, { ...entry, action: 'opco_client.unreadable' }));
  }

  async set({ opcoId, environment, clientId, clientSecret, actor }: NewSoftwareClient): Promise<void> {
    const sealed = this.ring.seal(clientSecret, placeOf(opcoId, environment));
    await this.database.asSystem(async (sql) => {
      await sql.query(
        `INSERT INTO opco_clients (opco_id, environment, client_id, sealed_secret) VALUES ($1, $2, $3, $4)
         ON CONFLICT (opco_id, environment) DO UPDATE SET
           client_id = excluded.client_id, sealed_secret = excluded.sealed_secret, updated_at = now()`,
        [opcoId, environment, clientId, sealed],
      );
      const object = `opco-client:${opcoId}/${environment}`;
      await this.audit.write(sql, { tenant: null, actor, action: 'opco_client.replaced', object, result: 'ok' });
    });
    this.#remembered.delete(`${environment}/${opcoId}`);
  }
}

function refused(why: string, opcoId: string, environment: Environment) {
  return fail('UPSTREAM_AUTH', {
    detail:
      `${why} pour l'OPCO ${opcoId} (${environment}) : l'exploitant les enregistre par ` +
      `« opcovia opco-client:set --opco ${opcoId} --environment ${environment} --client-id … ».`,
    sent: 'not-sent',
  });
}
