import { WorkerWatchdog } from './worker-watchdog.js';

function aWatch() {
  const world = { elapsed: 0, waiting: 0, moves: 0, away: false };
  const restarts: string[] = [];
  const watchdog = new WorkerWatchdog({
    opcoIds: ['akto'],
    queues: { waiting: () => (world.away ? Promise.reject(new Error('away')) : Promise.resolve(world.waiting)) },
    workers: { moves: () => world.moves, restart: () => Promise.resolve() },
    clock: { elapsed: () => world.elapsed },
    restarted: (opcoId) => restarts.push(opcoId),
    stuckMs: 1000,
  });
  const lookAfter = async (ms: number) => {
    world.elapsed += ms;
    await watchdog.look();
  };
  return { world, restarts, lookAfter };
}

describe('the watchdog of the workers', () => {
  it('restarts a worker that does nothing while deliveries wait, once for each such time', async () => {
    const { world, restarts, lookAfter } = aWatch();
    world.waiting = 3;
    for (const ms of [0, 500, 499]) await lookAfter(ms);
    expect(restarts).toEqual([]);
    await lookAfter(1);
    expect(restarts).toEqual(['akto']);
    await lookAfter(1);
    expect(restarts).toHaveLength(1);
    await lookAfter(1000);
    expect(restarts).toHaveLength(2);
  });

  it('leaves alone what moves, however slowly', async () => {
    const { world, restarts, lookAfter } = aWatch();
    world.waiting = 3;
    for (let look = 0; look < 9; look++) {
      world.moves++;
      await lookAfter(999);
    }
    expect(restarts).toEqual([]);
  });

  it('suspects nobody while nothing waits, or Redis is away', async () => {
    const { world, restarts, lookAfter } = aWatch();
    await lookAfter(5000);
    world.waiting = 1;
    await lookAfter(900);
    world.away = true;
    await lookAfter(900);
    world.away = false;
    await lookAfter(900);
    await lookAfter(900);
    expect(restarts).toEqual([]);
  });
});
