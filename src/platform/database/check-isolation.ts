import type { Sql } from './database.js';
import {
  readIsolation,
  type BorrowedRights,
  type IsolationCatalogue,
  type PolicyFacts,
  type PrivilegeFacts,
  type TableFacts,
} from './isolation-catalogue.js';
import { isolationRules, type IsolationRules } from './isolation-rules.js';

/** What can be wrong. */
export type IsolationFault =
  | 'rls-off'
  | 'rls-not-forced'
  | 'policy-missing'
  | 'policy-too-wide'
  | 'privilege-too-many'
  | 'table-unlisted'
  | 'view-with-owner-rights'
  | 'function-with-owner-rights'
  | 'role-too-strong';

/** One thing by which a tenant could see or change another's rows. */
export interface IsolationGap {
  /** The table, view, function or role. */
  readonly object: string;
  readonly fault: IsolationFault;
  /** The policy, privilege or power in question. */
  readonly detail: string;
}

/** What was looked at, and what is wrong with it. */
export interface IsolationReport {
  /** Every table that bears a tenant, by name. */
  readonly tables: readonly { readonly name: string; readonly policies: readonly string[]; readonly sound: boolean }[];
  readonly gaps: readonly IsolationGap[];
}

/** Judges the schema as it is, from PostgreSQL's own catalogue, against the allow-list. Changes nothing. */
export async function checkIsolation(sql: Sql, rules: IsolationRules = isolationRules): Promise<IsolationReport> {
  const catalogue = await readIsolation(sql, rules.roles);
  const gaps = [
    ...catalogue.tables.flatMap((table) => judgeTable(table, catalogue, rules)),
    ...catalogue.privileges.flatMap((privilege) => judgePrivilege(privilege, rules)),
    ...catalogue.policies.flatMap((policy) => judgePolicy(policy, rules)),
    ...catalogue.views.map(({ name }) => gap(name, 'view-with-owner-rights')),
    ...catalogue.functions.filter((each) => !isAllowed(each, rules)).map(faultyFunction),
    ...catalogue.powers.map(({ role, power }) => gap(role, 'role-too-strong', power)),
  ];
  const tables = catalogue.tables.filter(({ tenant }) => tenant);
  return {
    gaps,
    tables: tables.map(({ name }) => ({
      name,
      policies: catalogue.policies.filter(({ table }) => table === name).map((policy) => policy.name),
      sound: gaps.every(({ object }) => object !== name),
    })),
  };
}

function gap(object: string, fault: IsolationFault, detail = ''): IsolationGap {
  return { object, fault, detail };
}

function judgeTable(
  { name, tenant, enabled, forced }: TableFacts,
  { policies, privileges }: IsolationCatalogue,
  rules: IsolationRules,
): IsolationGap[] {
  const unlisted = Object.hasOwn(rules.tables, name) ? [] : [gap(name, 'table-unlisted')];
  if (!tenant) return unlisted;
  const reached = new Set(privileges.filter(({ table }) => table === name).map(({ role }) => role));
  const covered = policies
    .filter(({ table, permissive }) => table === name && permissive)
    .flatMap(({ roles }) => roles);
  return [
    ...unlisted,
    ...(enabled ? [] : [gap(name, 'rls-off')]),
    ...(forced ? [] : [gap(name, 'rls-not-forced')]),
    ...Object.values(rules.roles)
      .filter((role) => reached.has(role) && !covered.includes(role))
      .map((role) => gap(name, 'policy-missing', role)),
  ];
}

/** Roles of others, such as a backup's, are the operator's business; `public` would be ours as well. */
function judgePrivilege({ table, role, privilege, grantable }: PrivilegeFacts, rules: IsolationRules): IsolationGap[] {
  const kinds: readonly (keyof IsolationRules['roles'])[] = ['app', 'system', 'accept'];
  const kind = kinds.find((each) => rules.roles[each] === role);
  if (kind === undefined && role !== 'public') return [];
  const allowed = (kind && Object.hasOwn(rules.tables, table) && rules.tables[table]?.[kind]?.split(', ')) || [];
  const within = allowed.includes(privilege) && !grantable;
  return within ? [] : [gap(table, 'privilege-too-many', `${role}: ${privilege}${grantable ? ' (grantable)' : ''}`)];
}

/** Policies of one role are joined by OR: one that is too wide opens the table, whatever the others say. */
function judgePolicy(policy: PolicyFacts, { roles, tenantRows, admission }: IsolationRules): IsolationGap[] {
  const { table, name, permissive, command, using, check } = policy;
  if (!permissive) return [];
  const [only, ...others] = policy.roles;
  const narrow = using === tenantRows && (check === null || check === tenantRows);
  const door =
    command === 'r' && check === null && admission.some((each) => each.table === table && each.using === using);
  const sound =
    others.length === 0 && (only === roles.app ? narrow || door : only === roles.system || only === roles.accept);
  return sound ? [] : [gap(table, 'policy-too-wide', `${name} (${policy.roles.join(', ')})`)];
}

function isAllowed({ name, owner, pinned, callers }: BorrowedRights, { roles, functions }: IsolationRules): boolean {
  return (
    functions.includes(name) && owner === roles.accept && pinned && callers.every((caller) => caller === roles.app)
  );
}

function faultyFunction({ name, owner, callers }: BorrowedRights): IsolationGap {
  return gap(name, 'function-with-owner-rights', `${owner}, called by ${callers.join(', ') || 'nobody else'}`);
}
