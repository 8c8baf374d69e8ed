import fc from 'fast-check';
import { upstreamUrl } from './upstream-url.js';

const base = new URL('https://opco.example/api/v1-root');
const urlOf = (...segments: string[]) => upstreamUrl(base, { segments, query: {} }).href;

describe('the URL of a call', () => {
  it('is the base, the encoded segments and the encoded query', () => {
    const url = upstreamUrl(base, { segments: ['v1', 'dossiers', 'é 1'], query: { numeroInterne: 'a&b=c' } });
    expect(url.href).toBe('https://opco.example/api/v1-root/v1/dossiers/%C3%A9%201?numeroInterne=a%26b%3Dc');
  });

  it.each([
    ['slash at the end', 'https://opco.example/api/'],
    ['no path', 'https://opco.example'],
  ])('stands on a base with %s', (_what, href) => {
    expect(upstreamUrl(new URL(href), { segments: ['v1'], query: {} }).pathname).toMatch(/^(\/api)?\/v1$/);
  });

  it.each(['..', '.', '', 'a/b', 'a\\b', 'a\u0000', 'a\nb', '\ud800'])('is refused for the segment %j', (segment) => {
    expect(() => urlOf('v1', segment)).toThrow('VALIDATION_ERROR');
  });

  it('keeps to its base whatever the segments hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), (segments) => {
        let url: URL;
        try {
          url = upstreamUrl(base, { segments, query: {} });
        } catch {
          return;
        }
        expect(url.origin).toBe(base.origin);
        expect(url.pathname.startsWith('/api/v1-root/')).toBe(true);
        expect(url.pathname.split('/').slice(3).map(decodeURIComponent)).toEqual(segments);
      }),
    );
  });
  it.each(['%2e%2e', '%2e', '..%2f', '//evil', 'http:'])('sends %j as it is, encoded once more', (segment) => {
    if (segment.includes('/')) expect(() => urlOf(segment)).toThrow('VALIDATION_ERROR');
    else expect(urlOf(segment)).toBe(`${base.href}/${encodeURIComponent(segment)}`);
  });
});
