import { auditActions } from '../../src/audit/actions.js';
import { read, repositoryFiles } from './repository.js';

describe('the actions of the audit trail', () => {
  it('stand in docs/audit.md, all of them and no other', () => {
    const [, table = ''] = /^\| Action \| When \|\n((?:\|.*\n)+)/m.exec(read('docs/audit.md')) ?? [];
    const documented = table
      .split('\n')
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([a-z_.]+)`/g)].map(([, action = '']) => action));
    expect(documented.sort()).toEqual([...auditActions].sort());
  });

  it('are written by somebody', () => {
    const code = repositoryFiles()
      .filter((path) => /^(src|migrations)\/.*\.ts$/.test(path) && !/spec\.ts$|audit\/actions\.ts$/.test(path))
      .map(read)
      .join('\n');
    // The end of a job names its action after the job's state.
    const composed = /^job\.(completed|failed|needs_review)$/;
    expect(auditActions.filter((action) => !composed.test(action) && !code.includes(`'${action}'`))).toEqual([]);
  });
});
