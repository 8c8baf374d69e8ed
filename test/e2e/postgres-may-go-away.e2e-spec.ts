import { Fleet, type Cargo, type Ship } from '../support/a-fleet.js';
import { Tap } from '../support/a-tap.js';
import { control } from '../support/product.js';

describe('a PostgreSQL that goes away', () => {
  let fleet: Fleet;
  let tap: Tap;
  let ship: Ship;

  beforeAll(async () => {
    fleet = await Fleet.of('away');
    tap = await Tap.to(fleet.services.databaseUrl);
    ship = await fleet.launch({ DATABASE_URL: tap.url });
  });
  afterAll(async () => {
    await fleet.stop();
    tap.close();
  });
  afterEach(() => {
    expect(fleet.offences()).toEqual([]);
    expect(ship.process.child.exitCode).toBeNull();
  });

  /** Six deposits that are under way while it happens; all are accepted in the end, and end as completed or in review. */
  const during = async (name: string, happens: () => Promise<unknown>): Promise<readonly Cargo[]> => {
    const sent = Array.from({ length: 6 }, (_, rank) => fleet.document(`${name}-${rank}`));
    const accepting = sent.map((cargo) => fleet.accepted(() => ship, cargo));
    await happens();
    await Promise.all(accepting);
    return sent;
  };
  const allEnd = async (sent: readonly Cargo[]) => {
    for (const cargo of sent) expect(['completed', 'needs_review']).toContain((await fleet.ended(ship, cargo)).status);
    const answered = sent.flatMap(({ answers }) => answers.map(({ status }) => status));
    expect(answered.filter((status) => ![200, 202, 503].includes(status))).toEqual([]);
  };
  const terminate = () =>
    fleet.asOwner(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
       WHERE usename = current_user AND pid <> pg_backend_pid()`,
    );

  it('at once and without goodbye, three times, costs no deposit; clients hear 202, 200 or 503', async () => {
    const sent: Cargo[] = [];
    for (const time of [1, 2, 3]) sent.push(...(await during(`stop-${time}`, () => fleet.services.restartPostgres())));
    await allEnd(sent);
  });

  it('by ending all its sessions while jobs are active, costs no deposit, and is asked again within ten seconds', async () => {
    await control(fleet.sandbox, '/_sandbox/faults', {
      ...{ opcoId: 'opco-ep', route: 'depositDocument', kind: 'hold', ms: 1000, times: 10 },
    });
    const sent: Cargo[] = [];
    for (const time of [1, 2, 3]) sent.push(...(await during(`end-${time}`, terminate)));
    await terminate();
    const begun = performance.now();
    sent.push(...(await during('again', async () => undefined)));
    expect(performance.now() - begun).toBeLessThan(10_000);
    await allEnd(sent);
  });

  it('for sessions that it has only just opened, ends no process', async () => {
    for (let time = 0; time < 60; time += 1) {
      await terminate();
      await new Promise((resolve) => setTimeout(resolve, time % 30));
      expect([time, ship.process.child.exitCode]).toEqual([time, null]);
    }
    await allEnd(await during('opened', async () => undefined));
  });

  it('with the answer to an acceptance gives one job and one effect', async () => {
    const cargo = fleet.document('lost-answer');
    const swallowed = tap.swallowAnswerTo('accept_deposits');
    const first = await fleet.send(ship, cargo);
    await swallowed;
    expect([202, 503]).toContain(first.status);
    const again = await fleet.accepted(() => ship, cargo);
    if (first.status === 202) expect([again.status, again.jobId]).toEqual([200, first.jobId]);
    expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    expect(fleet.effects(cargo)).toHaveLength(1);
  });

  it('with the answers to whatever it commits while deposits are worked on, costs none of them', async () => {
    const sent = await during('commits', async () => {
      for (let time = 0; time < 8; time += 1) await tap.swallowAnswerTo('COMMIT');
    });
    for (let time = 0; time < 8; time += 1) await tap.swallowAnswerTo('COMMIT');
    await allEnd(sent);
  });
});
