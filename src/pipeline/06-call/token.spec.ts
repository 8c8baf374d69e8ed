import { anAdapter, ManualClock } from '../../../test/support/an-exchange.js';
import { DpopProofs } from './dpop.js';
import { AccessTokens, type TokenQuestion } from './token.js';

const question: TokenQuestion = {
  adapter: anAdapter(),
  environment: 'test',
  upstream: {
    environment: 'test' as const,
    baseUrl: new URL('http://127.0.0.1:1'),
    tokenUrl: new URL('http://127.0.0.1:1/token'),
  },
};

function rig() {
  const clock = new ManualClock();
  let fetched = 0;
  const wire = {
    send: () => {
      fetched += 1;
      const body = Buffer.from(JSON.stringify({ access_token: `t${fetched}`, expires_in: 3600 }));
      return Promise.resolve({ status: 200, headers: {}, body });
    },
  };
  const credentials = { software: () => Promise.resolve({ clientId: 'id', clientSecret: 'secret' }) };
  const tokens = new AccessTokens(wire, credentials, new DpopProofs(clock), clock);
  return { clock, tokens, text: async () => (await tokens.get(question)).text };
}

describe("the software's token", () => {
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
