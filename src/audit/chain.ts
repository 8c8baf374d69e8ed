import { createHash } from 'node:crypto';
import type { AuditAction } from './actions.js';

/** The fields of an `audit_logs` row that the chain vouches for, each as PostgreSQL writes it as text. */
export interface ChainedRow {
  readonly id: string;
  readonly tenant_hash: string | null;
  /** UTC with microseconds, `2026-11-22T06:32:57.123456Z`. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly object: string;
  readonly result: string;
  readonly request_id: string | null;
  /** The text form of the jsonb column. */
  readonly details: string;
  /** The caller's network; links of the first form know nothing of it. */
  readonly source: string | null;
}

/** Selects `ChainedRow` from `audit_logs l`. */
export const chainedColumns = `l.id::text AS id, l.tenant_hash,
  to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
  l.actor, l.action, l.object, l.result, l.request_id, l.details::text AS details, l.source::text AS source`;

/** The chain of rows that belong to no tenant; no tenant hash can be this word. */
export const systemChain = 'system';

/** What is recorded by the minute and not chained (product.md 12): losing a minute of it proves nothing. */
export const unchainedActions: readonly AuditAction[] = ['cache.hits'];

/** What the first row of a chain is linked to. */
export const chainStart = Buffer.alloc(32);

/** What a link vouches for: `1` knew no source. */
export type LinkForm = 1 | 2;

/** The form of the links that this release writes. */
export const currentForm: LinkForm = 2;

/**
 * The link of a row: sha256 over the previous link and the row's fields in the order above. Each field is preceded by its
 * length in bytes, an absent one is `-`, so that no two rows have the same text. docs/audit.md repeats this for auditors.
 */
export function linkOf(previous: Buffer, row: ChainedRow, form: LinkForm = currentForm): Buffer {
  const hash = createHash('sha256').update(previous);
  const { id, tenant_hash, at, actor, action, object, result, request_id, details, source } = row;
  const fields = [id, tenant_hash, at, actor, action, object, result, request_id, details];
  for (const field of form === 1 ? fields : [...fields, source]) {
    hash.update(field === null ? '-;' : `${Buffer.byteLength(field)}:${field};`);
  }
  return hash.digest();
}
