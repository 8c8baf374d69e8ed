import type { Etat } from '../core/contract/etats.js';
import type { OpcoAdapter } from '../core/endpoint.js';
import { asOpcoviaError } from '../core/errors.js';
import type { Exchange } from '../core/exchange.js';
import { scanPages, type PagedList } from '../core/scan-pages.js';
import { troubleOf, type AskOpco, type Turn } from './ask-opco.js';
import type { ScanEnd, SyncTurnRepository } from './sync-turn.repository.js';

/** What it works with. */
export interface DiscoverParts {
  readonly opco: Pick<AskOpco, 'ask'>;
  readonly store: Pick<SyncTurnRepository, 'addFound' | 'endScan'>;
  /** How the OPCO pages its states; undefined for one that is not served. */
  readonly pagingOf: (opcoId: string) => OpcoAdapter['paging'] | undefined;
  /** Tries of one page, and milliseconds between them. */
  readonly attempts: number;
  readonly backOffMs: (attempts: number) => number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Scans before an incomplete list has to do. */
  readonly scans: number;
}

/**
 * Finds the dossiers of a tenant: the list from its first page to its last, each number noted as it comes. Only a scan that has
 * seen as many as the OPCO says there are is complete. A list whose pages repeat, shrink or move is scanned again, from the
 * beginning, for a page number means nothing once rows have moved; what was found in any scan is found.
 */
export class Discover {
  constructor(private readonly parts: DiscoverParts) {}

  /** Throws what ended the scan, where it was neither its end nor pages that do not advance. */
  async scan(turn: Turn, scansBefore: number): Promise<ScanEnd> {
    const complete = await this.#wholeList(turn);
    return this.parts.store.endScan(turn.claim, { complete, last: scansBefore + 1 >= this.parts.scans });
  }

  /** Asks for the first page alone: whether the OPCO is there at all. */
  async probe(turn: Turn): Promise<Exchange> {
    const paging = this.parts.pagingOf(turn.claim.opcoId);
    const query = paging?.kind === 'pages' ? { numeroPage: 1 } : {};
    return this.parts.opco.ask(turn, { endpoint: 'etats', query });
  }

  async #wholeList(turn: Turn): Promise<boolean> {
    const paging = this.parts.pagingOf(turn.claim.opcoId) ?? { kind: 'whole' };
    const etats: PagedList<Etat> = { paging, numberOf: ({ numeroInterne }) => numeroInterne };
    const pages = scanPages(etats, (query) => this.#page(turn, query));
    // A page is noted while the next one is read.
    let noting: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const page = await pages.next();
        await noting;
        if (page.done) return page.value;
        const numbers = page.value.map(({ numeroInterne }) => numeroInterne);
        noting = this.parts.store.addFound(turn.claim, numbers);
        noting.catch(() => undefined);
      }
    } catch (error) {
      // Pages that do not advance: the list is there, and untrue.
      if (asOpcoviaError(error).code !== 'UPSTREAM_INVALID') throw error;
      await noting;
      return false;
    } finally {
      // Whatever ends the scan: what was found in it is found.
      await Promise.allSettled([noting]);
    }
  }

  /** A page that fails is asked again where it is: a scan that began anew would ask for all those before it. */
  async #page(turn: Turn, query: { numeroPage?: number }): Promise<Exchange> {
    for (let attempts = 1; ; attempts++) {
      const exchange = await this.parts.opco.ask(turn, { endpoint: 'etats', query });
      const trouble = troubleOf(exchange);
      const again = trouble?.kind === 'passing' || (trouble?.kind === 'dossier' && trouble.retryable);
      if (!again || attempts >= this.parts.attempts) return exchange;
      await this.parts.wait(this.parts.backOffMs(attempts - 1), turn.signal);
    }
  }
}
