import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { capabilityPage } from './dev/docs/capability-page.js';
import { asyncApiPage, eventsPage } from './dev/docs/events-page.js';
import { configurationPage, envExample } from './dev/docs/configuration-page.js';

/** Pages made from the code: `--write` writes them, `--check` names the stale ones and exits 1. */
const pages: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/opcos.md': capabilityPage,
  'docs/events.md': eventsPage,
  'docs/asyncapi.json': asyncApiPage,
  '.env.example': envExample,
};

function current(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const stale = Object.entries(pages).filter(([path, make]) => current(path) !== make());
if (process.argv.includes('--write')) {
  for (const [path, make] of stale) writeFileSync(path, make());
  console.log(stale.length > 0 ? `written: ${stale.map(([path]) => path).join(', ')}` : 'all pages are fresh');
} else if (stale.length > 0) {
  console.error(`stale: ${stale.map(([path]) => path).join(', ')}; run npm run docs`);
  process.exitCode = 1;
}
