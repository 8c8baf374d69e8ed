import { readFileSync } from 'node:fs';
import { runBuilt } from '../support/built-file.js';

// It starts everything from nothing and waits for an OPCO's days to pass; other suites run beside it.
jest.setTimeout(180_000);

/** Ids, ports and remaining lifetimes differ from run to run; everything else is the story. */
function plain(text: string): string[] {
  return text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<host>')
    .replaceAll(/ttl=\d+/g, 'ttl=<n>')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('…'));
}

describe('npm run demo', () => {
  it('tells the story that the README shows, and leaves with 0', async () => {
    const demo = runBuilt('main.demo.js', {});
    expect(await demo.ended).toBe(0);
    const [, shown = ''] = /<!-- output:demo -->\n```text\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(plain(demo.printed())).toEqual(plain(shown));
  });
});
