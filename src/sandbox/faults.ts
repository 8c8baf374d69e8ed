import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { compileContract } from '../core/contract/check.js';
import { chance } from './chance.js';
import { delayOf } from './delays.js';
import { BadFault, wordOf, type Word, type WordKind } from './fault-words.js';

const instant = Type.Union([Type.Number(), Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}' })]);
const Aim = Type.Object(
  {
    opcoId: Type.Optional(Type.String()),
    method: Type.Optional(Type.String()),
    /** Path after the OPCO's slug, such as `/v1/dossiers`; a `*` at its end takes all that begins so. */
    path: Type.Optional(Type.String()),
    /** Our name of the route, such as `etats` or `depositDossier`; `token` for the token endpoint. */
    route: Type.Optional(Type.String()),
    /** Fingerprint of the CFA key. */
    cfa: Type.Optional(Type.String({ pattern: '^[0-9a-f]{12}$' })),
    /** Share of the matching requests that it strikes, drawn from the seed. */
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    /** How many requests it strikes before it is used up; without end when absent, a script's length for a script. */
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Virtual instants, ISO or epoch milliseconds; `until` is outside. */
    from: Type.Optional(instant),
    until: Type.Optional(instant),
    /** Real milliseconds from now; then it is gone. */
    forMs: Type.Optional(Type.Number({ minimum: 0 })),
    /** Words played in order, one for each request struck. */
    script: Type.Optional(Type.Array(Type.Unknown(), { minItems: 1, maxItems: 10_000 })),
  },
  { additionalProperties: true },
);
type Aim = Readonly<Static<typeof Aim>>;
const contract = compileContract(Aim);
const aimNames = new Set(Object.keys(Aim.properties));

/** A fault as the control API takes it: whom it strikes, when, and either a kind with its fields or a script of words. */
export type FaultOrder = Readonly<Record<string, unknown>>;

/** A fault in force. */
export interface ArmedFault {
  readonly id: number;
  readonly aim: Aim;
  readonly words: readonly Word[];
  /** Requests it may still strike; null without end. */
  readonly left: number | null;
  readonly struck: number;
}

/** What is known of a request before its body is read. */
export interface Target {
  readonly opcoId: string;
  readonly method: string;
  readonly path: string;
  /** Absent where the OPCO has no such route. */
  readonly route?: string;
  readonly apiKey?: string;
}

/** What is done to one request. */
export interface Strike {
  readonly fault: number;
  readonly word: Word;
  /** Real milliseconds before anything else happens. */
  readonly delayMs: number;
}

/** Time and chance of the world that the faults live in. */
export interface FaultTimes {
  /** Virtual milliseconds. */
  virtualNow(): number;
  elapsed(): number;
  seed(): string;
}

type Kept = { -readonly [K in keyof ArmedFault]: ArmedFault[K] } & {
  met: number;
  readonly from: number;
  readonly until: number;
  readonly endsAt: number;
};

const pages = new Set(['etats', 'facturesEtats']);
const lookUps = new Set([...pages, 'dossier', 'liste']);

/** Words that make sense on some reads alone. */
const reach: Readonly<Partial<Record<WordKind, ReadonlySet<string>>>> = {
  'repeated-page': pages,
  'short-page': pages,
  'moving-pages': pages,
  'wrapped-page': pages,
  'lookup-stale': lookUps,
  'lookup-501': lookUps,
  'lookup-5xx': lookUps,
  'lookup-wrong-number': new Set(['dossier']),
};

/**
 * The faults in force, in the order they were set. The first that matches strikes; a latency without end passes the
 * request on, so that the next one may strike it as well.
 *
 *     armed ──matches, dice fall──▶ plays a word ──`times` or the script is over──▶ gone
 *       └──── `until` (virtual) or `forMs` (real) is over ──────────────────────▶ gone
 */
export class Faults {
  #armed: Kept[] = [];
  #ids = 0;

  constructor(private readonly times: FaultTimes) {}

  /** Arms all or none; throws `BadFault` with the reason. */
  arm(orders: readonly FaultOrder[]): readonly ArmedFault[] {
    const now = this.times.elapsed();
    const made = orders.map(read);
    const kept = made.map((each) => ({
      ...each,
      id: ++this.#ids,
      struck: 0,
      met: 0,
      endsAt: now + (each.aim.forMs ?? Infinity),
    }));
    this.#armed.push(...kept);
    return kept.map(shown);
  }

  list(): readonly ArmedFault[] {
    this.#sweep();
    return this.#armed.map(shown);
  }

  /** False when there is no such fault any more. */
  remove(id: number): boolean {
    const before = this.#armed.length;
    this.#armed = this.#armed.filter((each) => each.id !== id);
    return this.#armed.length < before;
  }

  clear(): void {
    this.#armed = [];
  }

  /** As new: the next fault is number one again, and meets the same dice. */
  reset(): void {
    this.clear();
    this.#ids = 0;
  }

  /** How many are still armed. */
  get size(): number {
    return this.#armed.length;
  }

  /** What strikes this request, counted down; undefined in the usual case. */
  strike(target: Target): Strike | undefined {
    if (this.#armed.length === 0) return undefined;
    this.#sweep();
    let background: Strike | undefined;
    for (const kept of [...this.#armed]) {
      const word = this.#wordFor(kept, target);
      if (!word) continue;
      const strike = { fault: kept.id, word, delayMs: this.#delay(kept, word) + (background?.delayMs ?? 0) };
      if (word.kind !== 'latency' || kept.left !== null) return strike;
      background = strike;
    }
    return background;
  }

  #wordFor(kept: Kept, target: Target): Word | undefined {
    const word = kept.words[kept.struck % kept.words.length];
    if (!word || !matches(kept, target, this.times.virtualNow())) return undefined;
    if (reach[word.kind]?.has(target.route ?? '') === false) return undefined;
    kept.met += 1;
    const { probability } = kept.aim;
    if (probability !== undefined && this.#dice(kept, 'strike') >= probability) return undefined;
    kept.struck += 1;
    if (kept.left === null) return word;
    kept.left -= 1;
    if (kept.left <= 0) this.remove(kept.id);
    return word;
  }

  #delay(kept: Kept, word: Word): number {
    if (word.kind !== 'latency') return 0;
    if (!word.distribution) return word.ms ?? 0;
    return delayOf(word.distribution, this.#dice(kept, 'one'), this.#dice(kept, 'two'));
  }

  #dice(kept: Kept, name: string): number {
    return chance(this.times.seed(), 'fault', kept.id, kept.met, name);
  }

  #sweep(): void {
    const [now, elapsed] = [this.times.virtualNow(), this.times.elapsed()];
    if (this.#armed.some(({ until, endsAt }) => until <= now || endsAt <= elapsed))
      this.#armed = this.#armed.filter(({ until, endsAt }) => until > now && endsAt > elapsed);
  }
}

function read(order: FaultOrder): Omit<Kept, 'id' | 'struck' | 'met' | 'endsAt'> {
  const { script, ...aim } = aimOf(order);
  const own = Object.fromEntries(Object.entries(order).filter(([name]) => !aimNames.has(name)));
  if (script && Object.keys(own).length > 0) throw new BadFault('Either kind or script is expected, not both');
  const words = script ? script.map(wordOf) : [wordOf(own)];
  const left = aim.times ?? (script ? words.length : null);
  const [from, until] = [instantOf('from', aim.from, -Infinity), instantOf('until', aim.until, Infinity)];
  return { aim, words, left, from, until };
}

function aimOf(order: FaultOrder): Aim {
  const aim = Object.fromEntries(Object.entries(order).filter(([name]) => aimNames.has(name)));
  const [finding] = contract.check(aim);
  if (finding) throw new BadFault(`${finding.pointer.slice(1)}: ${finding.message}`);
  return aim;
}

function instantOf(name: string, value: string | number | undefined, open: number): number {
  const instant = typeof value === 'string' ? Date.parse(value) : (value ?? open);
  if (Number.isNaN(instant)) throw new BadFault(`${name}: an ISO time or epoch milliseconds are expected`);
  return instant;
}

const shown = ({ id, aim, words, left, struck }: Kept): ArmedFault => ({ id, aim, words, left, struck });

function matches({ aim, from }: Kept, target: Target, now: number): boolean {
  return (
    from <= now &&
    (aim.opcoId ?? target.opcoId) === target.opcoId &&
    (aim.method ?? target.method) === target.method &&
    (aim.route === undefined || aim.route === target.route) &&
    (aim.path === undefined || covers(aim.path, target.path)) &&
    (aim.cfa === undefined || aim.cfa === fingerprintOf(target.apiKey))
  );
}

const covers = (pattern: string, path: string) =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

const fingerprintOf = (apiKey = '') => createHash('sha256').update(apiKey).digest('hex').slice(0, 12);
