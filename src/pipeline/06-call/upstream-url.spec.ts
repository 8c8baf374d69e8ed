import fc from 'fast-check';
import { upstreamUrl } from './upstream-url.js';

const base = new URL('https://opco.example/api/v1-root');
const test = (baseUrl: URL) => ({ environment: 'test' as const, baseUrl });
const urlOf = (...segments: string[]) => upstreamUrl(test(base), 'test', { segments, query: {} }).href;

describe('the URL of a call', () => {
  it('is the base, the encoded segments and the encoded query', () => {
    const url = upstreamUrl(test(base), 'test', {
      segments: ['v1', 'dossiers', 'é 1'],
      query: { numeroInterne: 'a&b=c' },
    });
    expect(url.href).toBe('https://opco.example/api/v1-root/v1/dossiers/%C3%A9%201?numeroInterne=a%26b%3Dc');
  });

  it.each([
    ['slash at the end', 'https://opco.example/api/'],
    ['no path', 'https://opco.example'],
  ])('stands on a base with %s', (_what, href) => {
    expect(upstreamUrl(test(new URL(href)), 'test', { segments: ['v1'], query: {} }).pathname).toMatch(
      /^(\/api)?\/v1$/,
    );
  });

  it.each(['..', '.', '', 'a/b', 'a\\b', 'a\u0000', 'a\nb', '\ud800'])('is refused for the segment %j', (segment) => {
    expect(() => urlOf('v1', segment)).toThrow('VALIDATION_ERROR');
  });

  it.each([
    ['test', 'live'],
    ['live', 'test'],
  ] as const)('is not made of a %s base for a %s tenant', (environment, tenant) => {
    const request = { segments: ['v1'], query: {} };
    expect(upstreamUrl({ environment, baseUrl: base }, environment, request).pathname).toBe('/api/v1-root/v1');
    expect(() => upstreamUrl({ environment, baseUrl: base }, tenant, request)).toThrow('INTERNAL_ERROR');
  });

  it('keeps to its base whatever the segments hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (segments) => {
        let url: URL;
        try {
          url = upstreamUrl(test(base), 'test', { segments, query: {} });
        } catch {
          return;
        }
        expect(url.origin).toBe(base.origin);
        expect(url.pathname.startsWith('/api/v1-root/')).toBe(true);
        expect(url.pathname.split('/').slice(3).map(decodeURIComponent)).toEqual(segments);
      }),
    );
  });

  it('keeps to its base and its path whatever the base, the query and mean segments hold', () => {
    const bases = fc.constantFrom('https://opco.example', 'https://opco.example/', 'http://127.0.0.1:4010/akto/');
    const mean = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '..;',
      '//evil',
      '\\\\evil',
      'http:',
      '@evil',
      '?a',
      '#a',
      '\t..',
      '%00',
      '\uff0e\uff0e',
    );
    const segments = fc.array(fc.oneof(mean, fc.string({ unit: 'grapheme' })), { minLength: 1, maxLength: 4 });
    const query = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 3 });
    fc.assert(
      fc.property(bases, segments, query, (href, parts, parameters) => {
        let url: URL;
        try {
          url = upstreamUrl(test(new URL(href)), 'test', { segments: parts, query: parameters });
        } catch (error) {
          expect(error).toHaveProperty('code', 'VALIDATION_ERROR');
          expect(error).toHaveProperty('details.sent', 'not-sent');
          return;
        }
        const prefix = new URL(href).pathname.replace(/\/$/, '');
        expect([url.origin, url.username, url.hash]).toEqual([new URL(href).origin, '', '']);
        expect(url.pathname).toBe(`${prefix}/${parts.map(encodeURIComponent).join('/')}`);
        expect([...url.searchParams.keys()]).toHaveLength(Object.keys(parameters).length);
      }),
    );
  });

  it.each(['%2e%2e', '%2e', '..%2f', '//evil', 'http:'])('sends %j as it is, encoded once more', (segment) => {
    if (segment.includes('/')) expect(() => urlOf(segment)).toThrow('VALIDATION_ERROR');
    else expect(urlOf(segment)).toBe(`${base.href}/${encodeURIComponent(segment)}`);
  });
});
