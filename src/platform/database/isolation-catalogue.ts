import type { Sql } from './database.js';
import type { RuntimeRoles } from './isolation-rules.js';

/** A table, whoever made it. */
export interface TableFacts {
  readonly name: string;
  /** Whether its rows belong to tenants: it has a column `tenant_hash`. */
  readonly tenant: boolean;
  readonly enabled: boolean;
  readonly forced: boolean;
}

/** A row-level security policy; expressions on one line as PostgreSQL prints them, `public` stands for everybody. */
export interface PolicyFacts {
  readonly table: string;
  readonly name: string;
  readonly permissive: boolean;
  /** `*` for all commands, else `r`, `a`, `w` or `d`. */
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** One privilege of a role on a table, a view or some of its columns. */
export interface PrivilegeFacts {
  readonly table: string;
  readonly role: string;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** A view or a function that runs with the rights of its owner. */
export interface BorrowedRights {
  readonly name: string;
  readonly owner: string;
  readonly pinned: boolean;
  /** Who may call it; `public` for everybody. */
  readonly callers: readonly string[];
}

/** What the catalogue of PostgreSQL says about who sees what. */
export interface IsolationCatalogue {
  readonly tables: readonly TableFacts[];
  readonly policies: readonly PolicyFacts[];
  readonly privileges: readonly PrivilegeFacts[];
  readonly views: readonly { readonly name: string }[];
  readonly functions: readonly BorrowedRights[];
  /** Of the runtime roles: what each is or has that it must not, such as `rolbypassrls`. */
  readonly powers: readonly { readonly role: string; readonly power: string }[];
}

/** Schemas of ours; what an extension brought along is the operator's choice. */
const ours = (object: string, oid: string, namespace: string, catalogue: string) => `
  ${object}.${namespace} IN (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '${catalogue}'::regclass AND e.objid = ${object}.${oid} AND e.deptype = 'e')`;
const ourRelations = (alias: string) => ours(alias, 'oid', 'relnamespace', 'pg_class');
const nameOf = (oid: string) => `CASE WHEN ${oid} = 0 THEN 'public' ELSE pg_get_userbyid(${oid})::text END`;

const tables = `
  SELECT c.oid::regclass::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_hash' AND NOT a.attisdropped) AS tenant
  FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f') AND ${ourRelations('c')} ORDER BY 1`;

const policies = `
  SELECT p.polrelid::regclass::text AS table, p.polname::text AS name, p.polpermissive AS permissive, p.polcmd::text AS command,
    ARRAY(SELECT ${nameOf('r')} FROM unnest(p.polroles) AS r) AS roles,
    regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g') AS using,
    regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '\\s+', ' ', 'g') AS check
  FROM pg_policy p ORDER BY 1, 2`;

const privileges = `
  SELECT DISTINCT c.oid::regclass::text AS table, ${nameOf('a.grantee')} AS role,
    a.privilege_type AS privilege, a.is_grantable AS grantable
  FROM pg_class c
  CROSS JOIN LATERAL (
    SELECT c.relacl AS acl UNION ALL SELECT t.attacl FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attacl IS NOT NULL
  ) AS acls
  CROSS JOIN LATERAL aclexplode(acls.acl) AS a
  WHERE c.relkind IN ('r', 'p', 'f') AND a.grantee <> c.relowner AND ${ourRelations('c')} ORDER BY 1, 2, 3`;

/** A materialised view is a copy without policies; a view looks with its owner's eyes unless told otherwise. */
const views = `
  SELECT v.oid::regclass::text AS name FROM pg_class v
  WHERE v.relkind IN ('v', 'm') AND ${ourRelations('v')} AND NOT (v.relkind = 'v' AND coalesce(
    (SELECT o.option_value::boolean FROM pg_options_to_table(v.reloptions) o WHERE o.option_name = 'security_invoker'), false))
  ORDER BY 1`;

const functions = `
  SELECT p.oid::regprocedure::text AS name, pg_get_userbyid(p.proowner)::text AS owner,
    EXISTS (SELECT 1 FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS pinned,
    ARRAY(SELECT ${nameOf('a.grantee')}
          FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee <> p.proowner) AS callers
  FROM pg_proc p WHERE p.prosecdef AND ${ours('p', 'oid', 'pronamespace', 'pg_proc')} ORDER BY 1`;

const powers = `
  WITH runtime AS (SELECT rolname::text AS role, * FROM pg_roles WHERE rolname = ANY($1))
  SELECT asked AS role, 'absent' AS power FROM unnest($1::text[]) AS asked WHERE asked NOT IN (SELECT role FROM runtime)
  UNION ALL
  SELECT role, power FROM runtime, LATERAL (VALUES ('superuser', rolsuper), ('bypassrls', rolbypassrls), ('login', rolcanlogin),
    ('createrole', rolcreaterole), ('createdb', rolcreatedb), ('replication', rolreplication)) AS each(power, has) WHERE has
  UNION ALL
  SELECT role, 'member of ' || m.roleid::regrole FROM runtime JOIN pg_auth_members m ON m.member = runtime.oid
  UNION ALL
  SELECT role, 'owner of ' || c.oid::regclass FROM runtime JOIN pg_class c ON c.relowner = runtime.oid
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  UNION ALL
  SELECT role, 'owner of schema ' || n.nspname FROM runtime JOIN pg_namespace n ON n.nspowner = runtime.oid WHERE n.nspname !~ '^pg_'
  UNION ALL
  SELECT ${nameOf('a.grantee')}, 'create in schema ' || n.nspname
    FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
    WHERE n.nspname !~ '^pg_' AND a.privilege_type = 'CREATE' AND (a.grantee = 0 OR a.grantee IN (SELECT oid FROM runtime))
  ORDER BY 1, 2`;

/** Reads the catalogue in one transaction; needs no right beyond a connection. */
export async function readIsolation(sql: Sql, roles: RuntimeRoles): Promise<IsolationCatalogue> {
  return {
    tables: await sql.query<TableFacts>(tables),
    policies: await sql.query<PolicyFacts>(policies),
    privileges: await sql.query<PrivilegeFacts>(privileges),
    views: await sql.query<{ name: string }>(views),
    functions: await sql.query<BorrowedRights>(functions),
    powers: await sql.query<{ role: string; power: string }>(powers, [Object.values(roles)]),
  };
}
