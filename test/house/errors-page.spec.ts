import { catalogue } from '../../src/core/errors.js';
import { read } from './repository.js';

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \|(.*)\|$/gm)].map(
    ([, code = '', status = '', rest = '']) => {
      const [title = '', retryable = '', cause = '', remedy = ''] = rest.split('|').map((cell) => cell.trim());
      return { line: `${code} ${status} ${title} ${retryable}`, code, cause, remedy };
    },
  );
  const documented = rows.map(({ line }) => line);
  const thrown = Object.entries(catalogue).map(
    ([code, { status, title, retryable }]) => `${code} ${status} ${title} ${retryable ? 'oui' : 'non'}`,
  );

  it('documents every code once, with its status, its title and whether to try again', () => {
    expect(documented).toEqual(thrown);
  });

  it('says in a sentence each where a code comes from and what to do', () => {
    const sentence = /^[\p{Lu}`«].{5,}\.$/u;
    expect(rows.filter(({ cause, remedy }) => !sentence.test(cause) || !sentence.test(remedy))).toEqual([]);
  });

  it('says of every 429 and 503 what its Retry-After promises', () => {
    const [, promises = ''] = page.split('## Quand revenir');
    const bound = Object.entries(catalogue).filter(([, { status }]) => [429, 503].includes(status));
    expect(bound.filter(([code]) => !promises.includes(`\`${code}\``))).toEqual([]);
  });
});
