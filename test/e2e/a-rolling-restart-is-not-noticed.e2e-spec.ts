import { Agent, request, type IncomingMessage } from 'node:http';
import { Fleet, type Cargo, type Ship } from '../support/a-fleet.js';
import { ask, control, eventually } from '../support/product.js';

const staffUrlOf = ({ process }: Ship) => /Équipe[^:]*: (http:\/\/[^/]+)/.exec(process.printed())?.[1] ?? '';

describe('a process that is told to stop while others take over', () => {
  let fleet: Fleet;
  let ships: Ship[] = [];

  beforeAll(async () => {
    fleet = await Fleet.of('rolling');
  });
  afterAll(() => fleet.stop());
  afterEach(() => expect(fleet.offences().slice(0, 5)).toEqual([]));

  it('answers what was sent, ends its five deposits without a look-up, and leaves twenty to the next, with exit code 0', async () => {
    const first = await fleet.launch({ OPCOVIA_JOB_CONCURRENCY: '5' });
    await control(fleet.sandbox, '/_sandbox/faults', [
      { opcoId: 'akto', route: 'depositFacture', kind: 'hold', ms: 5000, times: 5 },
      { opcoId: 'opco-ep', method: 'GET', path: '/v1/dossiers', kind: 'latency', ms: 1500, times: 10 },
    ]);
    const sent: Cargo[] = [];
    for (let rank = 0; rank < 25; rank += 1) sent.push(await fleet.facture(`drain-${rank}`));
    const tickets = await Promise.all(sent.map((cargo) => fleet.send(first, cargo)));
    expect(new Set(tickets.map(({ status }) => status))).toEqual(new Set([202]));
    const effects = () => sent.map((cargo) => fleet.effects(cargo).length);
    await eventually(
      async () => effects().filter(Boolean).length,
      (active) => active >= 5,
    );
    const numeros = [...(fleet.sandbox.world.cfa('opco-ep', 'sandbox-cfa-key-opco-ep')?.dossiers.keys() ?? [])];
    const reads = numeros
      .slice(0, 10)
      .map((numero) => ask(`${first.url}/opco-ep/dossiers/${numero}`, { method: 'GET', apiKey: fleet.apiKey }));
    const { ledger } = fleet.sandbox.world;
    const asked = ledger.last;
    // Their latency strikes when they have arrived at the OPCO: what is used up has been sent.
    await eventually(
      async () => fleet.sandbox.world.faults.list().some(({ aim }) => aim.method === 'GET'),
      (waiting) => !waiting,
    );
    const begun = performance.now();
    first.process.child.kill('SIGTERM');
    expect(await first.process.ended).toBe(0);
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(effects().filter(Boolean)).toHaveLength(5);
    expect((await Promise.all(reads)).map(({ status }) => status)).toEqual(reads.map(() => 200));

    const next = await fleet.launch();
    for (const cargo of sent) expect(await fleet.ended(next, cargo)).toMatchObject({ status: 'completed' });
    expect(effects()).toEqual(sent.map(() => 1));
    expect(ledger.read({ opcoId: 'akto', route: 'facturesEtats', after: asked })).toEqual([]);
    await fleet.kill(next);
  });

  it('one after the other, three of three: no client behind a balancer sees anything but documented answers', async () => {
    // What is told here is not how soon a starved process on a busy machine counts as lost.
    const launch = () => fleet.launch({ OPCOVIA_ATTEMPT_LOST_SECONDS: '30' });
    ships = [await launch(), ...(await Promise.all([launch(), launch()]))];
    const balancer = new Balancer(() => ships);
    const seen: { readonly what: string; readonly status: number; readonly retryAfter: number }[] = [];
    const headers = { 'x-api-key': fleet.apiKey };
    const note = (what: string, { statusCode = 0, headers: fields }: Pick<IncomingMessage, 'statusCode' | 'headers'>) =>
      seen.push({ what, status: statusCode, retryAfter: Number(fields['retry-after'] ?? 0) });
    const under = new Set<Promise<unknown>>();
    const keep = (work: Promise<unknown>) => {
      under.add(work);
      void work.finally(() => under.delete(work));
    };
    const reading = setInterval(
      () => keep(balancer.ask('GET', '/opco-ep/dossiers/etats', { headers }).then((a) => note('read', a))),
      100,
    );
    const sent: Cargo[] = [];
    const depositing = setInterval(() => {
      const cargo = fleet.document(`roll-${sent.length}`);
      sent.push(cargo);
      keep(deposit(balancer, cargo, headers).then((answer) => note('deposit', answer)));
    }, 500);
    try {
      for (const [rank, ship] of ships.entries()) {
        ship.process.child.kill('SIGTERM');
        expect(await ship.process.ended).toBe(0);
        ships[rank] = await launch();
      }
    } finally {
      clearInterval(reading);
      clearInterval(depositing);
      await Promise.all(under);
      balancer.close();
    }
    const odd = seen.filter(({ status, retryAfter }) =>
      status >= 500 || status === 0 ? !(status === 503 && retryAfter >= 1) : false,
    );
    expect(odd).toEqual([]);
    expect(seen.length).toBeGreaterThan(50);
    const [ship] = ships;
    if (!ship) throw new Error('nobody is left');
    // One after the other: asking for all at once would be a load of its own.
    for (const cargo of sent) {
      await fleet.accepted(() => ship, cargo);
      expect(await fleet.ended(ship, cargo)).toMatchObject({ status: 'completed' });
    }
  });
});

async function deposit(balancer: Balancer, { opcoId, type, key, body, answers }: Cargo, more: Record<string, string>) {
  const headers = { ...more, 'content-type': 'application/json', 'idempotency-key': key };
  const answer = await balancer.ask('POST', `/${opcoId}/${type}`, { headers, body: JSON.stringify(body) });
  const { jobId } = (answer.text ? JSON.parse(answer.text) : {}) as { jobId?: string };
  const retryAfter = Number(answer.headers['retry-after'] ?? NaN);
  answers.push({ status: answer.statusCode ?? 0, jobId, ...(retryAfter >= 0 && { retryAfter }) });
  return answer;
}

/**
 * What stands in front of the processes: it keeps connections, sends to those that say that they are ready, and goes to the next
 * one where nobody takes the connection; a request that was sent is never sent again.
 */
class Balancer {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #ready = new Set<Ship>();
  readonly #looking: NodeJS.Timeout;
  #turn = 0;

  constructor(private readonly ships: () => readonly Ship[]) {
    for (const ship of ships()) this.#ready.add(ship);
    this.#looking = setInterval(() => void this.#look(), 100);
  }

  async #look(): Promise<void> {
    const known = this.ships();
    for (const ship of this.#ready) if (!known.includes(ship)) this.#ready.delete(ship);
    await Promise.all(
      known.map(async (ship) => {
        const answer = await fetch(`${staffUrlOf(ship)}/health/ready`).catch(() => undefined);
        if (answer?.ok) this.#ready.add(ship);
        else this.#ready.delete(ship);
      }),
    );
  }

  async ask(method: string, path: string, sent: { headers: Record<string, string>; body?: string }) {
    for (let tried = 0; tried < 20; tried += 1) {
      const ready = [...this.#ready];
      const ship = ready[(this.#turn += 1) % Math.max(1, ready.length)];
      const answer = ship && (await this.#send(`${ship.url}${path}`, method, sent));
      if (answer) return answer;
      if (ship) this.#ready.delete(ship);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return { statusCode: 0, headers: {}, text: '' };
  }

  /** Undefined when nobody took the connection. */
  #send(url: string, method: string, { headers, body }: { headers: Record<string, string>; body?: string }) {
    type Answer = Pick<IncomingMessage, 'statusCode' | 'headers'> & { readonly text: string };
    return new Promise<Answer | undefined>((resolve) => {
      const sending = request(url, { method, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.on('end', () => resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, text }));
        response.on('error', () => resolve({ statusCode: 0, headers: {}, text: '' }));
      });
      sending.on('error', (error: NodeJS.ErrnoException) =>
        resolve(error.code === 'ECONNREFUSED' ? undefined : { statusCode: 0, headers: {}, text: '' }),
      );
      sending.end(body);
    });
  }

  close(): void {
    clearInterval(this.#looking);
    this.#agent.destroy();
  }
}
