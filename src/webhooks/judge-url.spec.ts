import fc from 'fast-check';
import { AddressPolicy } from './address-policy.js';
import { judgeUrl } from './judge-url.js';

const policyOf = (allowedNetworks = '') =>
  new AddressPolicy({
    ports: new Set([443, 8443]),
    allowedNetworks,
    ownAddresses: ['192.0.2.1', '8.8.4.4', '2600::1'],
  });
const codes = (url: string, allowedNetworks = '') =>
  judgeUrl(url, policyOf(allowedNetworks)).map((finding) => finding.code);

const literals = [
  '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '0', '0.0.0.0', '[::]', '[::1]',
  '[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[::127.0.0.1]', '[::ffff:0:10.0.0.1]', '169.254.169.254', '2852039166',
  '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '100.127.255.255', '[fd00::1]', '[fe80::1]',
  '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[3fff::1]', '[100::1]', '[64:ff9b::a00:1]', '[64:ff9b:1::1]', '[2002:a00:1::]',
  '[2001::1]', '[5f00::1]', '[4000::1]', '192.0.0.8', '192.0.2.9', '192.88.99.1', '198.18.0.1', '198.19.255.255',
  '198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '127.0.0.1.', '１２７.0.0.1',
  '8.8.4.4', '[2600::1]',
]; // prettier-ignore

describe('judgeUrl', () => {
  it.each([
    'https://cfa.example.org/hook',
    'https://cfa.example.org:8443/a?b=c',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
    'https://bücher.example/',
  ])('accepts %s', (url) => expect(codes(url)).toEqual([]));

  it.each(literals)('refuses the address written %s', (host) => {
    expect(codes(`https://${host}/`)).toEqual(['url_address']);
  });

  it.each([
    'ftp://cfa.example.org/', 'file:///etc/passwd', 'gopher://127.0.0.1:6379/_INFO', 'javascript:alert(1)', 'http://cfa.example.org/',
    '//127.0.0.1/', 'cfa.example.org', '', 'https://', 'data:text/plain,x', 'https:/cfa.example.org', 'https:cfa.example.org',
  ])('refuses the scheme of %p', (url) => expect(codes(url)).toContain('url_scheme')); // prettier-ignore

  it.each([22, 25, 80, 5432, 6379, 11_211])('refuses port %d', (port) => {
    expect(codes(`https://cfa.example.org:${port}/`)).toEqual(['url_port']);
  });

  it.each([
    'localhost', 'LOCALHOST', 'a.localhost', 'localhost.', 'printer.local', 'metadata.google.internal', 'db.internal', 'nas.home.arpa',
    'intranet',
  ])('refuses the name %s', (host) => expect(codes(`https://${host}/`)).toEqual(['url_host'])); // prettier-ignore

  it('refuses credentials, even empty ones, and fragments', () => {
    expect(codes('https://user:pw@cfa.example.org/')).toEqual(['url_userinfo']);
    expect(codes('https://@cfa.example.org/')).toEqual(['url_userinfo']);
    expect(codes('https://example.com@127.0.0.1/')).toEqual(['url_userinfo', 'url_address']);
    expect(codes('https://cfa.example.org/#')).toEqual(['url_fragment']);
    expect(codes('https://cfa.example.org/@me?a=@b')).toEqual([]);
  });

  it('refuses what the parser would silently repair', () => {
    expect(codes('https://cfa.exa\tmple.org/')).toEqual(['url_url']);
    expect(codes(' https://cfa.example.org/')).toEqual(['url_url']);
    expect(codes('http:///127.0.0.1')).toEqual(['url_address']);
    expect(codes('https:\\\\127.0.0.1/')).toEqual(['url_scheme']);
  });

  it('refuses more than 2048 characters', () => {
    expect(codes(`https://cfa.example.org/${'a'.repeat(3000)}`)).toEqual(['url_too_long']);
  });

  it('lets an exact exception of the operator pass, port included, and nothing beside it', () => {
    const exception = '127.0.0.1/32:4000, [fd00::]/8:4001';
    expect(codes('http://127.0.0.1:4000/hook', exception)).toEqual([]);
    expect(codes('http://[::ffff:127.0.0.1]:4000/', exception)).toEqual([]);
    expect(codes('https://[fd12::1]:4001/', exception)).toEqual([]);
    expect(codes('http://127.0.0.1:4001/', exception)).toEqual(['url_address']);
    expect(codes('http://127.0.0.2:4000/', exception)).toEqual(['url_address']);
    expect(codes('http://localhost:4000/', exception)).toEqual(['url_scheme', 'url_port', 'url_host']);
  });

  it.each(['127.0.0.1', '127.0.0.1/33:80', 'example.org/32:80', '127.0.0.1/32:70000', '127.0.0.1/32'])(
    'stops the start on the exception %s',
    (text) => expect(() => policyOf(text)).toThrow('OPCOVIA_WEBHOOK_ALLOWED_NETWORKS'),
  );

  it('judges every private IPv4 address alike, plain or mapped', () => {
    const privateIpv4 = fc.tuple(fc.constantFrom(10, 127, 0, 240, 224), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(privateIpv4, (bytes) => {
        const address = bytes.join('.');
        expect(policyOf().allows(address, 443)).toBe(false);
        expect(policyOf().allows(`::ffff:${address}`, 443)).toBe(false);
        expect(policyOf().allows(`::${address}`, 443)).toBe(false);
      }),
    );
    expect(policyOf().allows('::ffff:8.8.8.8', 443)).toBe(true);
    expect(policyOf().allows('fe80::1%eth0', 443)).toBe(false);
    expect(policyOf().allows('not an address', 443)).toBe(false);
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => Array.isArray(judgeUrl(text, policyOf()))));
  });
});
