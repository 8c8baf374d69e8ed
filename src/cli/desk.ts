import { AuditTrail } from '../audit/audit-trail.js';
import type { Env } from '../platform/config/env.js';
import { EventLog } from '../events/event-log.js';
import { KeyRing } from '../platform/crypto/key-ring.js';
import type { Database } from '../platform/database/database.js';
import { openDatabase } from '../platform/database/open-database.js';
import { StatementNames } from '../platform/database/statement-names.js';
import { DeadLettersRepository } from '../queue/dead-letters.repository.js';
import { JobRepository } from '../queue/job.repository.js';
import { Redrive } from '../queue/redrive.js';
import { DataKeys } from '../tenancy/data-keys.js';
import { OpcoClientsRepository } from '../tenancy/opco-clients.repository.js';
import { OpcoCredentialsRepository } from '../tenancy/opco-credentials.repository.js';
import { type TenantSummary, TenantsRepository } from '../tenancy/tenants.repository.js';
import { CommandError } from './command-errors.js';

/** The registers that staff works on. */
export interface Desk {
  readonly database: Database;
  readonly ring: KeyRing;
  readonly audit: AuditTrail;
  readonly tenants: TenantsRepository;
  readonly credentials: OpcoCredentialsRepository;
  readonly clients: OpcoClientsRepository;
  readonly deadLetters: DeadLettersRepository;
  readonly redrive: Redrive;
  close(): Promise<void>;
}

/** Opens the registers with the configuration of the product; refuses a key ring that is not this database's. */
export async function openDesk(env: Env): Promise<Desk> {
  const names = new StatementNames(env.OPCOVIA_DATABASE_PREPARED);
  const { database, close } = await openDatabase(env.DATABASE_APP_URL ?? env.DATABASE_URL ?? '', 2, names);
  try {
    const ring = KeyRing.parse(env.OPCOVIA_KEYRING ?? '');
    const keys = new DataKeys(database, ring);
    await keys.load();
    const audit = new AuditTrail();
    const deadLetters = new DeadLettersRepository(database);
    // No dispatcher in this process to wake: the next look of each worker finds what is due.
    const jobs = new JobRepository({
      ...{ database, keys, audit, events: new EventLog() },
      ...{ wake: () => undefined, committed: () => undefined },
    });
    return {
      database,
      ring,
      audit,
      tenants: new TenantsRepository(database, audit),
      credentials: new OpcoCredentialsRepository(database, keys, audit),
      clients: new OpcoClientsRepository(database, ring, audit),
      deadLetters,
      redrive: new Redrive(deadLetters, jobs),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The one tenant whose hash begins with the given digits (eight at least); anything else is a CommandError. */
export async function findTenant(desk: Desk, hashPrefix: string): Promise<TenantSummary> {
  if (!/^[0-9a-f]{8,64}$/.test(hashPrefix)) {
    throw new CommandError(
      'Un CFA se désigne par les 8 premiers chiffres hexadécimaux de son empreinte, ou plus (voir tenant:list).',
    );
  }
  const [tenant, ...others] = await desk.tenants.list(hashPrefix);
  if (!tenant) throw new CommandError(`Aucun CFA n'a une empreinte commençant par ${hashPrefix}.`);
  if (others.length > 0)
    throw new CommandError(`Plusieurs CFA commencent par ${hashPrefix} : donnez plus de chiffres.`);
  return tenant;
}
