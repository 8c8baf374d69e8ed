import fc from 'fast-check';
import { SandboxCfa } from './cfa.js';
import { dice } from './chance.js';
import { contratOf } from './contrat.js';
import { dialects } from './dialects.js';
import type { SandboxDossier } from './dossier.js';
import { drawLife, etatsDossier, legalDays, motifAt, nextChange, stateAt, type Lifecycle } from './lifecycle.js';

const dayMs = 86_400_000;
const depositedAt = Date.parse('2026-08-25T09:30:00Z');
const contrat = contratOf({
  contrat: { dateDebutContrat: '2026-09-01T00:00:00Z', dateFinContrat: '2028-08-31T00:00:00Z' },
});
const paces = Object.values(dialects).map(({ pace }) => pace);
const life = (name: string, pace = dialects.akto.pace) =>
  drawLife({ dice: dice('spec', name), depositedAt, pace, contrat });
const lives = Array.from({ length: 4000 }, (_, rank) => life(`x${rank}`, paces[rank % paces.length]));
const part = (holds: (life: Lifecycle) => boolean) => lives.filter(holds).length / lives.length;

/** norm.md 3.6. */
const ways: Readonly<Record<string, readonly string[]>> = {
  TRANSMIS: ['EN_COURS_INSTRUCTION'],
  EN_COURS_INSTRUCTION: ['ENGAGE', 'REFUSE', 'ANNULE'],
  ENGAGE: ['RUPTURE', 'SOLDE', 'ANNULE'],
};

describe('a life', () => {
  it('takes the ways of the norm, each event at its very instant, and tells the next one', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...paces), (name, pace) => {
        const one = life(name, pace);
        let now = depositedAt;
        expect(stateAt(one, now)).toBe('TRANSMIS');
        for (let next = nextChange(one, now); next !== Infinity; next = nextChange(one, now)) {
          const before = stateAt(one, now);
          expect(next).toBeGreaterThan(now);
          expect(stateAt(one, next - 1)).toBe(before);
          expect(ways[before]).toContain(stateAt(one, next));
          now = next;
        }
        expect(ways[stateAt(one, now)]).toBeUndefined();
      }),
    );
  });

  it('is decided within the legal twenty days, and ends inside its contract or after it', () => {
    for (const { instructionAt, decisionAt, endAt, end, decision } of lives) {
      expect(instructionAt).toBeGreaterThan(depositedAt);
      expect(decisionAt).toBeGreaterThan(instructionAt);
      expect(decisionAt - depositedAt).toBeLessThanOrEqual(legalDays * dayMs);
      if (decision !== 'ENGAGE') continue;
      expect(endAt).toBeGreaterThan(decisionAt);
      if (end === 'RUPTURE') expect(endAt).toBeLessThan(contrat.overAt);
      if (end === 'SOLDE') expect(endAt).toBe(Date.parse('2028-12-31T23:00:00Z'));
    }
  });

  it('comes out as often as it is told: 2 % cancelled, 8 % refused, of the rest 2 % cancelled and 12 % broken', () => {
    expect(part(({ decision }) => decision === 'ANNULE')).toBeCloseTo(0.02, 1);
    expect(part(({ decision }) => decision === 'REFUSE')).toBeCloseTo(0.08, 1);
    expect(part(({ end }) => end === 'RUPTURE')).toBeCloseTo(0.9 * 0.12, 1);
    const early = lives.filter(({ end, endAt }) => end === 'RUPTURE' && endAt < contrat.debutAt + 45 * dayMs).length;
    expect(early / lives.filter(({ end }) => end === 'RUPTURE').length).toBeGreaterThan(0.4);
    expect(part(({ end, decision }) => end === 'ANNULE' && decision === 'ENGAGE')).toBeGreaterThan(0.005);
    expect(new Set(lives.flatMap((each) => [stateAt(each, depositedAt), stateAt(each, Infinity)]))).toEqual(
      new Set(etatsDossier.filter((etat) => etat !== 'EN_COURS_INSTRUCTION' && etat !== 'ENGAGE')),
    );
  });

  it('says why whenever it is refused, cancelled or broken, and not before', () => {
    for (const each of lives) {
      expect(motifAt(each, each.decisionAt - 1)).toBe('');
      if (each.decision !== 'ENGAGE') expect(motifAt(each, each.decisionAt)).not.toBe('');
      else expect([motifAt(each, each.endAt - 1), motifAt(each, each.endAt)]).toEqual(['', each.motif]);
      expect(each.motif).not.toBe('');
    }
    const silent = lives.find(({ motif }) => motif.startsWith('Silence'));
    expect(silent && silent.decisionAt - depositedAt).toBe(legalDays * dayMs);
    expect(lives.find(({ end }) => end === 'RUPTURE')?.motif).toMatch(/^Contrat rompu le 202[678]-\d\d-\d\d\.$/);
  });

  it('is over at the last payment, where there is one, and loses nothing then', () => {
    const one = lives.find(({ end }) => end === 'SOLDE');
    if (!one) throw new Error('no life that ends well');
    const paid = contrat.overAt + 3 * dayMs;
    expect([stateAt(one, paid - 1, paid), stateAt(one, paid, paid), motifAt(one, paid, paid)]).toEqual([
      'ENGAGE',
      'SOLDE',
      '',
    ]);
    // A payment that comes late keeps it open.
    expect(stateAt(one, one.endAt, one.endAt + 1)).toBe('ENGAGE');
    expect(nextChange(one, contrat.overAt, paid)).toBe(paid);
    expect(motifAt(one, one.endAt)).toContain('perdu');
  });
});

describe('the lists of a CFA', () => {
  const dossier = (numeroInterne: string, more: Partial<SandboxDossier> = {}): SandboxDossier => ({
    numeroInterne,
    numeroExterne: 'X',
    numeroDeca: 'D',
    cerfa: {},
    life: life(numeroInterne),
    ...more,
  });
  const etats = (bytes: Buffer) => (JSON.parse(bytes.toString()) as { etat: string }[]).map(({ etat }) => etat);
  const page = (cfa: SandboxCfa, number: number, now: number) =>
    JSON.parse(cfa.etatsPage(number, now).toString()) as {
      total: number;
      count: number;
      EtatDossierResult: { numeroInterne: unknown; etat: string }[];
    };

  it('are the same bytes until something changes, then tell the new state, backwards as forwards', () => {
    const cfa = new SandboxCfa(dialects.afdas, 'key', '1');
    const one = dossier('1');
    cfa.keep(one);
    const first = cfa.etatsWhole(depositedAt);
    expect(cfa.etatsWhole(depositedAt + 1)).toBe(first);
    expect(etats(cfa.etatsWhole(one.life.instructionAt))).toEqual(['EN_COURS_INSTRUCTION']);
    expect(etats(cfa.etatsWhole(depositedAt))).toEqual(['TRANSMIS']);
    cfa.keep(dossier('2'));
    expect(etats(cfa.etatsWhole(depositedAt))).toHaveLength(2);
  });

  it('say at any instant, in any order, what each dossier says itself', () => {
    const cfa = new SandboxCfa(dialects.afdas, 'key', '1');
    const all = Array.from({ length: 250 }, (_, rank) => dossier(`${rank}`));
    for (const each of all) cfa.keep(each);
    fc.assert(
      fc.property(fc.array(fc.nat(900), { minLength: 1, maxLength: 8 }), (days) => {
        for (const now of days.map((day) => depositedAt + day * dayMs)) {
          const truth = all.map((each) => stateAt(each.life, now));
          expect(etats(cfa.etatsWhole(now))).toEqual(truth);
          expect(page(cfa, 2, now).EtatDossierResult.map(({ etat }) => etat)).toEqual(truth.slice(100, 200));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('make only the page that is asked for', () => {
    const cfa = new SandboxCfa(dialects.afdas, 'key', '1');
    let made = 0;
    for (let rank = 0; rank < 1000; rank += 1) {
      const one = dossier(`${rank}`);
      cfa.keep(Object.defineProperty({ ...one }, 'numeroDeca', { get: () => ((made += 1), 'D'), enumerable: true }));
    }
    expect(page(cfa, 4, depositedAt)).toMatchObject({ total: 1000, count: 100 });
    expect(made).toBe(100);
    cfa.keep(dossier('late'));
    expect(page(cfa, 4, depositedAt)).toMatchObject({ total: 1001, count: 100 });
    expect(made).toBe(100);
    expect(page(cfa, 11, depositedAt)).toMatchObject({ count: 1 });
    expect(page(cfa, 1_000_000, depositedAt)).toMatchObject({ count: 0, EtatDossierResult: [] });
  });

  it('spell RUPTURE as AKTO does once it is forced, and otherwise where it is dirty', () => {
    const cfa = new SandboxCfa(dialects.akto, 'key', '1');
    const forced = { etat: 'RUPTURE', commentaire: '' };
    cfa.keep(dossier('1', { forced }));
    cfa.keep(dossier('2', { forced, dirt: 'etat' }));
    expect(page(cfa, 1, 0).EtatDossierResult).toMatchObject([
      { numeroInterne: 1, etat: 'RUPTU' },
      { numeroInterne: 2, etat: 'RUTPURE ' },
    ]);
  });
});
