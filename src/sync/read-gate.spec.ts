import { ReadGate } from './read-gate.js';

/** A piece of work that ends when told. */
function held() {
  let end = () => {};
  const work = new Promise<void>((resolve) => (end = resolve));
  return { work: () => work, end: () => end() };
}

describe('the gate of bulk reads', () => {
  it('lets so many of one OPCO in, the longest waiting next, and knows nothing of other OPCOs', async () => {
    const gate = new ReadGate(1);
    const [first, order] = [held(), [] as string[]];
    const one = gate.through('akto', first.work).then(() => order.push('one'));
    const two = gate.through('akto', async () => void order.push('two'));
    const three = gate.through('akto', async () => void order.push('three'));
    await gate.through('afdas', async () => void order.push('elsewhere'));
    expect(order).toEqual(['elsewhere']);
    first.end();
    await Promise.all([one, two, three]);
    expect(order.filter((each) => each !== 'one')).toEqual(['elsewhere', 'two', 'three']);
  });

  it('gives a place back when the work fails', async () => {
    const gate = new ReadGate(1);
    await expect(gate.through('akto', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await gate.through('akto', async () => 'in')).toBe('in');
  });
});
