import { Rounds } from './rounds.js';

/** Work that ends when the test says so. */
function gated() {
  const ends: ((more: boolean) => void)[] = [];
  const work = jest.fn(() => new Promise<boolean>((resolve) => ends.push(resolve)));
  const end = async (more = false) => {
    ends.shift()?.(more);
    await new Promise(setImmediate);
  };
  return { work, end };
}

describe('Rounds', () => {
  it('never runs twice at once, and runs once more for any number of wake-ups meanwhile', async () => {
    const { work, end } = gated();
    const rounds = new Rounds({ work, onError: () => undefined });
    for (let n = 0; n < 5; n++) rounds.wake();
    expect(work).toHaveBeenCalledTimes(1);
    rounds.wake();
    await end();
    expect(work).toHaveBeenCalledTimes(2);
    await end();
    expect(work).toHaveBeenCalledTimes(2);
    rounds.wake();
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('goes on while there is more', async () => {
    const { work, end } = gated();
    new Rounds({ work, onError: () => undefined }).wake();
    await end(true);
    await end(false);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('tells of a round that threw, and works again at the next wake-up', async () => {
    const failure = new Error('no');
    const told: unknown[] = [];
    const work = jest.fn<Promise<boolean>, []>().mockRejectedValueOnce(failure).mockResolvedValue(false);
    const rounds = new Rounds({ work, onError: (error) => told.push(error) });
    rounds.wake();
    await new Promise(setImmediate);
    expect(told).toEqual([failure]);
    expect(work).toHaveBeenCalledTimes(1);
    rounds.wake();
    await new Promise(setImmediate);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('stops after the round under way, and for good', async () => {
    const { work, end } = gated();
    const rounds = new Rounds({ work, onError: () => undefined });
    rounds.wake();
    const stopped = rounds.stop();
    await end(true);
    await stopped;
    rounds.wake();
    expect(work).toHaveBeenCalledTimes(1);
  });
});
