import { Controller, Get, Param } from '@nestjs/common';
import { Coherence } from '../../core/contract/coherence.js';
import type { Dossier } from '../../core/contract/dossier.js';
import type { EtatFacture } from '../../core/contract/factures-etats.js';
import { fail } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { type PagedList, scanPages } from '../../core/scan-pages.js';
import { CurrentExchange } from '../../pipeline/current-exchange.decorator.js';
import { PipelineRunner } from '../../pipeline/pipeline.runner.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { todayInParis } from '../../poller/paris.js';
import { reconcile } from '../../poller/coherence.js';
import { Describe, OpcoParam } from '../openapi/describe.decorator.js';

/** Whether the money of a dossier adds up. */
@Controller(':opcoId/dossiers/:numeroInterne/coherence')
@OpcoParam()
export class CoherenceController {
  constructor(private readonly runner: PipelineRunner) {}

  @Get()
  @ThroughPipeline({ endpoint: 'dossier' })
  @Describe({
    tag: 'Dossiers',
    summary: "La cohérence d'un dossier : engagement, échéances, règlements",
    about:
      'Le dossier, lu comme par `GET /:opcoId/dossiers`, est rapproché des règles de financement d’avant et d’après le 1er juillet 2025. Chaque écart porte un code stable, son pointeur et les deux montants ; une même série d’écarts n’est dite qu’une fois par `dossier.incoherent`.',
    answers: { 200: Coherence },
    read: true,
  })
  async read(
    @CurrentExchange() exchange: Exchange,
    @Param('numeroInterne') _numeroInterne: string,
  ): Promise<Coherence> {
    const dossier = exchange.reply().value() as Dossier;
    const factures = await this.#factures(exchange, dossier.cerfa.numeroInterne);
    return reconcile({ dossier, today: todayInParis(exchange.clock.now()), ...(factures && { factures }) });
  }

  /** The invoices of the dossier; undefined where the OPCO gives no states, not all of them, or more pages than a question is worth. */
  async #factures({ call }: Exchange, numeroInterne: string): Promise<EtatFacture[] | undefined> {
    const list: PagedList<EtatFacture> = {
      paging: { kind: 'pages', size: 50 },
      numberOf: (row) => row.numeroInterneFacture,
    };
    const { cache, ...asked } = call;
    const pages = scanPages(list, ({ numeroPage = 1 }) => {
      if (numeroPage > mostPages) throw fail('UPSTREAM_INVALID');
      const { noCache: _fresh, ...demand } = cache;
      return this.runner.run({ ...asked, cache: demand, endpoint: 'facturesEtats', query: { numeroPage } });
    });
    const found: EtatFacture[] = [];
    try {
      for (;;) {
        const page = await pages.next();
        if (page.done) return page.value ? found : undefined;
        found.push(
          ...page.value.filter(({ dossiers }) => dossiers?.some((each) => each.numeroInterneDossier === numeroInterne)),
        );
      }
    } catch {
      // The dossier is judged without them, and the answer says so.
      return undefined;
    }
  }
}

/** Of the list of invoices; the cache keeps each for a minute. */
const mostPages = 10;
