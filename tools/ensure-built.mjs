import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Builds only when a source is newer than the built entry, so that `npm start` does not wait for nothing.
// Folders count too: deleting a file changes its folder's time only.

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = ['src', 'migrations', 'ormconfig.ts', '.swcrc', 'nest-cli.json'].map((name) => join(root, name));
const entry = join(root, 'dist/src/main.js');

function newestChange(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

const builtAt = existsSync(entry) ? statSync(entry).mtimeMs : 0;
if (builtAt < Math.max(...sources.map(newestChange))) {
  const startedAt = Date.now();
  process.stderr.write('Compilation de Opcovia…');
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  const build = spawnSync(process.execPath, [nest, 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) {
    // A half-written output must not look fresh to the next start.
    rmSync(entry, { force: true });
    process.stderr.write(` échec\n${build.stdout}${build.stderr}\n`);
    process.exit(1);
  }
  process.stderr.write(` prête en ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
