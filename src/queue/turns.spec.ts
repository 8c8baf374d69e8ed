import { Turns } from './turns.js';

const served = (tenant: string, weight = 1, floor = 0) => ({ tenant, weight, floor });

describe('turns', () => {
  it('are owed in parts of a round: the heavier a tenant, the less one turn costs it', () => {
    const turns = new Turns();
    turns.note([served('a', 1), served('b', 4)]);
    expect([...turns.debts]).toEqual([
      ['a', 1],
      ['b', 0.25],
    ]);
  });

  it('are forgotten as far as everybody who waits has had them', () => {
    const turns = new Turns();
    turns.note([served('a', 1), served('b', 2)]);
    turns.note([served('b', 2, 0.5)]);
    expect([...turns.debts]).toEqual([
      ['a', 0.5],
      ['b', 0.5],
    ]);
    turns.note([served('c', 1, 0.5)]);
    expect([...turns.debts.keys()]).toEqual(['c']);
  });

  it('never put a tenant back by more than one round, however many it had alone', () => {
    const turns = new Turns();
    turns.note(Array.from({ length: 50 }, () => served('a')));
    expect(turns.debts.get('a')).toBe(1);
  });

  it('stay as they are when nobody was served', () => {
    const turns = new Turns();
    turns.note([]);
    expect(turns.debts.size).toBe(0);
  });
});
