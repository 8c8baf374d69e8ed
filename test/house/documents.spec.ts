import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { list, read, repositoryFiles, root } from './repository.js';

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);
const pages = repositoryFiles().filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md');

/** Names of the npm scripts that a page tells its reader to type. */
function namedScripts(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run (?:-s |--silent )?([a-z][a-z:.-]*)/g)].map((match) => match[1] ?? '');
  const short = [...text.matchAll(/\bnpm (start|test)\b/g)].map((match) => match[1] ?? '');
  return [...run, ...short];
}

function localLinks(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => (match[1] ?? '').replace(/#.*$/, ''));
  return targets.filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

describe('the documents', () => {
  it('README.md names only npm scripts that exist', () => {
    const named = namedScripts(read('README.md'));
    expect(named).toEqual(expect.arrayContaining(['start', 'test']));
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('every page names only npm scripts that exist', () => {
    const wrong = pages.flatMap((page) =>
      namedScripts(read(page))
        .filter((name) => !scripts.includes(name))
        .map((name) => `${page}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('every link from page to page leads to a file', () => {
    const dead = pages.flatMap((page) =>
      localLinks(read(page))
        .filter((target) => !existsSync(join(root, page, '..', target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('every decision is linked from docs/decisions/README.md', () => {
    const links = localLinks(read('docs/decisions/README.md')).map((target) => target.replace(/^\.\//, ''));
    const decisions = list('docs/decisions').filter((name) => /^\d{4}-.*\.md$/.test(name));
    expect(decisions.length).toBeGreaterThan(0);
    expect(decisions.filter((name) => !links.includes(name))).toEqual([]);
  });

  it.each(['start', 'test'])('README.md shows the command to %s, and a program can read it', (name) => {
    const command = execFileSync(process.execPath, ['tools/readme-command.mjs', name], { cwd: root, encoding: 'utf8' });
    expect(command).toContain(`npm ${name}`);
  });

  it('CONTRIBUTING.md names only checks that exist', () => {
    const specs = [
      ...read('CONTRIBUTING.md').matchAll(/`(test\/[^`]+\.ts|tools\/[^`]+|\.[a-z][^`\s]*\.(?:cjs|json))`/g),
    ].map((match) => match[1] ?? '');
    expect(specs.filter((path) => !path.includes('*') && !existsSync(join(root, path)))).toEqual([]);
  });
});
