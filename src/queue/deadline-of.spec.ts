import { exampleCerfa } from '../core/contract/cerfa-example.js';
import { deadlineOf } from './deadline-of.js';

describe('the deadline of a deposit', () => {
  const cerfa = exampleCerfa();
  const startingOn = (dateDebutContrat: unknown) => ({
    cerfa: { ...cerfa, contrat: { ...cerfa.contrat, dateDebutContrat } },
  });
  const now = new Date('2026-09-02T08:00:00Z');

  it('of a contract is the end of the fifth working day after its start', () => {
    expect(deadlineOf('dossiers', startingOn('2026-09-01'), now)).toEqual(new Date('2026-09-07T22:00:00Z'));
    expect(deadlineOf('dossiers', startingOn('2026-12-24'), now)).toEqual(new Date('2026-12-31T22:00:00Z'));
  });

  it('is none once it has passed', () => {
    expect(deadlineOf('dossiers', startingOn('2026-08-26'), now)).toBeUndefined();
  });

  it('is none where the law names none, or the body no start', () => {
    expect(deadlineOf('factures', startingOn('2026-09-01'), now)).toBeUndefined();
    for (const body of [null, {}, { cerfa: {} }, startingOn(null), startingOn('bientôt')])
      expect(deadlineOf('dossiers', body, now)).toBeUndefined();
  });
});
