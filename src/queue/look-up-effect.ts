import { askPatiently } from '../core/ask-patiently.js';
import type { EndpointName, LookUp, OpcoAdapter, Question } from '../core/endpoint.js';
import { asOpcoviaError, fail, type OpcoviaError } from '../core/errors.js';
import type { Call, Exchange } from '../core/exchange.js';
import { scanPages } from '../core/scan-pages.js';
import type { Finding } from './decide-doubt.js';
import type { Doubt } from './decision.js';
import type { KnownNumbersRepository, NumberList } from './known-numbers.repository.js';

/** A deposit whose effect is looked for. */
export interface Suspect {
  readonly jobId: string;
  /** Everything of a call but what is asked. */
  readonly caller: Omit<Call, 'endpoint' | 'query' | 'cache' | 'body' | 'files' | 'beforeSend'>;
  readonly sent: Question;
  readonly adapter: Pick<OpcoAdapter, 'paging'>;
  readonly lookUp: LookUp;
  readonly doubt: Doubt;
  /** The numbers of the list were known before the intent: only then can one be called new. */
  readonly knownBefore: boolean;
}

/** What a look-up works with. */
export interface LookUpParts {
  readonly runner: { run(call: Call): Promise<Pick<Exchange, 'failure' | 'reply'>> };
  readonly numbers: Pick<KnownNumbersRepository, 'of' | 'count' | 'hasBaseline' | 'keepBaseline'>;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

type Row = unknown;

/** An object that may be the effect, as the list shows it. */
interface Candidate {
  readonly row: Row;
  readonly number: string;
  readonly fresh: boolean;
}

/** Details that one look-up reads: the OPCO's budget is for everybody. */
const mostReads = 50;
/** Beyond, so many objects differ from the deposit that the list itself must be in doubt. */
const mostOthers = 1000;

/**
 * Looks at the OPCO for what a deposit may have brought about: the list to its end, then each number that was unknown before the
 * intent, compared by the natural key. Never uses a cached answer, never sends anything.
 */
export class LookUpEffect {
  readonly #reading = new Map<string, Promise<boolean>>();

  constructor(private readonly parts: LookUpParts) {}

  /** Never throws: what goes wrong is a finding too. */
  async run(suspect: Suspect): Promise<Finding> {
    try {
      return await this.#compare(suspect, await this.#candidates(suspect));
    } catch (thrown) {
      const failure = asOpcoviaError(thrown);
      return isMissing(failure) ? { kind: 'unsupported' } : { kind: 'failed', failure };
    }
  }

  /** Whether the numbers of the list are known now; reads it once a day for those that no poll knows. False when it cannot. */
  async knowBefore(suspect: Pick<Suspect, 'caller' | 'adapter' | 'lookUp'>): Promise<boolean> {
    const { opcoId, list } = listOf(suspect);
    const name = `${suspect.caller.tenant.hash} ${opcoId} ${list}`;
    // The first deposits of a CFA come together: one of them reads for all.
    const reading = this.#reading.get(name) ?? this.#readBaseline(suspect).finally(() => this.#reading.delete(name));
    this.#reading.set(name, reading);
    return reading;
  }

  async #readBaseline(suspect: Pick<Suspect, 'caller' | 'adapter' | 'lookUp'>): Promise<boolean> {
    const { caller, lookUp } = suspect;
    const list = listOf(suspect);
    try {
      if (await this.parts.numbers.hasBaseline(caller.tenant.hash, list)) return true;
      const numbers: string[] = [];
      // A kept answer may be a day old when the OPCO is down: what came since would be taken for new.
      const complete = await this.#scan(suspect, { noCache: true }, (rows) => {
        for (const row of rows) numbers.push(lookUp.numberOf(row) ?? '');
      });
      if (complete) await this.parts.numbers.keepBaseline(caller.tenant.hash, list, numbers);
      return complete;
    } catch {
      return false;
    }
  }

  async #candidates(suspect: Suspect): Promise<Candidate[]> {
    const { caller, lookUp, doubt, knownBefore, jobId } = suspect;
    const others = new Set(doubt.others);
    const found: Candidate[] = [];
    const pages: Row[][] = [];
    const complete = await this.#scan(suspect, { noCache: true }, (rows) => pages.push([...rows]));
    for (const rows of pages) {
      const numbers = rows.map((row) => lookUp.numberOf(row) ?? '');
      const known = await this.parts.numbers.of(caller.tenant.hash, listOf(suspect), { jobId, numbers });
      for (const [index, number] of numbers.entries()) {
        const sight = known.get(number);
        const old = sight !== undefined && (sight.beforeIntent || sight.ofAnotherJob);
        // A 409 speaks of what is there, whenever it came.
        if (others.has(number) || (old && doubt.class !== 'maybe-duplicate')) continue;
        found.push({ row: rows[index], number, fresh: knownBefore && !old });
      }
    }
    const shown = pages.reduce((sum, rows) => sum + rows.length, 0);
    const known = await this.parts.numbers.count(caller.tenant.hash, listOf(suspect), jobId);
    // An OPCO in trouble shows an empty list, or a part of it: that proves no absence.
    if (!complete || shown < known / 2)
      throw fail('UPSTREAM_INVALID', { detail: "L'OPCO n'a pas montré toute sa liste." });
    // The new ones first: they are few, and most likely it.
    return found.sort((one, two) => Number(two.fresh) - Number(one.fresh));
  }

  async #compare(suspect: Suspect, candidates: readonly Candidate[]): Promise<Finding> {
    const others = [...suspect.doubt.others];
    const same: (Candidate & { shown: unknown })[] = [];
    let unsure = false;
    for (const candidate of candidates.slice(0, mostReads)) {
      const shown = await this.#shown(suspect, candidate);
      const comparison = shown === undefined ? 'unsure' : suspect.lookUp.compare(suspect.sent, shown);
      if (comparison === 'same') same.push({ ...candidate, shown });
      else if (comparison === 'other') others.push(candidate.number);
      else unsure = true;
    }
    const [only] = same;
    if (only && same.length === 1) {
      const { fresh, number, shown } = only;
      return { kind: 'found', fresh, number, answer: suspect.lookUp.answerOf(shown) };
    }
    if (unsure || same.length > 1 || others.length > mostOthers) return { kind: 'unsure', others };
    return candidates.length > mostReads ? { kind: 'unfinished', others } : { kind: 'none', others };
  }

  /** Undefined for a number that is listed and cannot be read. */
  async #shown({ caller, lookUp }: Suspect, { row, number }: Candidate): Promise<unknown> {
    if (!lookUp.reads) return row;
    const exchange = await this.#ask(caller, lookUp.reads, {
      query: { numeroInterne: number },
      cache: { noCache: true },
    });
    const { failure } = exchange;
    if (!failure) return exchange.reply().value();
    if (failure.code === 'NOT_FOUND' || failure.code === 'UPSTREAM_INVALID') return undefined;
    throw failure;
  }

  /** Whether the whole list was seen. */
  async #scan(
    { caller, adapter, lookUp }: Pick<Suspect, 'caller' | 'adapter' | 'lookUp'>,
    cache: Call['cache'],
    each: (rows: readonly Row[]) => void,
  ): Promise<boolean> {
    const list = { paging: adapter.paging, numberOf: (row: Row) => lookUp.numberOf(row) };
    const pages = scanPages<Row>(list, async (query) => this.#ask(caller, lookUp.lists, { query, cache }));
    let next = await pages.next();
    for (; !next.done; next = await pages.next()) each(next.value);
    return next.value;
  }

  async #ask(
    caller: Suspect['caller'],
    endpoint: EndpointName,
    question: Pick<Call, 'query' | 'cache'>,
  ): Promise<Pick<Exchange, 'failure' | 'reply'>> {
    return askPatiently(() => this.parts.runner.run({ ...caller, endpoint, ...question }), this.parts.wait);
  }
}

function listOf({ caller, lookUp }: Pick<Suspect, 'caller' | 'lookUp'>): NumberList {
  return { opcoId: caller.opcoId, list: lookUp.lists };
}

/** The list itself is not there: 501 of ours, or a 404 or 501 of the OPCO. */
function isMissing({ code, details }: OpcoviaError): boolean {
  return code === 'NOT_SUPPORTED' || code === 'NOT_FOUND' || [404, 405, 501].includes(details.upstream?.status ?? 0);
}
