import { readFileSync } from 'node:fs';
import { catalogue } from '../../src/core/errors.js';

describe('docs/errors.md', () => {
  const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|/gm)];
  const documented = rows.map(([, code, status]) => `${code} ${status}`);
  const thrown = Object.entries(catalogue).map(([code, { status }]) => `${code} ${status}`);

  it('documents every code with its status', () => {
    expect(thrown.filter((entry) => !documented.includes(entry))).toEqual([]);
  });

  it('documents no code that the product does not know', () => {
    expect(documented.filter((entry) => !thrown.includes(entry))).toEqual([]);
  });
});
