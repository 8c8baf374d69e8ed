import { parseUrl } from '../../core/parse-url.js';
import { KeyRing } from '../crypto/key-ring.js';
import { roleList, type Env } from './env.js';
import { judgeHubSecrets } from './hub-secrets.js';
import { parseStaffRules } from './staff-keys.js';
import { parseTrustedProxies } from './trusted-proxies.js';
import { parseEnabledCapabilities } from './enabled-capabilities.js';
import { parseUpstreamLimits } from './upstream-limits.js';
import { parseUpstreams } from './upstreams.js';

/** Passwords of examples and of images as they come out of their box. */
const published =
  /^(postgres|postgresql|opcovia|redis|valkey|root|admin|test|guest|example|secret|pass(word)?|change-?me)\d*$/i;
const shortest = 8;

const schemes = {
  DATABASE_URL: /^postgres(ql)?:$/,
  DATABASE_APP_URL: /^postgres(ql)?:$/,
  REDIS_URL: /^rediss?:$/,
  CACHE_REDIS_URL: /^rediss?:$/,
  OPCOVIA_HUB_URL: /^https?:$/,
  OPCOVIA_HUB_ADVERTISED_URL: /^https?:$/,
} as const;

/** What is wrong with the values taken together: `<variable>: <what>`, never a value. */
export function judgeEnv(env: Env): string[] {
  const faults: string[] = [];
  for (const [name, scheme] of Object.entries(schemes)) {
    const value = env[name as keyof typeof schemes];
    if (value !== undefined) faults.push(...judgeAddress(value, scheme, env).map((what) => `${name}: ${what}`));
  }
  if (env.NODE_ENV === 'production') faults.push(...judgeProduction(env));
  faults.push(...attempt('OPCOVIA_KEYRING', () => env.OPCOVIA_KEYRING && KeyRing.parse(env.OPCOVIA_KEYRING)));
  faults.push(...attempt('OPCOVIA_TRUSTED_PROXIES', () => parseTrustedProxies(env.OPCOVIA_TRUSTED_PROXIES)));
  faults.push(...attempt('OPCOVIA_STAFF_JWKS', () => parseStaffRules(env)));
  faults.push(...attempt('OPCOVIA_UPSTREAMS', () => parseUpstreams(env)));
  faults.push(...attempt('OPCOVIA_ENABLED_CAPABILITIES', () => parseEnabledCapabilities(env)));
  faults.push(...attempt('OPCOVIA_UPSTREAM_LIMITS', () => parseUpstreamLimits(env)));
  faults.push(...judgeHubSecrets(env));
  if (env.OPCOVIA_UPSTREAM_DEPOSIT_MS >= env.OPCOVIA_DRAIN_SECONDS * 1000)
    faults.push('OPCOVIA_UPSTREAM_DEPOSIT_MS: must be less than OPCOVIA_DRAIN_SECONDS');
  return faults;
}

/** No password at all is the operator's choice (a certificate, a socket, a network of its own); one that all know is a mistake. */
function judgeAddress(value: string, scheme: RegExp, env: Env): string[] {
  const url = parseUrl(value);
  if (!url || !scheme.test(url.protocol)) return [`is not an address of the form ${schemeWord(scheme)}://…`];
  // Both drivers take a password out of the query as well.
  const passwords = [decoded(url.password), ...url.searchParams.getAll('password')].filter((each) => each !== '');
  if (env.NODE_ENV !== 'production') return [];
  const weak = passwords.some((each) => published.test(each) || each === url.username || each.length < shortest);
  return weak ? ['its password is a published or a short one: refused in production'] : [];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const schemeWord = (scheme: RegExp): string =>
  ['redis', 'postgres', 'http'].find((word) => scheme.test(`${word}:`)) ?? '';

function judgeProduction(env: Env): string[] {
  // A hub signs its own tokens; whoever is none asks for them with a secret of its own.
  const byRole = env.roles.has('hub')
    ? (['OPCOVIA_HUB_SECRET'] as const)
    : (['OPCOVIA_HUB_INSTANCE', 'OPCOVIA_HUB_INSTANCE_SECRET'] as const);
  const ofHub = roleList.test(env.OPCOVIA_ROLES) ? byRole : [];
  const needed = ['DATABASE_URL', 'REDIS_URL', 'OPCOVIA_KEYRING', ...ofHub] as const;
  const required = needed.filter((name) => !env[name]);
  const refused = (['OPCOVIA_WEBHOOK_ALLOWED_NETWORKS', 'OPCOVIA_SANDBOX_URL'] as const).filter((name) => env[name]);
  return [
    ...required.map((name) => `${name}: required in production`),
    ...refused.map((name) => `${name}: refused in production`),
  ];
}

function attempt(name: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : 'unusable'}`];
  }
}
