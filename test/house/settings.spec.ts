import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata';
import '../../src/platform/config/env.js';
import { settingNotes } from '../../src/platform/config/setting.js';

describe('the configuration', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.endsWith('config/env.ts'))
    .map((path) => readFileSync(join('src', path), 'utf8'));

  it('documents no variable that nothing reads', () => {
    const unread = settingNotes().filter(({ name }) => !sources.some((source) => source.includes(name)));
    expect(unread.map(({ name }) => name)).toEqual([]);
  });
});
