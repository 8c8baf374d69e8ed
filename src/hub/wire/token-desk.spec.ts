import { randomBytes } from 'node:crypto';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { HubInstances, parseHubKeys } from '../../platform/config/hub-secrets.js';
import { TokenDesk } from './token-desk.js';
import { HubTokens } from './tokens.js';

const secret = randomBytes(32).toString('hex');
const perMinute = 5;

function aDesk() {
  const clock = new ManualClock();
  const tokens = new HubTokens(parseHubKeys(`k1:${randomBytes(32).toString('hex')}`), { lifeSeconds: 600 }, clock);
  const revoked = new Set<string>();
  const desk = new TokenDesk({
    ...{ tokens, clock, failuresPerMinute: perMinute, instances: HubInstances.parse(`api-*:${secret}`) },
    revoked: (instance) => revoked.has(instance),
  });
  const ask = (text: string | undefined, address = '192.0.2.7') =>
    desk.exchange(text === undefined ? text : `Basic ${Buffer.from(text).toString('base64')}`, address);
  const guess = async (times: number, address?: string) => {
    const statuses = [];
    for (let n = 0; n < times; n++)
      statuses.push((await ask(`api-${n}:${randomBytes(32).toString('hex')}`, address)).status);
    return statuses;
  };
  return { clock, tokens, revoked, desk, ask, guess };
}

describe('the desk for hub tokens', () => {
  it('gives a token for the secret of an instance, as often as it is asked', async () => {
    const { ask, tokens } = aDesk();
    for (let n = 0; n < 3 * perMinute; n++) {
      const answer = await ask(`api-1:${secret}`);
      if (answer.status !== 200) throw new Error(`it answered ${answer.status}`);
      expect(await tokens.verify(answer.accessToken)).toMatchObject({ instance: 'api-1' });
      expect(answer.expiresInSeconds).toBe(600);
    }
  });

  it('tells an unknown instance, a wrong secret, a revoked instance and nonsense alike', async () => {
    const { ask, desk, revoked } = aDesk();
    revoked.add('api-gone');
    for (const text of [`other:${secret}`, 'api-1:', `api-gone:${secret}`, '', ':', `${'x'.repeat(600)}:${secret}`]) {
      expect(await ask(text, `198.51.${text.length % 250}.1`)).toEqual({ status: 401 });
    }
    for (const field of [undefined, 'Basic', 'Basic %%%', 'Bearer x', `basic ${'a'.repeat(10_000)}`])
      expect((await desk.exchange(field, '203.0.113.1')).status).toBe(401);
  });

  it('slows down who guesses, by network, whatever name is tried, and lets it try again as time passes', async () => {
    const { clock, ask, guess } = aDesk();
    expect(await guess(perMinute + 2)).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await ask(`api-1:${secret}`, '192.0.2.250')).toEqual({ status: 429, retryAfterSeconds: 60 / perMinute });
    expect((await ask(`api-1:${secret}`, '192.0.3.7')).status).toBe(200);
    clock.pass(60 / perMinute);
    expect((await ask(`api-1:${secret}`)).status).toBe(200);
    expect(await guess(2)).toEqual([401, 429]);
    clock.pass(60);
    expect(await guess(perMinute + 1)).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('takes the /48 of an address of IPv6 for one network, and IPv4 written as IPv6 for IPv4', async () => {
    const { ask, guess } = aDesk();
    await guess(perMinute, '2001:db8:1:2::3');
    expect((await ask(`api-1:${secret}`, '2001:db8:1:ffff::1')).status).toBe(429);
    expect((await ask(`api-1:${secret}`, '2001:db8:2::1')).status).toBe(200);
    await guess(perMinute, '::ffff:198.51.100.7');
    expect((await ask(`api-1:${secret}`, '198.51.100.9')).status).toBe(429);
  });

  it('lets no revoked instance, however often it comes back, keep its neighbours from their tokens', async () => {
    const { ask, revoked } = aDesk();
    revoked.add('api-gone');
    for (let n = 0; n < 3 * perMinute; n++) expect(await ask(`api-gone:${secret}`)).toEqual({ status: 401 });
    expect((await ask(`api-1:${secret}`)).status).toBe(200);
  });
});
