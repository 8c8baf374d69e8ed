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
import { OutageWatch } from './outage-watch.js';
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
/** A row of the list, or a number whose time has come. */
type Wanted = Etat | Pick<Etat, 'numeroInterne'>;

/** What a poll is made of. */
export interface RunParts {
  readonly absences: EndAbsent;
  readonly details: KeepRead;
  readonly factures: PollFactures;
  /** Numbers whose details failed the last time; this poll leaves in it what the next one shall know. */
  readonly doubtful: Set<string>;
}

/** One poll under way: what it has seen so far. */
export class PollRun {
  readonly #requestId = randomUUID();
  readonly #seen = new Set<string>();
  readonly #etats = new Set<string>();
  readonly #tally = { read: 0, changed: 0, unreadable: 0 };
  #listCalls = 0;
  #rows = 0;
  readonly #outage: OutageWatch;
  /** Put off until everything else is done: what failed the last time, and what came while no detail was answered. */
  readonly #late = new Map<string, Wanted>();
  readonly #totals = new Set<number | null>();
  #weights = 0;
  readonly #fence = (sql: Sql) => assertClaimed(this.poll, sql);

  constructor(
    private readonly poll: Poll,
    private readonly ports: PollPorts,
    private readonly parts: RunParts,
  ) {
    this.#outage = new OutageWatch(parts.doubtful);
  }

  async go(): Promise<PollReport> {
    const { tenant, opcoId } = this.poll;
    const watched = await this.ports.watch.load(tenant.hash, opcoId);
    this.#weights = watched.weights + watched.unweighed * usualWeight;
    const complete = await this.#scan();
    const verified = isVerified({ complete, rows: this.#rows, numbers: this.#seen.size, totals: this.#totals });
    const ended = verified ? await this.#endAbsent() : 0;
    // Before the details that are due: an invoice that was paid makes those of its dossiers due.
    const factures = await this.parts.factures.run(this.poll, (query) => this.#ask('facturesEtats', query));
    if (factures) await this.poll.noteFactures(factures, this.#load());
    await this.#readDue();
    await this.#readLate();
    if (this.#outage.away) throw this.#outage.away;
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
      if (page.done) {
        if (page.value) this.#outage.forgetAllBut(this.#seen);
        return page.value;
      }
      for (const { etat, numeroInterne } of page.value) {
        this.#etats.add(etat);
        this.#seen.add(numeroInterne);
      }
      for (const row of await this.#toRead(page.value)) {
        if (this.#outage.away || this.#outage.doubtful.has(row.numeroInterne)) this.#late.set(row.numeroInterne, row);
        else await this.#read(row);
      }
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

  /** While no detail is answered, the first of them is the question whether the OPCO is there again. */
  async #readDue(): Promise<void> {
    const { tenant, opcoId, mostDue } = this.poll;
    const { doubtful } = this.#outage;
    const most = mostDue(this.#load());
    const due = await this.ports.watch.due(tenant.hash, opcoId, most + doubtful.size);
    const late = due.filter((numeroInterne) => doubtful.has(numeroInterne));
    for (const numeroInterne of late)
      if (!this.#late.has(numeroInterne)) this.#late.set(numeroInterne, { numeroInterne });
    for (const numeroInterne of due.filter((each) => !late.includes(each)).slice(0, most)) {
      await this.#read(this.#late.get(numeroInterne) ?? { numeroInterne });
      if (this.#outage.away) return;
    }
  }

  /** What failed the last time comes last of all, so that it holds up nothing; it proves no outage where any other detail is answered. */
  async #readLate(): Promise<void> {
    const { doubtful } = this.#outage;
    const before = [...doubtful];
    const others = [...this.#late.keys()].filter((each) => !doubtful.has(each));
    if (!(await this.#readEach(others)) || (await this.#readEach(before))) return;
    if (!this.#outage.answered) await this.#probe(before);
    if (this.#outage.answered) this.#outage.away = undefined;
  }

  /** False once no detail is answered. */
  async #readEach(numbers: readonly string[]): Promise<boolean> {
    for (const numeroInterne of numbers) {
      if (this.#outage.away) return false;
      const row = this.#late.get(numeroInterne);
      if (row) await this.#read(row);
    }
    return this.#outage.away === undefined;
  }

  /** Asks for the dossier whose time comes next, since none but those that failed before has been asked for. */
  async #probe(except: readonly string[]): Promise<void> {
    const { tenant, opcoId } = this.poll;
    const numeroInterne = await this.ports.watch.nextDue(tenant.hash, opcoId, except);
    if (numeroInterne !== undefined) await this.#read({ numeroInterne });
  }

  async #read(row: Wanted): Promise<void> {
    const { tenant, opcoId, clockOf, tellDiscovered, today } = this.poll;
    const { numeroInterne } = row;
    await assertOurs(this.poll);
    this.#tally.read++;
    this.#late.delete(numeroInterne);
    const begun = this.ports.elapsedSeconds();
    const exchange = await this.#ask('dossier', { numeroInterne });
    const failed = this.#outage.note(numeroInterne, exchange.failure);
    const dossier = failed ? undefined : dossierIn(exchange, numeroInterne);
    if (!dossier) {
      this.#tally.unreadable++;
      await this.ports.watch.postpone(tenant.hash, { opcoId, numeroInterne }, this.#fence);
      return;
    }
    const rowHash = 'etat' in row ? this.ports.watch.rowHash(tenant.hash, row) : undefined;
    const load = this.#load();
    const kept = await this.parts.details.keep(tenant.hash, {
      ...{ name: { opcoId, numeroInterne }, dossier, rowHash, tellDiscovered, today, fence: this.#fence },
      ageSeconds: () => this.ports.elapsedSeconds() - begun,
      clockOf: (observed, changed) => clockOf({ ...load, dossier, changed, observed }),
    });
    if (kept.changed) this.#tally.changed++;
    if (kept.told) this.ports.signal.announce();
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
