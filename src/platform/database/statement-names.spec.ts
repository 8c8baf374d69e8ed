import { StatementNames } from './statement-names.js';

const coded = (code: string, message: string) => Object.assign(new Error(message), { code });

describe('the names of statements', () => {
  it('say the text: another process gives the same name to no other one', () => {
    const names = new StatementNames();
    names.nameOf('SELECT $1::int');
    expect(names.nameOf('SELECT $1::text')).toBe(new StatementNames().nameOf('SELECT $1::text'));
    expect(names.nameOf('SELECT $1::int')).not.toBe(names.nameOf('SELECT $1::text'));
  });

  it('fit the 63 bytes of PostgreSQL', () => {
    expect(new StatementNames().nameOf('x'.repeat(1000))).toMatch(/^[a-z_0-9]{1,63}$/);
  });

  it('are not more than asked for', () => {
    const names = new StatementNames(1);
    expect(names.nameOf('SELECT 1')).toBeDefined();
    expect(names.nameOf('SELECT 2')).toBeUndefined();
    expect(names.nameOf('SELECT 1')).toBeDefined();
    expect(new StatementNames(0).nameOf('SELECT 1')).toBeUndefined();
  });

  it.each(['26000', '42P05'])('are given up where sessions are mixed up (%s)', (code) => {
    const names = new StatementNames();
    names.nameOf('SELECT 1');
    expect(names.failedByName(coded(code, 'prepared statement'))).toBe(true);
    expect(names.nameOf('SELECT 1')).toBeUndefined();
  });

  it.each([
    ['a feature that PostgreSQL lacks', coded('0A000', 'not supported')],
    ['a key that exists', coded('23505', 'cached plan')],
    ['words alone', new Error('cached plan must not change result type')],
  ])('are not to blame for %s', (_, error) => {
    const names = new StatementNames();
    expect(names.failedByName(error)).toBe(false);
    expect(names.nameOf('SELECT 1')).toBeDefined();
  });
});
