import { basename } from 'node:path';
import { repositoryFiles } from './repository.js';

const roles = [
  'module',
  'controller',
  'guard',
  'interceptor',
  'decorator',
  'filter',
  'stage',
  'processor',
  'gateway',
  'entity',
  'repository',
  'dto',
  'spec',
  'hook',
  'strategy',
  'runner',
  'client',
  'pipe',
  'routes',
  'providers',
  // Injection tokens of Nest; everywhere else *token* is only OAuth.
  'token',
  'tokens',
];
const vague = /(^|-)(service|manager|helper|helpers|util|utils|common|base|misc|info)(-|$)/;

const sources = repositoryFiles().filter((path) => /^src\/.*\.ts$/.test(path));

describe('the names of the source files', () => {
  it('are kebab-case, with roles from the list', () => {
    const named = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*(\\.(${roles.join('|')}|v[0-9]+))*\\.ts$`);
    const inner = sources.filter((path) => !/^src\/(main|app)\./.test(path));
    expect(inner.filter((path) => !named.test(basename(path)))).toEqual([]);
  });

  it('say what the file does: no service, manager, helper, util, common, base, misc', () => {
    const words = (path: string) => path.replace(/\.ts$/, '').split(/[/.]/);
    expect(sources.filter((path) => words(path).some((word) => vague.test(word)))).toEqual([]);
  });

  it('never are index.ts: an import names the file that it means', () => {
    expect(sources.filter((path) => basename(path) === 'index.ts')).toEqual([]);
  });
});
