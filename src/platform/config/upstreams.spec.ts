import { readEnv } from './read-env.js';
import { parseUpstreams } from './upstreams.js';

const at = (host: string) => ({ baseUrl: `https://${host}.example/api`, tokenUrl: `https://${host}.example/token` });
const upstreamsOf = (table: unknown, sandbox?: string) =>
  parseUpstreams(
    readEnv({ OPCOVIA_UPSTREAMS: JSON.stringify(table), ...(sandbox && { OPCOVIA_SANDBOX_URL: sandbox }) }),
  );

describe('the hosts of the OPCOs', () => {
  it('are apart for test and live, and never fall back on each other', () => {
    const upstreams = upstreamsOf({ akto: { live: at('prod') }, afdas: { test: at('recette') } }, 'http://127.0.0.1:1');
    expect(upstreams.locate('akto', 'live')).toMatchObject({ environment: 'live', baseUrl: { host: 'prod.example' } });
    expect(upstreams.locate('akto', 'test')).toMatchObject({ environment: 'test', baseUrl: { host: '127.0.0.1:1' } });
    expect(upstreams.locate('afdas', 'test')?.baseUrl.host).toBe('recette.example');
    expect(upstreams.locate('afdas', 'live')).toBeUndefined();
    expect(upstreamsOf({ akto: { live: at('prod') } }).locate('akto', 'test')).toBeUndefined();
  });

  it.each([
    ['of one OPCO', { akto: { live: at('same'), test: at('same') } }],
    ['of two OPCOs', { akto: { live: at('same') }, afdas: { test: at('same') } }],
  ])('stop the start when one address is both, %s', (_which, table) => {
    expect(() => upstreamsOf(table)).toThrow('OPCOVIA_UPSTREAMS: an address is given both as "live" and as "test"');
  });

  it('come with a scope of their own where the operator was given one, spelt as RFC 6749 has it', () => {
    const withScope = (scope: unknown) => upstreamsOf({ akto: { live: { ...at('prod'), scope } } });
    expect(withScope('api://x/.default').locate('akto', 'live')?.scope).toBe('api://x/.default');
    expect(upstreamsOf({ akto: { live: at('prod') } }).locate('akto', 'live')).not.toHaveProperty('scope');
    for (const scope of ['', ' a', 'a  b', 'a"b', 'a\nb', 7]) {
      expect(() => withScope(scope)).toThrow('OPCOVIA_UPSTREAMS: scope is words with single spaces between');
    }
  });

  it('stop the start when the sandbox is given as production', () => {
    const live = { baseUrl: 'http://127.0.0.1:1/akto/', tokenUrl: 'http://127.0.0.1:1/akto/oauth/token' };
    expect(() => upstreamsOf({ akto: { live } }, 'http://127.0.0.1:1')).toThrow('both as "live" and as "test"');
  });

  it('know no sandbox in production', () => {
    const production = { NODE_ENV: 'production', OPCOVIA_SANDBOX_URL: 'http://127.0.0.1:1' };
    expect(() => readEnv(production)).toThrow('OPCOVIA_SANDBOX_URL: refused in production');
  });
});
