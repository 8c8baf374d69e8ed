import 'reflect-metadata';
import { fail } from '../core/errors.js';
import type { Workplace } from './command.js';
import { runCommandLine } from './run-command-line.js';

function aWorkplace(secret = ''): Workplace & { readonly lines: string[] } {
  const lines: string[] = [];
  const closed = () => Promise.reject(fail('SERVICE_UNAVAILABLE', { detail: 'La base de données ne répond pas.' }));
  return {
    lines,
    terminal: { print: (line) => void lines.push(line), readSecret: () => Promise.resolve(secret) },
    databaseUrl: closed,
    desk: closed,
    apiKey: () => undefined,
    staffKey: () => undefined,
    stopped: () => new AbortController().signal,
  };
}

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  const work = aWorkplace();
  const code = await runCommandLine(args, work);
  return { code, text: work.lines.join('\n') };
}

describe('the command line', () => {
  it('shows every command when it is asked for help, or for nothing', async () => {
    const { code, text } = await run();
    expect(code).toBe(0);
    for (const name of [
      'migrate',
      'migrate:down',
      'tenant:create',
      'tenant:list',
      'tenant:weight',
      'key:create',
      'key:revoke',
      'credentials:set',
      'opco-client:set',
      'audit:verify',
      'keyring:status',
      'keyring:reencrypt',
      'listen',
    ]) {
      expect(text).toContain(`  ${name}`);
    }
    expect(await run('help')).toEqual({ code, text });
  });

  it('gives 2 for what it does not understand, with the usage', async () => {
    expect((await run('tenant:destroy')).code).toBe(2);
    expect(await run('tenant:create')).toMatchObject({
      code: 2,
      text: expect.stringContaining('--nom est obligatoire'),
    });
    expect((await run('tenant:create', '--nom', 'X', '--environment', 'prod')).code).toBe(2);
    for (const weight of ['0', '101', '1.5', 'lourd'])
      expect((await run('tenant:weight', '--tenant', 'aaaaaaaa', '--weight', weight)).code).toBe(2);
    expect((await run('migrate:down')).text).toContain('--erase-all-data');
  });

  it('does not repeat a secret that was given as an argument by mistake', async () => {
    const { code, text } = await run(
      'credentials:set',
      '--tenant',
      'bb89b955',
      '--opco',
      'akto',
      '--key=s3cret-0123456789',
    );
    expect(code).toBe(2);
    expect(text).not.toContain('s3cret');
  });

  it('tells what listening lacks before it asks anything', async () => {
    expect(await run('listen')).toEqual({ code: 1, text: expect.stringContaining('OPCOVIA_API_KEY') });
    for (const wrong of [
      ['--types', 'job.completed,job.perdu'],
      ['--opco', 'inconnu'],
      ['--after', '-1'],
      ['--forward', 'localhost:4000'],
      ['--url', 'nulle part'],
    ])
      expect((await run('listen', ...wrong)).code).toBe(2);
  });

  it('gives 1 and one sentence, no stack, when the work fails', async () => {
    expect(await run('tenant:list')).toEqual({ code: 1, text: 'La base de données ne répond pas.' });
  });
});
