import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkInvariants } from './invariants.js';
import { Ledger, type LedgerLine } from './ledger.js';

const line: Omit<LedgerLine, 'seq'> = {
  time: '2026-09-01T00:00:00.000Z',
  virtualTime: '',
  opcoId: 'akto',
  route: 'depositDossier',
  cfa: 'c',
  method: 'POST',
  path: '/',
  query: [],
  status: 200,
  decision: 'ok',
  committed: null,
  key: null,
  fault: null,
  body: null,
};
const effect = (numeroInterne: string, key: string, more: Partial<LedgerLine> = {}) => ({
  ...line,
  committed: { type: 'dossier' as const, numeroInterne },
  key,
  ...more,
});
const numbered = (...lines: readonly Omit<LedgerLine, 'seq'>[]): LedgerLine[] =>
  lines.map((each, index) => ({ seq: index + 1, ...each }));

describe('the ledger', () => {
  it('numbers each line and finds them by OPCO, place, effect and all that is equal', () => {
    const ledger = new Ledger();
    ledger.append(line);
    ledger.append(effect('1', 'k'));
    ledger.append({ ...line, opcoId: 'afdas', committed: { type: 'document' }, fault: 'hold' });
    const seqs = (filter: Parameters<Ledger['read']>[0]) => ledger.read(filter).map(({ seq }) => seq);
    expect(seqs({})).toEqual([1, 2, 3]);
    expect(seqs({ opcoId: 'akto', committed: true })).toEqual([2]);
    expect(seqs({ after: 2 })).toEqual([3]);
    expect(seqs({ after: 1, limit: 1 })).toEqual([2]);
    expect(seqs({ faulty: true })).toEqual([3]);
    expect(seqs({ status: 500 })).toEqual([]);
  });

  it('keeps so many lines, and every effect however many requests follow', () => {
    const ledger = new Ledger(undefined, 100);
    ledger.append(effect('1', 'k'));
    for (let index = 0; index < 1000; index += 1) ledger.append(line);
    expect(ledger.read({ committed: true })).toHaveLength(1);
    expect(ledger.read({}).map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 902));
    expect([...ledger.history()].map(({ seq }) => seq).slice(0, 2)).toEqual([1, 902]);
  });

  it('has every line in its file once it is closed, and begins at one again when cleared', () => {
    const folder = mkdtempSync(join(tmpdir(), 'opcovia-ledger-'));
    const path = join(folder, 'ledger.jsonl');
    const ledger = new Ledger(path, 10);
    for (let index = 0; index < 5000; index += 1) ledger.append(line);
    ledger.clear();
    ledger.append(line);
    ledger.close();
    const written = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((text) => (JSON.parse(text) as LedgerLine).seq);
    expect(written).toEqual([...Array.from({ length: 5000 }, (_, index) => index + 1), 1]);
    rmSync(folder, { recursive: true });
  });
});

describe('the invariants', () => {
  it('name the lines of one deposit that took effect twice, at one OPCO and under one key', () => {
    const report = checkInvariants(
      numbered(
        effect('1', 'k'),
        effect('2', 'k'),
        effect('3', 'other'),
        effect('4', 'k', { cfa: 'd' }),
        effect('5', 'k', { opcoId: 'atlas' }),
      ),
    );
    expect(report).toMatchObject({
      ok: false,
      effects: 5,
      doubles: [{ opcoId: 'akto', cfa: 'c', key: 'k', seqs: [1, 2] }],
    });
  });

  it('take what came before a reset for another history', () => {
    const [first, again] = [effect('1', 'k'), effect('1', 'k')];
    expect(checkInvariants([...numbered(line, first), ...numbered(again)])).toMatchObject({ ok: true, lines: 1 });
  });

  it('name what was expected and is not there; one line stands for one expectation', () => {
    const history = numbered(effect('1', 'k'));
    const wanted = { opcoId: 'akto', type: 'dossier', numeroInterne: '1' } as const;
    expect(checkInvariants(history, { expected: [wanted] }).losses).toEqual([]);
    expect(checkInvariants(history, { expected: [wanted, wanted] }).losses).toEqual([wanted]);
    const others = [
      { ...wanted, opcoId: 'atlas' },
      { ...wanted, key: 'no' },
      { opcoId: 'akto', type: 'facture' } as const,
    ];
    expect(checkInvariants(history, { expected: others }).losses).toEqual(others);
  });

  it('see any sliding window that is too full, where fixed ones would not', () => {
    const at = (ms: number, more: Partial<LedgerLine> = {}) => ({ ...line, time: new Date(ms).toISOString(), ...more });
    const burst = [at(900), at(950), at(1050), at(1100), at(1900), at(1950, { route: 'token' })];
    const windows = [{ limit: 3, windowMs: 1000 }];
    const report = checkInvariants(numbered(...burst), { windows });
    expect(report.windows).toEqual([
      { opcoId: 'akto', limit: 3, windowMs: 1000, most: 4, until: '1970-01-01T00:00:01.100Z' },
    ]);
    expect(checkInvariants(numbered(...burst), { windows: [{ limit: 4, windowMs: 1000 }] }).ok).toBe(true);
    const keyed = burst.map((each, index) => ({ ...each, cfa: `c${index % 2}` }));
    expect(checkInvariants(numbered(...keyed), { windows: [{ limit: 3, windowMs: 1000, perKey: true }] }).ok).toBe(
      true,
    );
  });
});
