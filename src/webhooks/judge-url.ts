import { isIP } from 'node:net';
import type { Finding } from '../core/errors.js';
import { parseUrl } from '../core/parse-url.js';
import type { AddressPolicy } from './address-policy.js';

const longest = 2048;
const deniedSuffixes = ['localhost', 'local', 'internal', 'home.arpa'];

/** Where a URL that was judged good leads. */
export interface WebhookTarget {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Everything wrong with the URL of a webhook, as far as its text tells: scheme, port, credentials, forbidden names and
 * every spelling of a forbidden address. A courtesy to whoever subscribes; the address that is dialled is judged again at
 * each attempt.
 */
export function judgeUrl(url: string, policy: AddressPolicy): readonly Finding[] {
  if (url.length > longest) return [finding('too_long', `Au plus ${longest} caractères.`)];
  // The parser drops tabs and line ends in silence: what is judged must be what was written.
  if (/[\p{Cc}\s]/u.test(url)) return [finding('url', "L'adresse ne contient ni espace ni caractère de contrôle.")];
  const parsed = parseUrl(url);
  if (!parsed || !/^https?:\/\//i.test(url)) return [finding('scheme', "L'adresse commence par https://.")];
  const findings: Finding[] = [];
  if (/^[a-z]+:\/*[^/?#\\]*@/i.test(url))
    findings.push(finding('userinfo', "L'adresse ne contient pas d'identifiants."));
  if (url.includes('#')) findings.push(finding('fragment', "L'adresse ne contient pas de fragment."));
  return [...findings, ...judgeTarget(targetOf(parsed), policy)];
}

/** Host and port of a parsed URL, the standard ports filled in. */
export function targetOf(url: URL): WebhookTarget {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  return { secure, host, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) };
}

function judgeTarget({ secure, host, port }: WebhookTarget, policy: AddressPolicy): readonly Finding[] {
  if (isIP(host) !== 0) {
    if (policy.exempts(host, port)) return [];
    if (!policy.allows(host, port))
      return [finding('address', "Cette adresse ou ce port n'est pas accessible à un webhook.")];
    return secure ? [] : [notSecure()];
  }
  const findings: Finding[] = secure ? [] : [notSecure()];
  if (!policy.allowsPort(port)) findings.push(finding('port', "Ce port n'est pas permis à un webhook."));
  if (isDenied(host)) findings.push(finding('host', "Ce nom d'hôte n'est pas public."));
  return findings;
}

function isDenied(host: string): boolean {
  return !host.includes('.') || deniedSuffixes.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
}

const notSecure = () => finding('scheme', "L'adresse commence par https://.");

function finding(code: string, message: string): Finding {
  return { pointer: '/url', code: `url_${code}`, message };
}
