import { acceptsJson } from './accepts-json.js';

it.each([
  [undefined, true],
  ['', true],
  ['*/*', true],
  ['application/json', true],
  ['Application/JSON;charset=utf-8', true],
  ['application/*;q=0.1', true],
  ['text/html, application/xhtml+xml, */*;q=0.8', true],
  ['text/html,application/json;q=0.5', true],
  ['application/xml', false],
  ['application/json;q=0', false],
  ['*/*, application/json;q=0.0', false],
  ['text/*', false],
  ['application/json;q=x', false],
  ['json', false],
  [', ,', false],
])('Accept: %s takes JSON: %s', (accept, taken) => {
  expect(acceptsJson(accept)).toBe(taken);
});
