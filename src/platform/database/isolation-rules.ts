/** The roles that the product takes at run time; names are data so that a test can judge roles of its own. */
export interface RuntimeRoles {
  readonly app: string;
  readonly system: string;
  readonly accept: string;
}

/** Who may do what on one table: SQL privileges, separated by commas; what is not listed is not allowed. */
export type AllowedPrivileges = Partial<Readonly<Record<keyof RuntimeRoles, string>>>;

/** A door beside the rule: a policy of the application role that does not compare the tenant. Expressions as PostgreSQL prints them. */
export interface AllowedPolicy {
  readonly table: string;
  readonly using: string;
}

/** What a schema must look like for tenants to be apart. */
export interface IsolationRules {
  readonly roles: RuntimeRoles;
  /** The one expression by which a row belongs to whoever asks; as PostgreSQL prints it. */
  readonly tenantRows: string;
  readonly admission: readonly AllowedPolicy[];
  readonly tables: Readonly<Record<string, AllowedPrivileges>>;
  /** `SECURITY DEFINER` functions, with the types of their arguments; they belong to the accept role. */
  readonly functions: readonly string[];
}

const everything = 'SELECT, INSERT, UPDATE, DELETE';
const byKey = "(key_hash = current_setting('app.key_hash'::text, true))";

/**
 * The allow-list: every table, whether it bears a tenant or not. A table that is missing here is a gap, so that nobody adds one
 * without saying who may read it.
 */
export const isolationRules: IsolationRules = {
  roles: { app: 'opcovia_app', system: 'opcovia_system', accept: 'opcovia_accept' },
  tenantRows: "(tenant_hash = current_setting('app.tenant_hash'::text, true))",
  // Before a tenant is known, the one key whose hash is presented, and its tenant.
  admission: [
    { table: 'api_keys', using: byKey },
    {
      table: 'tenants',
      using: `(tenant_hash IN ( SELECT k.tenant_hash FROM api_keys k WHERE (k.key_hash = current_setting('app.key_hash'::text, true))))`,
    },
  ],
  functions: [
    'accept_deposits(uuid[],text[],text[],text[],text[],bytea[],boolean[],bytea[],uuid[],bytea[],text[],text[],jsonb[],text[])',
    'accept_deposits(uuid[],text[],text[],text[],text[],bytea[],boolean[],bytea[],uuid[],bytea[],text[],text[],jsonb[],text[],text[],text[])',
    'accept_deposits(uuid[],text[],text[],text[],text[],bytea[],boolean[],bytea[],uuid[],bytea[],text[],text[],jsonb[],text[],text[],text[],jsonb[],text[])',
    'accept_deposits(uuid[],text[],text[],text[],text[],bytea[],boolean[],bytea[],uuid[],bytea[],text[],text[],jsonb[],text[],text[],text[],jsonb[],text[],bytea[],jsonb[],timestamp with time zone[])',
  ],
  tables: {
    migrations: { system: 'SELECT' },
    leaders: { system: 'SELECT, INSERT, UPDATE' },
    hub_leader: { system: 'SELECT, INSERT, UPDATE' },
    hub_rates: { system: 'SELECT, INSERT, UPDATE' },
    hub_revoked: { system: 'SELECT, INSERT, DELETE' },
    budget_overrides: { system: everything },
    keyring_checks: { system: 'SELECT, INSERT' },
    opco_clients: { system: 'SELECT, INSERT, UPDATE' },
    tenants: { app: 'SELECT', system: 'SELECT, INSERT, UPDATE' },
    api_keys: { app: 'SELECT, INSERT, UPDATE', system: 'SELECT, INSERT, UPDATE' },
    data_keys: { app: 'SELECT, INSERT', system: everything, accept: 'INSERT' },
    opco_credentials: { app: everything, system: everything },
    audit_logs: { app: 'SELECT, INSERT', system: 'SELECT, INSERT', accept: 'INSERT' },
    audit_chain: { app: 'SELECT', system: 'SELECT, INSERT' },
    jobs: { app: 'SELECT, UPDATE', system: everything, accept: 'SELECT, INSERT' },
    idempotency_claims: { app: 'SELECT, UPDATE', system: everything, accept: everything },
    job_outbox: { app: everything, system: everything, accept: 'INSERT' },
    job_attempts: { app: 'SELECT, INSERT, UPDATE', system: everything },
    job_results: { app: 'SELECT, INSERT', system: everything },
    job_step_results: { app: 'SELECT, INSERT', system: everything },
    known_numbers: { app: 'SELECT, INSERT, UPDATE', system: everything },
    number_baselines: { app: 'SELECT, INSERT, UPDATE', system: everything },
    deposit_files: { app: 'SELECT, INSERT, DELETE', system: 'SELECT, DELETE', accept: 'SELECT, UPDATE' },
    deposit_file_pieces: { app: 'SELECT, INSERT', system: 'SELECT' },
    events: { app: 'SELECT, INSERT', system: everything },
    event_sequences: { app: 'SELECT', system: 'SELECT, INSERT, UPDATE' },
    webhooks: { app: everything, system: everything },
    webhook_deliveries: { app: 'SELECT, INSERT, UPDATE', system: everything },
    snapshots: { app: 'SELECT, INSERT', system: 'SELECT, INSERT, DELETE' },
    watched_dossiers: { app: 'SELECT, INSERT, UPDATE', system: everything },
    watched_factures: { app: 'SELECT, INSERT, UPDATE', system: everything },
    poll_targets: { app: everything, system: everything },
    sync_jobs: { app: 'SELECT, INSERT, UPDATE', system: everything },
    sync_dossiers: { app: 'SELECT, INSERT, UPDATE', system: 'SELECT, INSERT, DELETE' },
  },
};
