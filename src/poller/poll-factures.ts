import type { EtatFacture } from '../core/contract/factures-etats.js';
import { asOpcoviaError, type ErrorCode } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import { type PagedList, scanPages } from '../core/scan-pages.js';
import { assertClaimed, assertOurs } from './assert-claim.js';
import { isVerified } from './judge-scan.js';
import type { FacturesReading, Poll, PollPorts } from './poll.js';

/** The norm has this list in V2 only, in pages. */
const list: PagedList<EtatFacture> = {
  paging: { kind: 'pages', size: 50 },
  numberOf: (row) => row.numeroInterneFacture,
};
/** Ours to bear, and the end of the whole poll: the claim is lost, PostgreSQL is away, something is broken. */
const ours: ReadonlySet<ErrorCode> = new Set(['CONFLICT', 'SERVICE_UNAVAILABLE', 'INTERNAL_ERROR']);

/**
 * Reads the states of a CFA's invoices where the OPCO lists them and its time has come. What a page says is kept and told before the
 * next one is asked; a list that fails half-way is begun anew another time, and never holds up the dossiers.
 */
export class PollFactures {
  constructor(private readonly ports: Pick<PollPorts, 'factures' | 'listsFactures' | 'cache' | 'signal'>) {}

  /** `ask` reads one page. Undefined when there was nothing to read; throws what ends the whole poll, nothing else. */
  async run(poll: Poll, ask: (query: Call['query']) => Promise<Exchange>): Promise<FacturesReading | undefined> {
    if (!poll.factures.due || !this.ports.listsFactures(poll.opcoId)) return undefined;
    const facts = { complete: false, rows: 0, numbers: 0, totals: new Set<number | null>() };
    let calls = 0;
    const pages = scanPages(list, async (query) => {
      await assertOurs(poll);
      const exchange = await ask(query);
      calls++;
      if (exchange.failure) return exchange;
      const { data, total } = exchange.reply().value() as { data: readonly unknown[]; total: number | null };
      facts.rows += data.length;
      facts.totals.add(total);
      return exchange;
    });
    try {
      for (;;) {
        const page = await pages.next();
        if (page.done) {
          facts.complete = page.value;
          break;
        }
        facts.numbers += page.value.length;
        await this.#keep(poll, page.value);
      }
    } catch (error) {
      poll.signal.throwIfAborted();
      if (ours.has(asOpcoviaError(error).code)) throw error;
    }
    return { calls, complete: facts.complete, verified: isVerified(facts) };
  }

  async #keep(poll: Poll, rows: readonly EtatFacture[]): Promise<void> {
    const { opcoId, tenant } = poll;
    const seen = { tenant: tenant.hash, opcoId, rows, allKnown: poll.factures.allKnown };
    const told = await this.ports.factures.keep(seen, async (sql, dossiers) => {
      // Before the commit: an answer from before the payment must not stand beside the event that tells of it.
      const stale = dossiers.map((numeroInterne) => `dossier:${numeroInterne}`);
      if (stale.length > 0) await this.ports.cache.forget(opcoId, tenant.hash, stale);
      await assertClaimed(poll, sql);
    });
    if (told > 0) this.ports.signal.announce();
  }
}
