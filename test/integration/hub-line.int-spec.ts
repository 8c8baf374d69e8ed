import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import { aHubLine, BareInstance, isServed, upgraded, type HubLine } from '../support/a-hub-gateway.js';
import { eventually } from '../support/product.js';

const tenant = 'ab'.repeat(32);
const lines: HubLine[] = [];
const openLine = async (changes?: Parameters<typeof aHubLine>[0]) => {
  const line = await aHubLine(changes);
  lines.push(line);
  return line;
};

afterAll(async () => {
  await Promise.all(lines.map((line) => line.stop()));
});

describe('the door of the hub', () => {
  let line: HubLine;
  beforeAll(async () => (line = await openLine()));

  const statusOf = async (headers: Readonly<Record<string, string>>, path?: string) =>
    (await new BareInstance(line.url, headers, path).ended).status;
  const bearer = async (instance = 'one') => ({ authorization: `Bearer ${(await line.tokens.issue(instance)).token}` });

  it.each([
    ['no token', {}],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic b25lOm9uZQ==' }],
    ['an API key', { authorization: `Bearer opv_test_${'a'.repeat(43)}` }],
    ['an API key in its own field', { 'x-api-key': `opv_test_${'a'.repeat(43)}` }],
    [
      'alg none',
      { authorization: 'Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJwcm94eS0xIiwiZXhwIjo0MTAyNDQ0ODAwfQ.' },
    ],
  ])('answers 401 to %s, before any frame', async (_what, headers) => expect(await statusOf(headers)).toBe(401));

  it('answers 401 to a token of another hub, and to one that is over', async () => {
    const claims = { iss: 'opcovia-hub', aud: 'opcovia-hub-line', sub: 'one', jti: 'j', iat: 0, exp: 600 };
    const header = { alg: 'HS256', typ: 'opcovia-hub+jwt', kid: 'k1' };
    const foreign = await new SignJWT({ ...claims }).setProtectedHeader(header).sign(randomBytes(32));
    expect(await statusOf({ authorization: `Bearer ${foreign}` })).toBe(401);
    const other = await openLine();
    expect(await statusOf({ authorization: `Bearer ${(await other.tokens.issue('one')).token}` })).toBe(401);
  });

  it('takes a token from the header only: in the address it is refused unread', async () => {
    const { token } = await line.tokens.issue('one');
    expect(await statusOf({}, `/hub/ws?token=${token}`)).toBe(400);
    expect(await statusOf(await bearer(), '/hub/ws?x=1')).toBe(400);
    expect(await statusOf(await bearer(), '/hub/ws/more')).toBe(404);
    expect(await statusOf(await bearer(), '/other')).toBe(404);
  });

  it('refuses pages of the web but those that are listed', async () => {
    for (const origin of ['https://evil.example', 'null', 'https://staff.example.evil.example']) {
      expect(await statusOf({ ...(await bearer()), origin })).toBe(403);
    }
    const listed = new BareInstance(line.url, { ...(await bearer()), origin: 'https://staff.example' });
    await listed.opened;
    listed.socket.close();
  });

  it('is shut while this process does not lead, and to the revoked', async () => {
    const follower = await openLine({ leading: () => undefined });
    const { token } = await follower.tokens.issue('one');
    const refused = new BareInstance(follower.url, { authorization: `Bearer ${token}` });
    expect((await refused.ended).status).toBe(503);
    line.revoked.add('gone');
    expect(await statusOf(await bearer('gone'))).toBe(401);
  });

  it('lets in so many instances a second, and so many at a time', async () => {
    const narrow = await openLine({ handshakesPerSecond: 0.001 });
    const tight = await openLine({ mostConnections: 1 });
    for (const each of [narrow, tight]) {
      const first = await BareInstance.at(each, 'one');
      const { token } = await each.tokens.issue('two');
      const second = new BareInstance(each.url, { authorization: `Bearer ${token}` });
      expect((await second.ended).status).toBe(503);
      await isServed(first);
    }
  });

  it('lets one in of two processes that come under a name in the same moment', async () => {
    let came = 0;
    let goOn: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (goOn = resolve));
    const gate = await openLine({
      verify: async () => {
        if ((came += 1) === 2) goOn();
        await both;
        return { instance: 'twin', expiresAt: Date.now() + 600_000 };
      },
    });
    const twins = ['run-1', 'run-2'].map(
      (run) => new BareInstance(gate.url, { authorization: 'Bearer any', 'opcovia-run': run }),
    );
    const end = await Promise.race(twins.map(({ ended }) => ended));
    expect(end).toMatchObject({ status: 409 });
    expect(gate.gateway.connected).toEqual(['twin']);
  });

  it('lets one process in under a name: a second one is refused, the same one again takes its own place', async () => {
    const first = await BareInstance.at(line, 'named', 'run-1');
    const { token } = await line.tokens.issue('named');
    const other = new BareInstance(line.url, { authorization: `Bearer ${token}`, 'opcovia-run': 'run-2' });
    expect((await other.ended).status).toBe(409);
    await isServed(first);
    const again = await BareInstance.at(line, 'named', 'run-1');
    expect((await first.ended).reason).toBe('REPLACED');
    await isServed(again);
  });
});

describe('a line', () => {
  it('ends with its token, and lives on with a fresh one', async () => {
    let ms = Date.now();
    const clock = { now: () => ms, elapsed: () => performance.now() };
    const due: { at: number; run(): void }[] = [];
    const timers = {
      after: (wait: number, run: () => void) => {
        const timer = { at: ms + wait, run };
        due.push(timer);
        return () => void (due.includes(timer) && due.splice(due.indexOf(timer), 1));
      },
      every: () => () => undefined,
    };
    const pass = (seconds: number) => {
      ms += seconds * 1000;
      for (const timer of due.filter(({ at }) => at <= ms)) {
        due.splice(due.indexOf(timer), 1);
        timer.run();
      }
    };
    const line = await openLine({ clock, timers });
    const [stale, fresh] = [await BareInstance.at(line, 'stale'), await BareInstance.at(line, 'fresh')];
    pass(500);
    // The hub's clock is ahead of that of whoever signs here: such a token is good for what is left of it.
    fresh.say({ type: 'token', token: (await line.tokens.issue('fresh')).token });
    await isServed(fresh);
    await eventually(
      () => Promise.resolve(due.length),
      (timers) => timers === 2,
    );
    pass(129);
    await isServed(stale);
    ms += 1000;
    for (const timer of [...due].filter(({ at }) => at <= ms)) timer.run();
    expect(await stale.ended).toMatchObject({ code: 4401 });
    expect(line.seats.lost).toContain('stale');
  });

  it('ends when the fresh token is another instance’s, or none', async () => {
    const line = await openLine();
    const [one, two] = [await BareInstance.at(line, 'one'), await BareInstance.at(line, 'two')];
    one.say({ type: 'token', token: (await line.tokens.issue('two')).token });
    expect(await one.ended).toMatchObject({ code: 4403 });
    two.say({ type: 'token', token: 'none' });
    expect(await two.ended).toMatchObject({ code: 4401 });
  });

  it('ends when its instance is revoked, and when the hub leads no longer', async () => {
    const line = await openLine();
    const [one, two] = [await BareInstance.at(line, 'one'), await BareInstance.at(line, 'two')];
    line.seats.lines.get('one')?.cut('REVOKED');
    expect(await one.ended).toMatchObject({ code: 4403, reason: 'REVOKED' });
    expect(line.seats.lost).not.toContain('one');
    line.gateway.cutAll('NOT_LEADING');
    expect(await two.ended).toMatchObject({ code: 4503 });
    expect(line.seats.lost).toContain('two');
  });

  it.each([
    ['NOT_LEADING', 4503],
    ['REPLACED', 4409],
    ['NOT_YOU', 4403],
    ['OUTDATED', 4400],
    ['constructor', 4400],
  ])('that the hub ends for %s is closed with the code that the page names', async (reason, code) => {
    const line = await openLine();
    const one = await BareInstance.at(line, 'one');
    line.seats.lines.get('one')?.cut(reason);
    expect(await one.ended).toEqual({ code, reason });
  });

  it('is given up when the other end is silent, and not while it answers heartbeats', async () => {
    const line = await openLine({ heartbeatMs: 200 });
    const alive = await BareInstance.at(line, 'alive');
    const { token } = await line.tokens.issue('mute');
    const mute = await upgraded(line, token);
    // A peer that has gone without a word: nothing comes, nothing is answered.
    await eventually(
      () => Promise.resolve(line.seats.lost),
      (lost) => lost.includes('mute'),
    );
    mute.destroy();
    expect(line.seats.lost).toEqual(['mute']);
    await isServed(alive);
  });

  it('is given up when it does not read what it is told', async () => {
    const line = await openLine();
    const { token } = await line.tokens.issue('deaf');
    const deaf = await upgraded(line, token);
    deaf.pause();
    const granted = Array.from({ length: 400 }, () => ({ lane: 'job', tenant, calls: 1 }));
    const grant = line.seats.word({ type: 'grant', budget: 'akto', granted });
    for (let said = 0; said < 5000 && !line.seats.lost.includes('deaf'); said++) {
      line.seats.lines.get('deaf')?.say(grant);
      if (said % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(
      () => Promise.resolve(line.seats.lost),
      (lost) => lost.includes('deaf'),
    );
    deaf.destroy();
  });
});
