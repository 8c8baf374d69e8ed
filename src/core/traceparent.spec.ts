import { validTraceparent } from './traceparent.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

it.each([`00-${trace}-${span}-01`, `cc-${trace}-${span}-00`])('hands on %s', (field) => {
  expect(validTraceparent(field)).toBe(field);
});

it.each([
  undefined,
  '',
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}-01-more`,
  `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  `00-${trace}-${span}-01\n`,
  'caf\u00e9',
])('hands on nothing of %j', (field) => {
  expect(validTraceparent(field)).toBeUndefined();
});
