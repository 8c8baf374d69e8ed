import type { Effect, LedgerLine } from './ledger.js';

/** An effect that somebody counts on, named by as much as is known of it. */
export type ExpectedEffect = { readonly opcoId: string; readonly type: Effect['type'] } & {
  readonly [K in ExpectedName]?: string;
};
type ExpectedName =
  'cfa' | 'key' | 'body' | 'numeroInterne' | 'numeroInterneFacture' | 'numeroInterneDocument' | 'fichier';

/** A promise about quota: no sliding window of this length holds more requests than this. */
export interface QuotaWindow {
  /** All OPCOs, each for itself, when absent. */
  readonly opcoId?: string;
  readonly limit: number;
  /** Real milliseconds. */
  readonly windowMs: number;
  /** Each CFA key for itself, instead of the software as a whole. */
  readonly perKey?: boolean;
}

/** What a ledger is held against. */
export interface InvariantDemand {
  readonly expected?: readonly ExpectedEffect[];
  readonly windows?: readonly QuotaWindow[];
}

/** What a ledger shows; `ok` when nothing is wrong. */
export interface InvariantReport {
  readonly ok: boolean;
  readonly lines: number;
  readonly effects: number;
  /** The same deposit with more than one effect: at most one is right (norm of exactly one effect). */
  readonly doubles: readonly {
    readonly opcoId: string;
    readonly cfa: string;
    readonly type: string;
    readonly key: string;
    readonly seqs: readonly number[];
  }[];
  /** Expected effects that no line has, each line standing for one of them at most. */
  readonly losses: readonly ExpectedEffect[];
  /** The fullest window of each that overflowed. */
  readonly windows: readonly {
    readonly opcoId: string;
    readonly cfa?: string;
    readonly limit: number;
    readonly windowMs: number;
    readonly most: number;
    readonly until: string;
  }[];
}

/** Checks a history: no effect twice, none lost, no quota overrun. Pure; the last run counts when the lines hold several. */
export function checkInvariants(history: Iterable<LedgerLine>, demand: InvariantDemand = {}): InvariantReport {
  const lines = lastRun(history);
  const effects = lines.filter(({ committed }) => committed !== null);
  const doubles = doublesOf(effects);
  const losses = lossesOf(effects, demand.expected ?? []);
  const windows = (demand.windows ?? []).flatMap((window) => overrunsOf(lines, window));
  const ok = doubles.length + losses.length + windows.length === 0;
  return { ok, lines: lines.length, effects: effects.length, doubles, losses, windows };
}

/** A reset begins the numbering anew, and the world with it: what was before is another history. */
function lastRun(history: Iterable<LedgerLine>): readonly LedgerLine[] {
  let run: LedgerLine[] = [];
  for (const line of history) {
    if (line.seq <= (run.at(-1)?.seq ?? 0)) run = [];
    run.push(line);
  }
  return run;
}

function grouped<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}

function doublesOf(effects: readonly LedgerLine[]): InvariantReport['doubles'] {
  const known = effects.filter(({ key }) => key !== null);
  const groups = grouped(known, ({ opcoId, cfa, committed, key }) =>
    JSON.stringify([opcoId, cfa, committed?.type, key]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length < 2) return [];
    const { opcoId, cfa, committed, key } = first;
    const seqs = group.map(({ seq }) => seq);
    return [{ opcoId: opcoId ?? '', cfa: cfa ?? '', type: committed?.type ?? '', key: key ?? '', seqs }];
  });
}

/** From the name that tells most. */
const identities: readonly ExpectedName[] = [
  'numeroInterneFacture',
  'numeroInterneDocument',
  'key',
  'fichier',
  'body',
  'numeroInterne',
  'cfa',
];

function told(line: LedgerLine, name: ExpectedName): string | null | undefined {
  if (name === 'cfa' || name === 'key' || name === 'body') return line[name];
  return line.committed?.[name];
}

function lossesOf(effects: readonly LedgerLine[], expected: readonly ExpectedEffect[]): readonly ExpectedEffect[] {
  const indices = new Map<ExpectedName | undefined, Map<string, LedgerLine[]>>();
  const taken = new Set<LedgerLine>();
  const indexOf = (name: ExpectedName | undefined) => {
    const known = indices.get(name);
    if (known) return known;
    const made = grouped(effects, (line) => (name && told(line, name)) ?? '');
    indices.set(name, made);
    return made;
  };
  return expected.filter((wanted) => {
    const name = identities.find((each) => wanted[each] !== undefined);
    const candidates = indexOf(name).get((name && wanted[name]) ?? '') ?? [];
    const found = candidates.find((line) => !taken.has(line) && isThe(line, wanted));
    if (found) taken.add(found);
    return found === undefined;
  });
}

const isThe = (line: LedgerLine, wanted: ExpectedEffect) =>
  line.opcoId === wanted.opcoId &&
  line.committed?.type === wanted.type &&
  identities.every((name) => wanted[name] === undefined || wanted[name] === told(line, name));

/** What was sent counts, refused or not; tokens have another door, and late effects were no requests. */
function overrunsOf(
  lines: readonly LedgerLine[],
  { opcoId, limit, windowMs, perKey }: QuotaWindow,
): InvariantReport['windows'] {
  const counted = lines.filter(
    (line) =>
      line.opcoId !== null &&
      line.route !== 'token' &&
      line.late === undefined &&
      (opcoId ?? line.opcoId) === line.opcoId,
  );
  const clients = grouped(counted, (line) => JSON.stringify([line.opcoId, perKey ? line.cfa : null]));
  return [...clients.values()].flatMap((client) => {
    const times = client.map(({ time }) => Date.parse(time)).sort((one, other) => one - other);
    const { most, until } = fullestWindow(times, windowMs);
    if (most <= limit) return [];
    const [first] = client;
    const who = { opcoId: first?.opcoId ?? '', ...(perKey && { cfa: first?.cfa ?? '' }) };
    return [{ ...who, limit, windowMs, most, until: new Date(until).toISOString() }];
  });
}

/** The most instants in any half-open window that ends with one of them. */
function fullestWindow(times: readonly number[], windowMs: number): { readonly most: number; readonly until: number } {
  let [start, most, until] = [0, 0, 0];
  times.forEach((time, index) => {
    while ((times[start] ?? time) <= time - windowMs) start += 1;
    if (index - start + 1 > most) [most, until] = [index - start + 1, time];
  });
  return { most, until };
}
