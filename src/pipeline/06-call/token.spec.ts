import { anAdapter, ManualClock } from '../../../test/support/an-exchange.js';
import { DpopProofs } from './dpop.js';
import { AccessTokens, type TokenQuestion } from './token.js';
import type { WireRequest } from './wire.js';

const question: TokenQuestion = {
  adapter: anAdapter(),
  environment: 'test',
  upstream: {
    environment: 'test' as const,
    baseUrl: new URL('http://127.0.0.1:1'),
    tokenUrl: new URL('http://127.0.0.1:1/token'),
  },
};

function rig(fields: object = { expires_in: 3600 }) {
  const clock = new ManualClock();
  const server = { fetched: 0, down: false, forms: [] as string[] };
  const wire = {
    send: (_lane: string, { body: form }: WireRequest) => {
      server.forms.push(String(form));
      server.fetched += 1;
      const body = Buffer.from(JSON.stringify({ access_token: `t${server.fetched}`, ...fields }));
      return Promise.resolve({ status: server.down ? 503 : 200, headers: {}, body });
    },
  };
  const credentials = { software: () => Promise.resolve({ clientId: 'id', clientSecret: 'secret' }) };
  const tokens = new AccessTokens(wire, credentials, new DpopProofs(clock), clock);
  return { clock, server, tokens, text: async () => (await tokens.get(question)).text };
}

describe("the software's token", () => {
  it.each([
    ['as long as it is good for', { expires_in: 600 }, 540],
    ['an hour where nobody says', {}, 3540],
    ['an hour where what is said makes no sense', { expires_in: 'soon' }, 3540],
    ['a number in quotes', { expires_in: '600' }, 540],
    ['half of a short life', { expires_in: 90 }, 45],
  ])('is kept %s, but for the last minute', async (_what, fields, seconds) => {
    const { clock, server, text } = rig(fields);
    await text();
    clock.pass(seconds - 0.001);
    await text();
    expect(server.fetched).toBe(1);
    clock.pass(0.001);
    await Promise.all([text(), text(), text()]);
    expect(server.fetched).toBe(2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await text()).toBe('t2');
  });

  it('serves to its end while the token server is down, which is asked every five seconds and not at each call', async () => {
    const { clock, server, text } = rig();
    await text();
    server.down = true;
    clock.pass(3540);
    for (let call = 0; call < 10; call += 1) expect(await text()).toBe('t1');
    expect(server.fetched).toBe(2);
    clock.pass(5);
    expect(await text()).toBe('t1');
    expect(server.fetched).toBe(3);
    clock.pass(55);
    await expect(text()).rejects.toMatchObject({ code: 'UPSTREAM_ERROR', details: { sent: 'not-sent' } });
  });

  it('is asked for with the scope of the adapter, or with the one that the operator was given', async () => {
    const { server, tokens } = rig();
    const adapter = anAdapter({ auth: { dpop: false, scope: 'api.read api.write' } });
    await tokens.get({ ...question, adapter });
    const upstream = { ...question.upstream, scope: 'api://x/.default' };
    await tokens.get({ ...question, adapter, upstream, environment: 'live' });
    const scopes = server.forms.map((form) => new URLSearchParams(form).get('scope'));
    expect(scopes).toEqual(['api.read api.write', 'api://x/.default']);
  });

  it('is fetched anew once refused, unless a newer one is there already', async () => {
    const { tokens, text } = rig();
    const first = await tokens.get(question);
    expect(tokens.drop(question, first)).toBe(true);
    expect(await text()).toBe('t2');
    expect(tokens.drop(question, first)).toBe(true);
    expect(await text()).toBe('t2');
  });

  it('is spared for a minute once another one was refused as well, in its own environment', async () => {
    const { clock, tokens, text } = rig();
    const first = await tokens.get(question);
    const live = { ...question, environment: 'live' as const };
    const elsewhere = await tokens.get(live);
    tokens.spare(question);
    clock.pass(59);
    expect(tokens.drop(question, first)).toBe(false);
    expect(await text()).toBe('t1');
    expect(tokens.drop(live, elsewhere)).toBe(true);
    clock.pass(1);
    expect(tokens.drop(question, first)).toBe(true);
    expect(await text()).toBe('t3');
  });
});
