import { PassThrough } from 'node:stream';
import { fail } from '../../core/errors.js';
import { createLog, lastWords } from './log.js';

describe('the log', () => {
  const written = (write: (log: ReturnType<typeof createLog>) => void): string => {
    const stream = new PassThrough();
    write(createLog('trace', stream));
    return String(stream.read());
  };
  const line = (write: (log: ReturnType<typeof createLog>) => void) =>
    JSON.parse(written(write)) as Record<string, unknown>;

  it('writes named fields only, and never an object', () => {
    const { level, time, ...rest } = line((log) =>
      log.info(
        { requestId: 'r', status: 200, body: 'canary', headers: { cookie: 'canary' }, route: { url: 'canary' } },
        'answered',
      ),
    );
    expect([level, Date.parse(String(time)) > 0, rest]).toEqual([
      'info',
      true,
      { requestId: 'r', status: 200, msg: 'answered' },
    ]);
  });

  it('says of an error its class, code and places, never its message, also of its causes', () => {
    const unique = Object.assign(new Error('duplicate canary'), { code: '23505', detail: 'Key (nir)=(canary)' });
    const text = written((log) => {
      log.error({ err: fail('INTERNAL_ERROR', { detail: 'canary', cause: unique }), requestId: 'r' }, 'request failed');
      log.error({ err: unique });
      log.error(unique);
      log.error(unique, 'canary-free text');
      log.child({ req: { url: 'canary' } }).error({ err: unique }, 'x');
    });
    expect(text.replaceAll('canary-free', '')).not.toContain('canary');
    expect(JSON.parse(text.split('\n')[0] ?? '')).toMatchObject({
      err: { class: 'OpcoviaError', code: 'INTERNAL_ERROR', cause: { class: 'Error', code: '23505' } },
    });
  });

  it('takes no line of a message for a place in the code', () => {
    const forged = new Error('x\n    at canary (file:///canary.js:1:1)\n    at canary');
    const edited = new Error('x\n    at canary (canary:1:1)\n    at canary');
    edited.message = 'other';
    for (const err of [forged, edited]) {
      const { at } = line((log) => log.error({ err }, 'x'))['err'] as { at: string[] };
      expect(at.length).toBeGreaterThan(0);
      expect(at.join()).not.toContain('canary');
    }
  });

  it('believes no name and no code that is not a word', () => {
    const err = Object.assign(new Error('x'), { name: 'canary canary', code: 'canary@example.org' });
    expect(line((log) => log.error({ err }, 'x'))).toMatchObject({ err: { class: 'unnamed', code: 'unnamed' } });
  });

  it('ends with a chain of causes that bites its tail', () => {
    const err = new Error('x');
    err.cause = err;
    expect(written((log) => log.error({ err }, 'x')).length).toBeLessThan(10_000);
  });

  it('writes one line, whatever a value holds', () => {
    const text = written((log) =>
      log.warn({ requestId: 'a\r\n{"level":"info"}\u2028\u0000\u001b[31m' }, 'x\n{"forged":1}'),
    );
    expect(text.split('\n')).toHaveLength(2);
    expect(text.slice(0, -1)).toMatch(/^[^\u0000-\u001f]*$/);
  });

  it('has last words that say no more', () => {
    const text = lastWords(Object.assign(new Error('canary'), { detail: 'canary' }));
    expect([text.includes('canary'), text.endsWith('}\n'), JSON.parse(text)]).toEqual([
      false,
      true,
      expect.objectContaining({ level: 'fatal', err: expect.objectContaining({ class: 'Error' }) }),
    ]);
  });
});
