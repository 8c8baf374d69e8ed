import { readFileSync, writeFileSync } from 'node:fs';

// A registry mirror that lacks the builds for other systems makes npm leave them out of the lock file, and `npm ci` then refuses
// that lock file everywhere. This adds what is missing: version from the package that asks for it, system and processor from the
// name. Run it after `npm install <package>`; a house test fails when it was forgotten.

const systems = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix'];
const processors = {
  x64: 'x64',
  arm64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  ia32: 'ia32',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
};

/** The optional packages that the lock file's packages ask for and that it does not hold: `[name, version]`. */
export function missingOptionals({ packages }) {
  const missing = new Map();
  for (const [path, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, wanted] of Object.entries(optionalDependencies)) {
      const known = packages[`${path ? `${path}/` : ''}node_modules/${name}`] ?? packages[`node_modules/${name}`];
      if (!known) missing.set(name, wanted.replace(/^[\^~]/, ''));
    }
  }
  return [...missing];
}

function entry(name, version) {
  const words = name.split('/').pop().split(/[-.]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = Object.keys(processors).find((processor) => words.includes(processor));
  return { version, ...(cpu && { cpu: [processors[cpu]] }), optional: true, ...(os && { os: [os] }) };
}

if (process.argv[1]?.endsWith('complete-lock.mjs')) {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const missing = missingOptionals(lock);
  for (const [name, version] of missing) lock.packages[`node_modules/${name}`] = entry(name, version);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
  console.log(
    missing.length > 0 ? `added ${missing.length}: ${missing.map(([name]) => name).join(', ')}` : 'nothing was missing',
  );
}
