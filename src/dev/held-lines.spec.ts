import { createLog } from '../platform/logging/log.js';
import { HeldLines } from './held-lines.js';

function aLog() {
  const written: string[] = [];
  const lines = new HeldLines({ write: (line) => written.push((JSON.parse(line) as { msg: string }).msg) });
  return { log: createLog('info', lines), lines, written };
}

describe('the log lines of a start', () => {
  it('come after its text, in their order, and later ones as they are said', () => {
    const { log, lines, written } = aLog();
    log.info('one');
    log.info('two');
    expect(written).toEqual([]);
    lines.release();
    expect(written).toEqual(['one', 'two']);
    log.info('three');
    lines.release();
    expect(written).toEqual(['one', 'two', 'three']);
  });

  it.each(['warn', 'error', 'fatal'] as const)('are not held back when something is wrong: %s', (level) => {
    const { log, written } = aLog();
    log.info('one');
    log[level]('two');
    log.info('three');
    expect(written).toEqual(['one', 'two']);
  });
});
