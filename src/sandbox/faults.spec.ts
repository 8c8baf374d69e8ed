import { readFileSync } from 'node:fs';
import { delayOf } from './delays.js';
import { BadFault, wordNames, wordOf } from './fault-words.js';
import { Faults, type FaultOrder, type Target } from './faults.js';

const target = (more: Partial<Target> = {}): Target => ({
  opcoId: 'akto',
  method: 'POST',
  path: '/v2/dossiers',
  route: 'depositDossier',
  ...more,
});

function someFaults(seed = 'spec') {
  const time = { virtual: 0, elapsed: 0 };
  const faults = new Faults({ virtualNow: () => time.virtual, elapsed: () => time.elapsed, seed: () => seed });
  const played = (more: Partial<Target> = {}) => faults.strike(target(more))?.word.named;
  const arm = (...orders: readonly FaultOrder[]) => faults.arm(orders);
  return { faults, time, played, arm };
}

describe('faults', () => {
  it('strike what they name, as often as they say, in their order', () => {
    const { faults, played, arm } = someFaults();
    arm(
      { kind: 'truncate', opcoId: 'akto', method: 'POST', path: '/v2/dossiers', times: 1 },
      { kind: 'status', status: 503, path: '/v1/*', times: 2 },
    );
    expect(played({ method: 'GET' })).toBeUndefined();
    expect(played()).toBe('truncate');
    expect(played()).toBeUndefined();
    expect(faults.strike(target({ opcoId: 'afdas', path: '/v1/status' }))?.word).toMatchObject({ status: 503 });
    expect(faults.size).toBe(1);
    faults.clear();
    expect(played({ path: '/v1/status' })).toBeUndefined();
  });

  it('know a route by its name and a CFA by its fingerprint', () => {
    const { played, arm } = someFaults();
    // sha256 of "one" begins so.
    arm({ kind: 'ok', route: 'etats' }, { kind: 'truncate', cfa: '7692c3ad3540' });
    expect(played({ apiKey: 'one' })).toBe('truncate');
    expect([played({ apiKey: 'two' }), played()]).toEqual([undefined, undefined]);
    expect(played({ route: 'etats' })).toBe('ok');
  });

  it('play a script in order, one word for each matching request, then are gone', () => {
    const { played, arm, faults } = someFaults();
    arm({ method: 'POST', script: ['ok', 'commit+rst', '429(2)', { kind: 'hold', ms: 5 }, 'commit+502'] });
    expect([played(), played({ method: 'GET' }), played(), played(), played(), played(), played()]).toEqual([
      'ok',
      undefined,
      'commit+rst',
      '429',
      'hold',
      'commit+502',
      undefined,
    ]);
    expect(faults.size).toBe(0);
  });

  it('begin a script again when it has more times than words', () => {
    const { played, arm } = someFaults();
    arm({ script: ['ok', '501'], times: 3 });
    expect([played(), played(), played(), played()]).toEqual(['ok', '501', 'ok', undefined]);
  });

  it('fall with their probability, the same way under the same seed and another under another', () => {
    const fallen = (seed: string) => {
      const { played, arm } = someFaults(seed);
      arm({ kind: 'truncate', probability: 0.3 });
      return Array.from({ length: 1000 }, () => played() !== undefined);
    };
    const first = fallen('a');
    expect(fallen('a')).toEqual(first);
    expect(fallen('b')).not.toEqual(first);
    const share = first.filter(Boolean).length;
    expect(share).toBeGreaterThan(240);
    expect(share).toBeLessThan(360);
  });

  it('last from a virtual instant until another, or for so many real milliseconds', () => {
    const { played, arm, time, faults } = someFaults();
    arm({ kind: 'ok', from: '1970-01-02', until: 2 * 86_400_000 }, { kind: '501', forMs: 100 });
    expect(played()).toBe('501');
    time.virtual = 86_400_000;
    expect(played()).toBe('ok');
    time.virtual = 2 * 86_400_000;
    expect(played()).toBe('501');
    time.elapsed = 100;
    expect(played()).toBeUndefined();
    expect(faults.list()).toEqual([]);
  });

  it('let a latency without end pass on to the next fault, and add up delays', () => {
    const { faults, arm } = someFaults();
    arm({ kind: 'latency', ms: 5 }, { kind: 'latency', ms: 2 }, { kind: 'commit+rst', times: 1 });
    expect(faults.strike(target())).toMatchObject({ delayMs: 7, word: { kind: 'commit-then-reset' } });
    expect(faults.strike(target())).toMatchObject({ delayMs: 7, word: { kind: 'latency' } });
  });

  it('leave page words to pages and look-up words to reads', () => {
    const { played, arm } = someFaults();
    arm({ kind: 'short-page' }, { kind: 'lookup-501' });
    expect(played()).toBeUndefined();
    expect(played({ method: 'GET', route: 'etats' })).toBe('short-page');
    expect(played({ method: 'GET', route: 'dossier' })).toBe('lookup-501');
  });

  it('are listed with what they did, and removed by number', () => {
    const { faults, arm, played } = someFaults();
    expect(arm({ kind: 'ok', times: 2 }, { kind: '501' }).map(({ id }) => id)).toEqual([1, 2]);
    played();
    expect(faults.list()).toMatchObject([
      { id: 1, struck: 1, left: 1 },
      { id: 2, struck: 0, left: null },
    ]);
    expect([faults.remove(1), faults.remove(1)]).toEqual([true, false]);
    faults.reset();
    expect(arm({ kind: 'ok' })).toMatchObject([{ id: 1 }]);
  });

  it.each<[unknown, RegExp]>([
    [{ kind: 'latency' }, /either ms or distribution/],
    [{ kind: 'status' }, /status/],
    [{ kind: 'explode' }, /no fault; known/],
    [{}, /kind/],
    [{ kind: 'status', status: 42 }, /status/],
    [{ kind: 'ok', oups: 1 }, /oups/],
    [{ kind: 'ok', probability: 2 }, /probability/],
    [{ kind: 'ok', until: '1970-99-99' }, /until/],
    [{ kind: 'ok', script: ['ok'] }, /not both/],
    [{ script: ['429(1,2)'] }, /429\(1,2\)/],
    [{ script: [7] }, /object with a kind/],
    [{ kind: 'lookup-stale' }, /lookup-stale/],
  ])('refuse %j and say why', (order, reason) => {
    const { faults, arm } = someFaults();
    expect(() => arm({ kind: 'ok' }, order as FaultOrder)).toThrow(BadFault);
    expect(() => arm(order as FaultOrder)).toThrow(reason);
    expect(faults.size).toBe(0);
  });
});

describe('a word', () => {
  it.each([
    ['hold(500)', { kind: 'hold', ms: 500 }],
    ['commit+hold(5)', { kind: 'hold', ms: 5, named: 'commit+hold' }],
    ['commit+503', { kind: 'commit-then-status', status: 503 }],
    ['reject(422, DOUBLON, Déjà là)', { kind: 'reject', status: 422, code: 'DOUBLON', description: 'Déjà là' }],
    ['429', { kind: '429' }],
    ['moving-pages(-2)', { kind: 'moving-pages', by: -2 }],
    ['drift(type, numeroInterne)', { kind: 'drift', change: 'type', field: 'numeroInterne' }],
  ])('%s is short for an object', (text, word) => {
    expect(wordOf(text)).toMatchObject(word);
  });
});

describe('the page for vendors', () => {
  it('explains every word', () => {
    const explained = readFileSync('docs/sandbox.md', 'utf8');
    const rows = explained
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .join('\n');
    expect(wordNames.filter((name) => !new RegExp(`\\|.*\`${name.replaceAll('+', '\\+')}[(\`]`).test(rows))).toEqual(
      [],
    );
  });
});

describe('a delay', () => {
  it('has the distribution that was asked', () => {
    const grid = Array.from({ length: 40 }, (_, one) =>
      Array.from({ length: 40 }, (_, two) => [(one + 0.5) / 40, (two + 0.5) / 40]),
    );
    const drawn = (order: Parameters<typeof delayOf>[0]) =>
      grid
        .flat()
        .map(([one = 0, two = 0]) => delayOf(order, one, two))
        .sort((a, b) => a - b);
    const [least, most] = [
      drawn({ kind: 'uniform', min: 10, max: 50 }).at(0),
      drawn({ kind: 'uniform', min: 10, max: 50 }).at(-1),
    ];
    expect([least, most]).toEqual([11, 50]);
    expect(new Set(drawn({ kind: 'constant', ms: 7 }))).toEqual(new Set([7]));
    const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
    expect(mean(drawn({ kind: 'exponential', ms: 1000 }))).toBeCloseTo(1000, -2);
    expect(drawn({ kind: 'lognormal', ms: 1000, sigma: 1 })[800]).toBeCloseTo(1000, -2);
  });
});
