import { HeavyTurns } from './heavy-turns.js';

describe('heavy turns', () => {
  it('come in the order asked for, with the event loop served between two of them', async () => {
    const turns = new HeavyTurns();
    const seen: string[] = [];
    const work = async (name: string) => {
      await turns.next();
      seen.push(name);
      setImmediate(() => seen.push('loop'));
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(seen).toEqual(['a', 'loop', 'b', 'loop', 'c']);
  });
});
