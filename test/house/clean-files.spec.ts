import { read, repositoryFiles, textFiles } from './repository.js';

// Patterns are joined from pieces, so that this file does not report itself.
const forbidden: Record<string, RegExp> = {
  'a path of one machine': new RegExp(
    `(^|[\\s"'\`(=:])/(${['work', 'root', 'home/[a-z]+', 'Users/[A-Za-z]+', 'tmp'].join('|')})/`,
    'm',
  ),
  'a path outside the repository': new RegExp(['\\.\\.', 'shared', ''].join('/')),
  'a package registry host': new RegExp(['registry', '[a-z0-9-]+', '(org|com|net|io|dev|fr)\\b'].join('\\.')),
  'a host of a real OPCO': new RegExp(
    `\\b(${['afdas', 'akto', 'opco-?atlas', 'constructys', 'lopcommerce', 'opcommerce', 'ocapiat', 'opco-?2i', 'opco-?ep', 'opco-?mobilites', 'opco-?sante', 'uniformation'].join('|')})\\.(fr|com|org|net)\\b`,
    'i',
  ),
};

function offenders(pattern: RegExp): string[] {
  return textFiles()
    .filter(({ text }) => pattern.test(text))
    .map(({ path, text }) => `${path}: ${pattern.exec(text)?.[0].trim() ?? ''}`);
}

describe('the files of the repository', () => {
  it.each(Object.entries(forbidden))('hold nowhere %s', (_what, pattern) => {
    expect(offenders(pattern)).toEqual([]);
  });

  it.each([
    ['a path of one machine', ['', 'work', 'main', 'x'].join('/')],
    ['a path outside the repository', ['..', 'shared', 'spec'].join('/')],
    ['a package registry host', ['registry', 'example', 'org'].join('.')],
    ['a host of a real OPCO', ['api', 'akto', 'fr'].join('.')],
  ])('would be refused with %s', (what, sample) => {
    expect(sample).toMatch(forbidden[what] ?? /$^/);
  });

  it('lock the builds for every system, also those that a mirror does not carry', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) =>
      Object.keys(optionalDependencies),
    );
    const locked = Object.keys(packages).map((path) => path.split('node_modules/').at(-1));
    // `node tools/complete-lock.mjs` adds them.
    expect(wanted.filter((name) => !locked.includes(name))).toEqual([]);
  });

  it('lock versions and checksums, and no address to fetch them from', () => {
    const lock = read('package-lock.json');
    expect(lock).toContain('"integrity"');
    expect(lock).not.toMatch(/"resolved": "http/);
  });

  it('keep no environment file and no private key', () => {
    expect(repositoryFiles().filter((path) => /(^|\/)\.env$|\.pem$|\.key$/.test(path))).toEqual([]);
    expect(offenders(new RegExp(['-----BEGIN', '[A-Z ]*PRIVATE KEY'].join(' ?')))).toEqual([]);
  });
});
