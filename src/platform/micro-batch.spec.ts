import { MicroBatch, type BatchLimits } from './micro-batch.js';

interface Item {
  readonly key: string;
  readonly bytes: number;
}

/** A batcher whose batches end when the test says so. */
const roomy = { waitingRows: 99, waitingBytes: 9999 };
function batcher(limits: BatchLimits = { rows: 3, bytes: 100, inFlight: 1, ...roomy }) {
  const batches: (readonly Item[])[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const batch = new MicroBatch<Item, string>(
    limits,
    { bytesOf: ({ bytes }) => bytes, keyOf: ({ key }) => key },
    (items) => {
      batches.push(items);
      return new Promise((resolve, reject) =>
        ends.push({ resolve: () => resolve(items.map(({ key }) => key)), reject }),
      );
    },
  );
  const add = (key: string, bytes = 1, signal?: AbortSignal) => batch.add({ key, bytes }, signal);
  const end = (index: number) => ends[index]?.resolve();
  return { add, batches, end, break: (index: number) => ends[index]?.reject(new Error('broken')) };
}
const tick = () => new Promise((resolve) => setImmediate(resolve));
const keysOf = (batches: (readonly Item[])[]) => batches.map((items) => items.map(({ key }) => key).join(''));

describe('a micro-batch', () => {
  it('sends what came in one tick together, and gives each its own result', async () => {
    const { add, batches, end } = batcher();
    const results = Promise.all([add('a'), add('b'), add('c')]);
    await tick();
    end(0);
    expect(await results).toEqual(['a', 'b', 'c']);
    expect(keysOf(batches)).toEqual(['abc']);
  });

  it('gathers the next one while the limit of batches is under way', async () => {
    const { add, batches, end } = batcher();
    const first = add('a');
    await tick();
    const rest = Promise.all([add('b'), add('c'), add('d'), add('e')]);
    await tick();
    expect(keysOf(batches)).toEqual(['a']);
    end(0);
    await first;
    await tick();
    expect(keysOf(batches)).toEqual(['a', 'bcd']);
    end(1);
    await tick();
    await tick();
    end(2);
    expect(await rest).toEqual(['b', 'c', 'd', 'e']);
  });

  it('never puts one key twice into a batch, nor changes the order of a key', async () => {
    const { add, batches, end } = batcher();
    const all = Promise.all([add('a'), add('a'), add('b')]);
    await tick();
    expect(keysOf(batches)).toEqual(['ab']);
    end(0);
    await tick();
    await tick();
    expect(keysOf(batches)).toEqual(['ab', 'a']);
    end(1);
    await all;
  });

  it('ends a batch before it grows too heavy, and sends a heavy one alone', async () => {
    const { add, batches } = batcher({ rows: 9, bytes: 100, inFlight: 9, ...roomy });
    void add('a', 500);
    void add('b', 60);
    void add('c', 60);
    for (let turn = 0; turn < 4; turn++) await tick();
    expect(keysOf(batches)).toEqual(['a', 'b', 'c']);
  });

  it('never runs what was withdrawn while it waited, and keeps what was already taken', async () => {
    const { add, batches, end } = batcher();
    const [early, late] = [new AbortController(), new AbortController()];
    const first = add('a', 1, early.signal);
    await tick();
    const second = add('b', 1, late.signal);
    const third = add('c');
    early.abort(new Error('too late'));
    late.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    end(0);
    expect(await first).toBe('a');
    await tick();
    end(1);
    expect(await third).toBe('c');
    expect(keysOf(batches)).toEqual(['a', 'c']);
  });

  it('calls nobody when all that waited was withdrawn', async () => {
    const { add, batches } = batcher();
    const leaving = new AbortController();
    const only = add('a', 1, leaving.signal);
    leaving.abort(new Error('gave up'));
    await expect(only).rejects.toThrow('gave up');
    await tick();
    expect(batches).toEqual([]);
  });

  it('refuses at once what would wait beyond its bounds, in rows and in bytes', async () => {
    const { add, end } = batcher({ rows: 1, bytes: 100, inFlight: 1, waitingRows: 2, waitingBytes: 50 });
    const first = add('a');
    await tick();
    const heavy = add('b', 500);
    expect(() => add('c')).toThrow('OVERLOADED');
    end(0);
    await first;
    await tick();
    const light = [add('d', 20), add('e', 20)];
    expect(() => add('f', 1)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ retryAfterSeconds: 5 }) }),
    );
    for (let batch = 1; batch < 4; batch++) {
      end(batch);
      await tick();
      await tick();
    }
    expect(await Promise.all([heavy, ...light])).toEqual(['b', 'd', 'e']);
  });

  it('refuses everybody in a batch that broke, and nobody else', async () => {
    const { add, end, break: breakBatch } = batcher();
    const first = add('a');
    await tick();
    const second = add('b');
    breakBatch(0);
    await expect(first).rejects.toThrow('broken');
    await tick();
    end(1);
    expect(await second).toBe('b');
  });
});
