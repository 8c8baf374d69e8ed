import { backOff, choosePace } from './choose-pace.js';

const pace = (etats: string[], interval = 60, random = 0.5) => choosePace({ etats: new Set(etats) }, interval, random);

describe('choosePace', () => {
  it('halves the interval while a dossier is being examined', () => {
    expect(pace(['SOLDE', 'TRANSMIS'])).toBe(30);
    expect(pace(['EN_COURS_INSTRUCTION'])).toBe(30);
  });

  it('takes ten intervals once every dossier is over, an hour at most', () => {
    expect(pace(['SOLDE', 'RUPTURE'])).toBe(600);
    expect(pace(['SOLDE'], 600)).toBe(3600);
  });

  it('keeps the interval for engaged, unknown and no dossiers', () => {
    expect(pace(['ENGAGE', 'SOLDE'])).toBe(60);
    expect(pace(['NOUVEL_ETAT'])).toBe(60);
    expect(pace([])).toBe(60);
  });

  it('spreads tenants by ten per cent', () => {
    expect(pace(['ENGAGE'], 60, 0)).toBeCloseTo(54);
    expect(pace(['ENGAGE'], 60, 0.999_999)).toBeCloseTo(66);
  });

  it('doubles with each failure, an hour at most unless the interval itself is longer', () => {
    expect([1, 2, 3].map((failures) => backOff(failures, 60, 0.5))).toEqual([120, 240, 480]);
    expect(backOff(500, 60, 0.5)).toBe(3600);
    expect(backOff(1, 7200, 0.5)).toBe(7200);
  });
});
