import { systemClock } from '../../src/core/clock.js';
import { type ErrorCode, fail } from '../../src/core/errors.js';
import { type Call, Exchange } from '../../src/core/exchange.js';
import type { Reads } from '../../src/poller/poll-dossiers.js';

/** What the OPCO knows of one dossier. */
export interface DossierShown {
  etat: string;
  engagement?: number | null;
  nom?: string;
  /** What the detail says when it lags behind the list. */
  detailEtat?: string;
  echeances?: object[];
}

/** What the OPCO knows of one invoice. */
export interface FactureShown {
  etat: string;
  /** The dossiers that it covers, D1 alone unless said. */
  dossiers?: string[];
  /** The CFA's own number. */
  reference?: string;
}

/** An OPCO in memory behind the `Reads` port: pages of two, numbers in order. */
export class ScriptedOpco implements Reads {
  readonly dossiers = new Map<string, DossierShown>();
  readonly calls: Call[] = [];
  /** Fails the calls it gives a code for. */
  failing: (call: Call) => ErrorCode | undefined = () => undefined;
  /** Invoices by number; undefined where the OPCO lists none. */
  factures: Map<string, FactureShown> | undefined;
  /** Rewrites a page before it is given. */
  page = (data: object[], numeroPage: number): object => ({ data, total: this.dossiers.size, page: numeroPage });
  facturesPage = (data: object[], numeroPage: number): object => ({
    ...{ data, total: this.factures?.size ?? 0, page: numeroPage },
  });
  /** Held until released, when set. */
  gate: Promise<void> | undefined;

  async run(call: Call): Promise<Exchange> {
    this.calls.push(call);
    await this.gate;
    const exchange = new Exchange(call, systemClock);
    const code = this.failing(call);
    if (code) exchange.fail(fail(code));
    else
      exchange.settle({
        body: Buffer.alloc(0),
        etag: '""',
        storedAt: 0,
        ttlSeconds: 0,
        cacheStatus: 'bypass',
        kept: false,
        value: () => this.#answer(call),
      });
    return exchange;
  }

  reads(endpoint: string): Call[] {
    return this.calls.filter((call) => call.endpoint === endpoint);
  }

  #answer({ endpoint, query }: Call): unknown {
    const page = Number(query['numeroPage']);
    if (endpoint === 'facturesEtats') return this.facturesPage(this.#factures().slice((page - 1) * 2, page * 2), page);
    if (endpoint === 'dossier') return this.#detail(String(query['numeroInterne']));
    const rows = [...this.dossiers].map(([numeroInterne, { etat }]) => ({ numeroInterne, etat }));
    return this.page(rows.slice((page - 1) * 2, page * 2), page);
  }

  #factures(): object[] {
    return [...(this.factures ?? [])].map(([numeroInterneFacture, { etat, dossiers = ['D1'], reference }]) => ({
      ...{ numeroInterneFacture, etatFacture: etat, referenceFactureCFA: reference ?? null },
      dossiers: dossiers.map((numeroInterneDossier) => ({ numeroInterneDossier })),
    }));
  }

  #detail(numeroInterne: string): unknown {
    const shown = this.dossiers.get(numeroInterne) ?? { etat: '' };
    const { etat, detailEtat = etat, engagement, nom = 'Petit', echeances = null } = shown;
    return { engagement, cerfa: { numeroInterne, etat: detailEtat, apprenti: { nom } }, echeances };
  }
}
