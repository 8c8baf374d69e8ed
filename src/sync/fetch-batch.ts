import type { Dossier } from '../core/contract/dossier.js';
import type { ReadDossier } from './commit-batch.js';
import { troubleOf, type AskOpco, type Turn } from './ask-opco.js';
import { blamesDossiers, type Trouble } from './judge-failure.js';

/** What stops all reading. */
export type WholeTrouble = Extract<Trouble, { kind: 'wait' | 'fatal' }>;

/** What came of the reads of a batch. */
export interface FetchedBatch {
  /** Those that are settled one way or the other; the others were not read, or their failure was not theirs. */
  readonly dossiers: readonly ReadDossier[];
  /** What has stopped the reading, if anything has. */
  readonly trouble?: WholeTrouble;
}

/** What it works with. */
export interface FetchParts {
  readonly opco: Pick<AskOpco, 'ask'>;
  /** Reads under way at a time; the gate of the OPCO may let in fewer. */
  readonly parallel: number;
}

/** Reads the details of a batch, several at a time; a trouble that is not one dossier's stops those that have not begun. */
export class FetchBatch {
  constructor(private readonly parts: FetchParts) {}

  /** `proven`: the OPCO has answered a list a moment ago. Rejects once the turn has ended. */
  async fetch(turn: Turn, numerosInternes: readonly string[], proven: boolean): Promise<FetchedBatch> {
    const settled: ReadDossier[] = [];
    const passing: ReadDossier[] = [];
    let trouble: WholeTrouble | undefined;
    let next = 0;
    const reader = async () => {
      for (;;) {
        const numeroInterne = numerosInternes[next++];
        if (numeroInterne === undefined || trouble) return;
        const exchange = await this.parts.opco.ask(turn, { endpoint: 'dossier', query: { numeroInterne } });
        const met = troubleOf(exchange);
        if (!met) settled.push(shown(numeroInterne, exchange.reply().value() as Dossier));
        else if (met.kind === 'dossier') settled.push({ numeroInterne, code: met.code, again: met.retryable });
        else if (met.kind === 'passing') passing.push({ numeroInterne, code: met.code, again: true });
        else trouble ??= met;
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.parts.parallel, numerosInternes.length) }, reader));
    const facts = { succeeded: settled.length, passing: passing.length, troubled: trouble !== undefined, proven };
    if (blamesDossiers(facts)) return { dossiers: [...settled, ...passing] };
    return { dossiers: settled, trouble: trouble ?? { kind: 'wait', reason: 'opco', seconds: 1 } };
  }
}

/** A detail about another dossier than asked must not become this one's history. */
function shown(numeroInterne: string, dossier: Dossier): ReadDossier {
  if (dossier.cerfa.numeroInterne === numeroInterne) return { numeroInterne, dossier };
  return { numeroInterne, code: 'UPSTREAM_INVALID', again: true };
}
