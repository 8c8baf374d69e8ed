import fc from 'fast-check';
import { SandboxCfa } from './cfa.js';
import { chance, drawn } from './chance.js';
import { dialects } from './dialects.js';
import { Faults, isFault } from './faults.js';
import { schedule } from './funding.js';
import { drawLife, nextChange, stateAt } from './lifecycle.js';
import { Ledger } from './ledger.js';
import { Quotas } from './quotas.js';
import { VirtualClock } from './virtual-clock.js';

/** A clock that a test moves by hand. */
function handClock(start = 0) {
  let time = start;
  return { now: () => time, elapsed: () => time, move: (ms: number) => void (time += ms) };
}

const dayMs = 86_400_000;

describe('the virtual clock', () => {
  it('runs at its speed from its base, and jumps when told', () => {
    const clock = handClock(1000);
    const virtual = new VirtualClock(clock, 10);
    clock.move(100);
    expect(virtual.now()).toBe(2000);
    virtual.advance(5);
    expect(virtual.now()).toBe(7000);
    virtual.run(1);
    clock.move(100);
    expect(virtual.now()).toBe(7100);
    virtual.set(0);
    expect(virtual.now()).toBe(0);
  });
});

describe('chance', () => {
  it('depends on the seed and the names alone, and keeps its bounds', () => {
    expect(chance('a', 'x', 1)).toBe(chance('a', 'x', 1));
    expect(chance('a', 'x', 1)).not.toBe(chance('b', 'x', 1));
    fc.assert(
      fc.property(fc.string(), fc.nat(9), (seed, span) => {
        const number = drawn(3, 3 + span, seed, 'x');
        return number >= 3 && number <= 3 + span;
      }),
    );
  });
});

describe('a life', () => {
  it('goes one way, one to three days a step, whatever the seed', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const life = drawLife(seed, 'x', 0);
        expect(stateAt(life, 0)).toBe('TRANSMIS');
        expect(stateAt(life, dayMs - 1)).toBe('TRANSMIS');
        expect(stateAt(life, life.instructionAt)).toBe('EN_COURS_INSTRUCTION');
        expect(stateAt(life, 6 * dayMs)).toBe(life.refused ? 'REFUSE' : 'ENGAGE');
        expect([nextChange(life, 0), nextChange(life, life.instructionAt), nextChange(life, life.decisionAt)]).toEqual([
          life.instructionAt,
          life.decisionAt,
          Infinity,
        ]);
      }),
    );
  });

  it('ends in a refusal for about one in ten', () => {
    const refused = Array.from({ length: 2000 }, (_, index) => drawLife('seed', `x${index}`, 0).refused).filter(
      Boolean,
    ).length;
    expect(refused).toBeGreaterThan(140);
    expect(refused).toBeLessThan(260);
  });
});

describe('quotas', () => {
  it('grant a window, then tell the true wait, then grant again', () => {
    const clock = handClock(10_000);
    const quotas = new Quotas(clock);
    quotas.set('akto', { limit: 2, windowMs: 10_000 });
    expect([quotas.take('akto', 'c'), quotas.take('akto', 'c'), quotas.take('akto', 'c')]).toEqual([0, 0, 10]);
    expect(quotas.take('akto', 'other')).toBe(0);
    expect(quotas.take('afdas', 'c')).toBe(0);
    clock.move(7500);
    expect(quotas.take('akto', 'c')).toBe(3);
    clock.move(2500);
    expect(quotas.take('akto', 'c')).toBe(0);
  });
});

describe('faults', () => {
  it('strike what they name, as often as they say, in their order', () => {
    const faults = new Faults();
    faults.arm([
      { kind: 'truncate', opcoId: 'akto', method: 'POST', path: '/v2/dossiers', times: 1 },
      { kind: 'status', status: 503, path: '/v1/*', times: 2 },
    ]);
    expect(faults.strike('akto', 'GET', '/v2/dossiers')).toBeUndefined();
    expect(faults.strike('akto', 'POST', '/v2/dossiers')).toMatchObject({ kind: 'truncate' });
    expect(faults.strike('akto', 'POST', '/v2/dossiers')).toBeUndefined();
    expect(faults.strike('afdas', 'GET', '/v1/status')).toMatchObject({ status: 503 });
    expect(faults.size).toBe(1);
    faults.clear();
    expect(faults.strike('afdas', 'GET', '/v1/status')).toBeUndefined();
  });

  it('are refused when a field is missing or the kind unknown', () => {
    const kinds: unknown[] = [
      { kind: 'latency' },
      { kind: 'status' },
      { kind: 'explode' },
      {},
      null,
      'x',
      { kind: 'status', status: 42 },
    ];
    expect(kinds.filter(isFault)).toEqual([]);
    expect(
      [{ kind: 'latency', ms: 5 }, { kind: 'truncate' }, { kind: 'commit-then-status', status: 502 }].every(isFault),
    ).toBe(true);
  });
});

describe('the funding schedule', () => {
  it('adds up to the annual amount of each whole year, and to the day for what is left', () => {
    const cents = (debut: string, fin: string) =>
      schedule(debut, fin, 800_000).reduce((sum, each) => sum + each.cents, 0);
    expect(cents('2026-09-01', '2028-08-31')).toBe(1_600_000);
    // norm.md 3.14: twelve months and three days are 3/365 more.
    expect(cents('2026-09-01', '2027-09-03')).toBe(800_000 + Math.round((800_000 * 3) / 366));
    expect(schedule('2026-09-01', '2027-08-31', 800_000).map((each) => [each.cents, each.dateOuverture])).toEqual([
      [320_000, '2026-09-01'],
      [240_000, '2027-03-01'],
      [160_000, '2027-06-01'],
      [80_000, '2027-09-01'],
    ]);
  });
});

describe('the ledger', () => {
  const line = {
    time: '',
    virtualTime: '',
    cfa: null,
    method: 'POST',
    path: '/',
    query: [],
    status: 200,
    decision: 'ok',
    body: null,
  };

  it('numbers each line and finds them by OPCO, place and effect', () => {
    const ledger = new Ledger();
    ledger.append({ ...line, opcoId: 'akto', committed: null });
    ledger.append({ ...line, opcoId: 'akto', committed: { type: 'dossier', numeroInterne: '1' } });
    ledger.append({ ...line, opcoId: 'afdas', committed: { type: 'document' } });
    expect(ledger.read({}).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(ledger.read({ opcoId: 'akto', committed: true }).map(({ seq }) => seq)).toEqual([2]);
    expect(ledger.read({ after: 2 }).map(({ seq }) => seq)).toEqual([3]);
  });

  it('keeps every effect, however many requests follow', () => {
    const ledger = new Ledger();
    ledger.append({ ...line, opcoId: 'akto', committed: { type: 'dossier', numeroInterne: '1' } });
    for (let index = 0; index < 400_001; index += 1) ledger.append({ ...line, opcoId: 'akto', committed: null });
    expect(ledger.read({ committed: true })).toHaveLength(1);
    expect(ledger.read({}).length).toBeLessThanOrEqual(400_000);
  });
});

describe('the lists of a CFA', () => {
  const dossier = (numeroInterne: string, depositedAt: number) => ({
    numeroInterne,
    numeroExterne: 'X',
    numeroDeca: 'D',
    cerfa: {},
    life: drawLife('s', numeroInterne, depositedAt),
  });
  const etats = (bytes: Buffer) => (JSON.parse(bytes.toString()) as { etat: string }[]).map(({ etat }) => etat);

  it('are the same bytes until something changes, then tell the new state', () => {
    const cfa = new SandboxCfa(dialects.afdas, 'key', '1');
    const one = dossier('1', 0);
    cfa.keep(one);
    const first = cfa.etatsWhole(1);
    expect(cfa.etatsWhole(2)).toBe(first);
    expect(etats(cfa.etatsWhole(one.life.instructionAt))).toEqual(['EN_COURS_INSTRUCTION']);
    expect(etats(cfa.etatsWhole(1))).toEqual(['TRANSMIS']);
    cfa.keep(dossier('2', 0));
    expect(etats(cfa.etatsWhole(1))).toHaveLength(2);
  });

  it('spell RUPTURE as AKTO does once it is forced', () => {
    const cfa = new SandboxCfa(dialects.akto, 'key', '1');
    cfa.keep({ ...dossier('1', 0), forced: { etat: 'RUPTURE', commentaire: '' } });
    const page = JSON.parse(cfa.etatsPage(1, 0).toString()) as { EtatDossierResult: unknown[] };
    expect(page.EtatDossierResult).toMatchObject([{ numeroInterne: 1, etat: 'RUPTU' }]);
  });
});
