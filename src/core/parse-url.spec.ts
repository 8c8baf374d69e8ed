import { parseUrl } from './parse-url.js';

it('tells a URL from what is none, however often it is asked', () => {
  for (let asked = 0; asked < 20_000; asked++) {
    if (!parseUrl('https://b\u00fccher.example/')) throw new Error(`refused at the ${asked}th time`);
  }
  expect(parseUrl('https://b\u00fccher.example/')?.hostname).toBe('xn--bcher-kva.example');
  for (const text of ['', 'https://', '//a/b', 'a b']) expect(parseUrl(text)).toBeUndefined();
});
