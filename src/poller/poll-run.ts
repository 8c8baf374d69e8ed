import { randomUUID } from 'node:crypto';
import type { Dossier } from '../core/contract/dossier.js';
import type { Etat } from '../core/contract/etats.js';
import type { EndpointName } from '../core/endpoint.js';
import { fail, type ErrorCode } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import { askPatiently } from '../core/ask-patiently.js';
import { scanPages, type PagedList } from '../core/scan-pages.js';
import type { Sql } from '../platform/database/database.js';
import { assertClaimed, assertOurs } from './assert-claim.js';
import type { EndAbsent } from './end-absent.js';
import { isVerified } from './judge-scan.js';
import type { KeepRead } from './keep-read.js';
import { usualWeight } from './pace.js';
import type { PollFactures } from './poll-factures.js';
import type { Poll, PollLoad, PollPorts, PollReport } from './poll.js';

/** A detail that fails so is that dossier's own trouble: the others are read all the same. */
const oneDossierOnly: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'UPSTREAM_INVALID',
  'UPSTREAM_REJECTED',
  'VALIDATION_ERROR',
]);
/** So many failures in a row are no accident of single dossiers: the OPCO is away, and the poll ends. */
const outageFrom = 3;
/** May be the OPCO's trouble or one dossier's. */
const passing: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT']);

/** What a poll is made of. */
export interface RunParts {
  readonly absences: EndAbsent;
  readonly details: KeepRead;
  readonly factures: PollFactures;
}

/** One poll under way: what it has seen so far. */
export class PollRun {
  readonly #requestId = randomUUID();
  readonly #seen = new Set<string>();
  readonly #etats = new Set<string>();
  readonly #tally = { read: 0, changed: 0, unreadable: 0 };
  #listCalls = 0;
  #rows = 0;
  #failedInARow = 0;
  readonly #totals = new Set<number | null>();
  #weights = 0;
  readonly #fence = (sql: Sql) => assertClaimed(this.poll, sql);

  constructor(
    private readonly poll: Poll,
    private readonly ports: PollPorts,
    private readonly parts: RunParts,
  ) {}

  async go(): Promise<PollReport> {
    const { tenant, opcoId, mostDue } = this.poll;
    const watched = await this.ports.watch.load(tenant.hash, opcoId);
    this.#weights = watched.weights + watched.unweighed * usualWeight;
    const complete = await this.#scan();
    const verified = isVerified({ complete, rows: this.#rows, numbers: this.#seen.size, totals: this.#totals });
    const ended = verified ? await this.#endAbsent() : 0;
    // Before the details that are due: an invoice that was paid makes those of its dossiers due.
    const factures = await this.parts.factures.run(this.poll, (query) => this.#ask('facturesEtats', query));
    if (factures) await this.poll.noteFactures(factures, this.#load());
    for (const numeroInterne of await this.ports.watch.due(tenant.hash, opcoId, mostDue(this.#load())))
      await this.#read({ numeroInterne });
    const allKnown = verified && this.#tally.unreadable === 0;
    return { etats: this.#etats, ...this.#tally, ...this.#load(), allKnown, ended };
  }

  async #scan(): Promise<boolean> {
    const paging = this.ports.pagingOf(this.poll.opcoId);
    if (!paging) throw fail('UNKNOWN_OPCO');
    const list: PagedList<Etat> = { paging, numberOf: ({ numeroInterne }) => numeroInterne };
    const pages = scanPages(list, (query) => this.#page(query));
    for (;;) {
      const page = await pages.next();
      if (page.done) return page.value;
      for (const { etat, numeroInterne } of page.value) {
        this.#etats.add(etat);
        this.#seen.add(numeroInterne);
      }
      for (const row of await this.#toRead(page.value)) await this.#read(row);
      await assertOurs(this.poll);
    }
  }

  async #page(query: Call['query']): Promise<Exchange> {
    const exchange = await this.#ask('etats', query);
    this.#listCalls++;
    if (!exchange.failure) {
      const { data, total } = exchange.reply().value() as { data: readonly unknown[]; total: number | null };
      this.#rows += data.length;
      this.#totals.add(total);
    }
    return exchange;
  }

  #endAbsent(): Promise<number> {
    const { tenant, opcoId } = this.poll;
    return this.parts.absences.run({
      ...{ tenant: tenant.hash, opcoId, seen: this.#seen },
      isGone: async ({ numeroInterne }) => {
        await assertOurs(this.poll);
        return (await this.#ask('dossier', { numeroInterne })).failure?.code === 'NOT_FOUND';
      },
      fence: this.#fence,
    });
  }

  /** Waits for its share of the OPCO's budget rather than ending a scan that would begin anew; keeps the target meanwhile. */
  async #ask(endpoint: EndpointName, query: Call['query']): Promise<Exchange> {
    const { tenant, opcoId, signal } = this.poll;
    const question = { requestId: this.#requestId, tenant, opcoId, endpoint, query };
    const call: Call = { ...question, traffic: 'poll', cache: { noCache: true }, signal };
    const wait = async (ms: number) => {
      await this.ports.wait(ms, signal);
      await assertOurs(this.poll);
    };
    return askPatiently(() => this.ports.reads.run(call), wait);
  }

  async #toRead(rows: readonly Etat[]): Promise<readonly Etat[]> {
    const { tenant, opcoId } = this.poll;
    const { moved, known } = await this.ports.watch.pointed(tenant.hash, opcoId, rows, this.#fence);
    const stale = moved.filter((row) => known.has(row.numeroInterne)).map((row) => `dossier:${row.numeroInterne}`);
    // Before the detail is read: its fresh answer may then stay.
    if (stale.length > 0) await this.ports.cache.forget(opcoId, tenant.hash, stale);
    return moved;
  }

  /** A row of the list, or a number whose time has come. */
  async #read(row: Etat | Pick<Etat, 'numeroInterne'>): Promise<void> {
    const { tenant, opcoId, clockOf, tellDiscovered, today } = this.poll;
    const { numeroInterne } = row;
    await assertOurs(this.poll);
    this.#tally.read++;
    const exchange = await this.#ask('dossier', { numeroInterne });
    const dossier = this.#excuses(exchange) ? undefined : dossierIn(exchange, numeroInterne);
    if (!dossier) {
      this.#tally.unreadable++;
      if (!('etat' in row)) await this.ports.watch.postpone(tenant.hash, { opcoId, numeroInterne }, this.#fence);
      return;
    }
    const rowHash = 'etat' in row ? this.ports.watch.rowHash(tenant.hash, row) : undefined;
    const load = this.#load();
    const kept = await this.parts.details.keep(tenant.hash, {
      ...{ name: { opcoId, numeroInterne }, dossier, rowHash, tellDiscovered, today, fence: this.#fence },
      clockOf: (observed, changed) => clockOf({ ...load, dossier, changed, observed }),
    });
    if (kept.changed) this.#tally.changed++;
    if (kept.told) this.ports.signal.announce();
  }

  /** One dossier that the OPCO cannot show for a reason of its own must not hold up all that come after it. */
  #excuses({ failure }: Exchange): boolean {
    this.#failedInARow = failure && passing.has(failure.code) ? this.#failedInARow + 1 : 0;
    return this.#failedInARow > 0 && this.#failedInARow < outageFrom;
  }

  #load(): PollLoad {
    const dossiers = this.#seen.size;
    return {
      dossiers,
      listCalls: this.#listCalls,
      weights: this.#weights + (this.#weights === 0 ? dossiers * usualWeight : 0),
    };
  }
}

/** The dossier that was asked for; undefined when that one dossier cannot be shown, or another one came. Throws what concerns all. */
function dossierIn(exchange: Exchange, numeroInterne: string): Dossier | undefined {
  if (exchange.failure && oneDossierOnly.has(exchange.failure.code)) return undefined;
  const dossier = exchange.reply().value() as Dossier;
  return dossier.cerfa.numeroInterne === numeroInterne ? dossier : undefined;
}
