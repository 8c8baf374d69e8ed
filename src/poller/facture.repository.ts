import type { EtatFacture } from '../core/contract/factures-etats.js';
import type { TenantHash } from '../core/tenant.js';
import type { EventLog } from '../events/event-log.js';
import { UnsealError } from '../platform/crypto/sealed-box.js';
import type { Database, Sql } from '../platform/database/database.js';
import { TenantScopedRepository } from '../platform/database/tenant-scoped.repository.js';
import type { DataKeys, FreshKey } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import { factureEvent } from './change-event.js';
import { canonicalForm } from './diff.js';

/** Rows of an OPCO's list of invoices, each number once. */
export interface FacturesSeen {
  readonly tenant: TenantHash;
  readonly opcoId: string;
  readonly rows: readonly EtatFacture[];
  /** The whole list was seen before: an invoice that is new now has come since. */
  readonly allKnown: boolean;
}

interface FactureRow {
  readonly numero_interne_facture: string;
  readonly data_key_id: string;
  readonly content: string;
  readonly content_hash: Buffer;
}

/** What is kept of an invoice. */
interface KeptFacture {
  readonly etat: string;
}

/** A row that says something else than what is kept of it. */
interface Moved {
  readonly row: EtatFacture;
  readonly hash: Buffer;
  readonly was: FactureRow | undefined;
  /** What was kept; undefined as well when its key was erased. */
  readonly before: KeptFacture | undefined;
}

type At = Pick<FacturesSeen, 'tenant' | 'opcoId'>;

/**
 * The last known state of each invoice, sealed. Nothing is ever taken from the absence of a row: a list that fails, repeats or
 * shrinks changes nothing.
 */
export class FactureRepository extends TenantScopedRepository {
  constructor(
    database: Database,
    private readonly keys: DataKeys,
    private readonly events: Pick<EventLog, 'appendAll'>,
  ) {
    super(database);
  }

  /**
   * Keeps what the rows say, tells what has changed and makes the details of the dossiers concerned due, all in one transaction;
   * `last` ends it, with the numbers of these dossiers. Gives how many events were written.
   */
  keep(seen: FacturesSeen, last: (sql: Sql, dossiers: readonly string[]) => Promise<void>): Promise<number> {
    return this.within(seen.tenant, async (sql) => {
      const moved = await this.#moved(sql, seen);
      await this.#write(sql, seen, moved);
      const told = moved.filter(({ was }) => was || seen.allKnown);
      const news = told.map(({ row, before }) => factureEvent(seen.opcoId, row, before?.etat ?? null));
      await this.events.appendAll(sql, seen.tenant, news);
      await noteSeen(sql, seen);
      const dossiers = [...new Set(told.flatMap(({ row }) => dossiersOf(row)))];
      await makeDue(sql, seen, dossiers);
      await last(sql, dossiers);
      return news.length;
    });
  }

  /** Those that say something else than what is kept of them, and what that is; nothing where it can be read no longer. */
  async #moved(sql: Sql, seen: FacturesSeen): Promise<Moved[]> {
    const known = await this.#known(sql, seen);
    const rows = seen.rows.flatMap((row) => {
      const [hash, was] = [this.#hashOf(seen, row), known.get(row.numeroInterneFacture)];
      return was?.content_hash.equals(hash) ? [] : [{ row, hash, was }];
    });
    const keyIds = rows.flatMap(({ was }) => (was ? [was.data_key_id] : []));
    await this.keys.fetch(sql, seen.tenant, keyIds);
    const moved: Moved[] = [];
    for (const each of rows) moved.push({ ...each, before: each.was && (await this.#open(sql, seen, each.was)) });
    return moved;
  }

  async #known(sql: Sql, { tenant, opcoId, rows }: FacturesSeen): Promise<Map<string, FactureRow>> {
    const known = await sql.query<FactureRow>(
      `SELECT numero_interne_facture, data_key_id, content, content_hash FROM watched_factures
       WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne_facture = ANY ($3)
       ORDER BY numero_interne_facture COLLATE "C" FOR UPDATE`,
      [tenant, opcoId, rows.map((row) => row.numeroInterneFacture)],
    );
    return new Map(known.map((row) => [row.numero_interne_facture, row]));
  }

  /** Each under the key that sealed it before; under a new one where there is none, or none any more. */
  async #write(sql: Sql, { tenant, opcoId }: At, moved: readonly Moved[]): Promise<void> {
    if (moved.length === 0) return;
    const fresh: FreshKey[] = [];
    const sealed: { readonly keyId: string; readonly content: string }[] = [];
    for (const { row, was, before } of moved) {
      const made = before ? undefined : this.keys.fresh(tenant, subjectOf(opcoId, row));
      if (made) fresh.push(made);
      const key = made ?? (await this.keys.open(sql, tenant, was?.data_key_id ?? ''));
      const kept: KeptFacture = { etat: row.etatFacture };
      const at = placeOf({ tenant, opcoId }, row.numeroInterneFacture);
      sealed.push({ keyId: key.id, content: key.seal(JSON.stringify(kept), at) });
    }
    await sql.query(
      `INSERT INTO watched_factures (tenant_hash, opco_id, numero_interne_facture, data_key_id, content, content_hash)
       SELECT $1, $2, * FROM unnest($3::text[], $4::uuid[], $5::text[], $6::bytea[])
       ON CONFLICT (tenant_hash, opco_id, numero_interne_facture) DO UPDATE SET data_key_id = EXCLUDED.data_key_id,
         content = EXCLUDED.content, content_hash = EXCLUDED.content_hash, changed_at = now(), seen_at = now()`,
      [
        tenant,
        opcoId,
        moved.map(({ row }) => row.numeroInterneFacture),
        sealed.map(({ keyId }) => keyId),
        sealed.map(({ content }) => content),
        moved.map(({ hash }) => hash),
      ],
    );
    if (fresh.length > 0) await this.keys.insertAll(sql, tenant, fresh);
  }

  async #open(sql: Sql, at: At, row: FactureRow): Promise<KeptFacture | undefined> {
    try {
      const key = await this.keys.open(sql, at.tenant, row.data_key_id);
      return JSON.parse(key.unseal(row.content, placeOf(at, row.numero_interne_facture)).toString()) as KeptFacture;
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }

  #hashOf({ tenant, opcoId }: At, { numeroInterneFacture, etatFacture }: EtatFacture): Buffer {
    const meaning = JSON.stringify([opcoId, numeroInterneFacture, canonicalForm(etatFacture)]);
    return this.keys.subjectIndex(tenant, `facture|${meaning}`);
  }
}

/** Once a day is enough to know later which invoices the OPCO lists no longer. */
async function noteSeen(sql: Sql, { tenant, opcoId, rows }: FacturesSeen): Promise<void> {
  await sql.query(
    `UPDATE watched_factures SET seen_at = now()
     WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne_facture = ANY ($3) AND seen_at < now() - interval '1 day'`,
    [tenant, opcoId, rows.map((row) => row.numeroInterneFacture)],
  );
}

/**
 * The list of invoices points at details: the money of these dossiers has moved. Those that were due already are due anew, since a
 * reading that is under way may be older than that (see `noteReads`).
 */
async function makeDue(sql: Sql, { tenant, opcoId }: At, dossiers: readonly string[]): Promise<void> {
  if (dossiers.length === 0) return;
  await sql.query(
    `UPDATE watched_dossiers w SET next_read_at = now() FROM (
       SELECT numero_interne FROM watched_dossiers
       WHERE tenant_hash = $1 AND opco_id = $2 AND numero_interne = ANY ($3) AND deleted_at IS NULL
       ORDER BY numero_interne COLLATE "C" FOR UPDATE) due
     WHERE w.tenant_hash = $1 AND w.opco_id = $2 AND w.numero_interne = due.numero_interne`,
    [tenant, opcoId, dossiers],
  );
}

function dossiersOf({ dossiers }: EtatFacture): string[] {
  return (dossiers ?? []).flatMap(({ numeroInterneDossier }) => numeroInterneDossier || []);
}

/** What is erased with its dossier goes with it; an invoice of several stands by itself. */
function subjectOf(opcoId: string, { numeroInterneFacture, dossiers }: EtatFacture): string {
  const [one, ...others] = dossiers ?? [];
  if (one?.numeroInterneDossier && others.length === 0) return `dossier|${opcoId}|${one.numeroInterneDossier}`;
  return `facture|${opcoId}|${numeroInterneFacture}`;
}

function placeOf({ tenant, opcoId }: At, numeroInterneFacture: string): string {
  return place('watched_factures', 'content', JSON.stringify([opcoId, numeroInterneFacture]), tenant);
}
