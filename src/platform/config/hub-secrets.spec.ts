import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { HubInstances, instanceSecret, parseHubKeys } from './hub-secrets.js';
import { ConfigurationError, readEnv } from './read-env.js';

const hex = () => randomBytes(32).toString('hex');

/** The lines of a refusal; none when the configuration is accepted. */
function faultsOf(variables: Readonly<Record<string, string>>): string[] {
  try {
    readEnv(variables);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n').slice(1);
    throw error;
  }
}

describe('the keys that sign hub tokens', () => {
  it('are two at most, the signing one first', () => {
    const { signing, keys } = parseHubKeys(`new:${hex()},old:${hex()}`);
    expect([signing, [...keys.keys()]]).toEqual(['new', ['new', 'old']]);
    expect(() => parseHubKeys(`a:${hex()},b:${hex()},c:${hex()}`)).toThrow('more than two');
  });

  it.each([
    ['a short one', `a:${'ab'.repeat(31)}`],
    ['a sentence', `a:${Buffer.from('the hub signs with this sentence').toString('hex')}`],
    ['zeros', `a:${'0'.repeat(64)}`],
    ['a word', 'secret'],
    ['an empty one', 'a:'],
    ['a path for an id', `../a:${hex()}`],
  ])('refuse %s', (_what, text) => expect(() => parseHubKeys(text)).toThrow());

  it('stop the start when one of them is some other secret too, and show neither', () => {
    const key = hex();
    const other = hex();
    const twice: readonly Readonly<Record<string, string>>[] = [
      { OPCOVIA_KEYRING: `k1:${key}`, OPCOVIA_HUB_SECRET: `h1:${key}` },
      { OPCOVIA_KEYRING: `k1:${key}`, OPCOVIA_HUB_SECRET: `h1:${Buffer.from(key, 'hex').toString('base64')}` },
      { OPCOVIA_HUB_SECRET: `h1:${other},h2:${key}`, OPCOVIA_HUB_INSTANCES: `one:${key}` },
      { OPCOVIA_HUB_SECRET: `h1:${key}`, OPCOVIA_HUB_INSTANCE_SECRET: key },
      { OPCOVIA_KEYRING: `k1:${key}`, OPCOVIA_HUB_INSTANCE_SECRET: key },
    ];
    for (const variables of twice) {
      const faults = faultsOf(variables);
      expect(faults).toEqual([expect.stringContaining('the same as one of')]);
      expect(faults.join()).not.toContain(key.slice(2, 12));
    }
    expect(faultsOf({ OPCOVIA_HUB_INSTANCES: `one:${key}`, OPCOVIA_HUB_INSTANCE_SECRET: key })).toEqual([]);
  });

  it('are asked of a hub in production, and a secret of its own of every other process', () => {
    const production = {
      ...{
        NODE_ENV: 'production',
        DATABASE_URL: 'postgres:///x',
        REDIS_URL: 'redis://r',
        OPCOVIA_KEYRING: `k1:${hex()}`,
      },
    };
    expect(faultsOf({ ...production, OPCOVIA_ROLES: 'hub' })).toEqual(['  OPCOVIA_HUB_SECRET: required in production']);
    expect(faultsOf({ ...production, OPCOVIA_ROLES: 'api,worker' })).toEqual([
      '  OPCOVIA_HUB_INSTANCE: required in production',
      '  OPCOVIA_HUB_INSTANCE_SECRET: required in production',
    ]);
    const named = { OPCOVIA_HUB_INSTANCE: 'api-1', OPCOVIA_HUB_INSTANCE_SECRET: hex() };
    expect(faultsOf({ ...production, ...named, OPCOVIA_ROLES: 'api,worker' })).toEqual([]);
  });
});

describe('the instances of a hub', () => {
  const [one, family, inner] = [hex(), hex(), hex()];
  const instances = HubInstances.parse(`api-1:${one}, api-*:${family},\napi-x-*:${inner}`);

  it('are let in with their own secret, a family with that of the longest name that fits', () => {
    expect(instances.admits('api-1', one)).toBe(true);
    expect(instances.admits('api-2', family)).toBe(true);
    expect(instances.admits('api-x-1', inner)).toBe(true);
    for (const [name, secret] of [
      ['api-1', family],
      ['api-2', one],
      ['api-x-1', family],
      ['worker-1', family],
    ] as const) {
      expect(instances.admits(name, secret)).toBe(false);
    }
  });

  it.each(['', 'a', one.slice(1), `${one}0`, 'x'.repeat(10_000), 'é'.repeat(64), '0'.repeat(64)])(
    'are not let in with another one, whatever its length: %s',
    (secret) => {
      for (const name of ['api-1', 'api-2', 'nobody', '', '*', 'api-*', '__proto__', 'x'.repeat(10_000)])
        expect(instances.admits(name, secret)).toBe(false);
    },
  );

  it('present their secret in one form, however it is written', () => {
    expect(instances.admits('api-1', instanceSecret(Buffer.from(one, 'hex').toString('base64')))).toBe(true);
  });

  it('have one name and one secret each', () => {
    expect(() => HubInstances.parse(`a:${one},a:${family}`)).toThrow('the name of an earlier one');
    expect(() => HubInstances.parse(`a:${one},b:${one}`)).toThrow('the secret of an earlier one');
    expect(() => HubInstances.parse(`*:${one}`)).toThrow('unusable name');
    expect(HubInstances.parse('').admits('a', one)).toBe(false);
  });
});
