import { Fleet, type Cargo, type Ship } from '../support/a-fleet.js';
import { endWhereListed } from '../support/after-a-lost-answer.js';
import { control, eventually } from '../support/product.js';

describe('a process that is frozen for longer than its attempt counts as alive', () => {
  let fleet: Fleet;
  let frozen: Ship;
  let other: Ship | undefined;

  beforeAll(async () => {
    fleet = await Fleet.of('frozen');
  });
  afterAll(() => fleet.stop());
  beforeEach(async () => {
    if (other) await Promise.all([fleet.kill(frozen), fleet.kill(other)]);
    frozen = await fleet.launch();
  });
  afterEach(() => expect(fleet.offences()).toEqual([]));

  const fault = (order: object) => control(fleet.sandbox, '/_sandbox/faults', order);
  const posts = ({ opcoId }: Cargo) =>
    fleet.sandbox.world.ledger.read({ opcoId, method: 'POST' }).filter(({ route }) => route !== 'token').length;
  /** The frozen one wakes, and works again: it has ended a deposit that only it could take. */
  const wake = async () => {
    frozen.process.child.kill('SIGCONT');
    if (other) await fleet.kill(other);
    const later = fleet.document(`after-${fleet.cargo.length}`, 'opco-ep');
    await fleet.accepted(() => frozen, later);
    await fleet.ended(frozen, later);
  };

  it('finds its deposit taken over before the first byte, and does not send it', async () => {
    await fault({ opcoId: 'akto', route: 'token', kind: 'hold', ms: 8000, times: 1 });
    const cargo = await fleet.facture('before');
    await fleet.send(frozen, cargo);
    await eventually(
      async () => fleet.sandbox.world.ledger.read({ opcoId: 'akto', route: 'token' }).length,
      (asked) => asked > 0,
    );
    frozen.process.child.kill('SIGSTOP');
    other = await fleet.launch();
    expect(await fleet.ended(other, cargo)).toMatchObject({ status: 'completed' });
    expect([fleet.effects(cargo).length, posts(cargo)]).toEqual([1, 1]);
    await wake();
    expect([fleet.effects(cargo).length, posts(cargo)]).toEqual([1, 1]);
    expect(await fleet.job(frozen, cargo)).toMatchObject({ status: 'completed' });
  });

  it('finds it taken over after the last byte, and its late answer changes nothing', async () => {
    const cargo = await fleet.facture('after');
    await fault({ opcoId: 'akto', route: 'depositFacture', kind: 'hold', ms: 2000, times: 1 });
    const before = posts(cargo);
    await fleet.send(frozen, cargo);
    await eventually(
      async () => fleet.effects(cargo).length,
      (effects) => effects === 1,
    );
    frozen.process.child.kill('SIGSTOP');
    other = await fleet.launch();
    const ended = await fleet.ended(other, cargo);
    expect(ended).toMatchObject({ status: endWhereListed });
    await wake();
    expect(await fleet.job(frozen, cargo)).toEqual(ended);
    expect([fleet.effects(cargo).length, posts(cargo) - before]).toEqual([1, 1]);
  });
});
