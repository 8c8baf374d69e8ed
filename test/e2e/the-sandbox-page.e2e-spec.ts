import { createHash } from 'node:crypto';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';

let sandbox: BuiltProcess;
let url: string;
beforeAll(async () => {
  const seed = {
    OPCOVIA_SANDBOX_SEED: 'page',
    OPCOVIA_SANDBOX_SPEED: '0',
    OPCOVIA_SANDBOX_ENABLE: 'opco-2i:depositDocument',
  };
  sandbox = runBuilt('main.sandbox.js', { OPCOVIA_SANDBOX_PORT: '0', ...seed });
  await sandbox.until('TOKEN=');
  url = /listening on (\S+)/.exec(sandbox.printed())?.[1] ?? '';
});
afterAll(async () => {
  sandbox.child.kill('SIGTERM');
  expect(await sandbox.ended).toBe(0);
});

async function json(path: string, init?: RequestInit) {
  const answer = await fetch(`${url}/_sandbox/${path}`, init);
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a page reads what it wants
  return { status: answer.status, body: (await answer.json()) as any };
}
const post = (path: string, body: unknown) => json(path, { method: 'POST', body: JSON.stringify(body) });

describe('the page of the sandbox', () => {
  it('comes whole from one address: no resource from elsewhere, its own script and style by their digests', async () => {
    const answer = await fetch(`${url}/_sandbox/`);
    const html = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).not.toMatch(/\b(?:src|href|action)=(?!"data:,")|@import|url\(/);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'/);
    for (const [tag, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ]) {
      const inside = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(html)?.[1] ?? '';
      const digest = createHash('sha256').update(inside).digest('base64');
      expect(policy).toContain(`${directive} 'sha256-${digest}'`);
    }
    expect(html).not.toMatch(/\son[a-z]+=/);
  });

  it('asks for what it shows: OPCOs, states, faults, quotas, clock and the last requests', async () => {
    await post('seed', { opcoId: 'opco-ep', apiKey: 'sandbox-cfa-key-opco-ep', dossiers: 40 });
    await post('faults', { opcoId: 'akto', script: ['commit+rst', '429(2)'] });
    await fetch(`${url}/opco-ep/v1/status`);
    const { body } = await json('overview');
    expect(Object.keys(body.opcos)).toHaveLength(11);
    const { dossiers, etats } = body.opcos['opco-ep'];
    expect(dossiers).toBe(40);
    expect(Object.values<number>(etats).reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(body.faults).toMatchObject([
      { aim: { opcoId: 'akto' }, words: [{ named: 'commit+rst' }, { named: '429' }], left: 2 },
    ]);
    expect(body.quotas.akto).toMatchObject([{ limit: expect.any(Number) }]);
    expect(body.lines.at(-1)).toMatchObject({ opcoId: 'opco-ep', route: 'status', status: 401 });
    expect(body).toMatchObject({ seed: 'page', speed: 0, requests: body.lines.at(-1).seq });
  });

  it('has buttons whose calls do what they say', async () => {
    const before = Date.parse((await json('clock')).body.virtualTime);
    const { body } = await post('clock', { advanceSeconds: 86_400 });
    expect(Date.parse(body.virtualTime) - before).toBe(86_400_000);
    expect((await json('faults', { method: 'DELETE' })).body).toEqual({ armed: 0 });
    expect((await post('reset', { seed: 'other' })).body).toEqual({ seed: 'other' });
    expect((await json('overview')).body).toMatchObject({ seed: 'other', requests: 0, faults: [] });
  });
});

describe('the control API', () => {
  it.each([
    ['clock', { advanceSeconds: 'un jour' }, /advanceSeconds/],
    ['clock', { oups: 1 }, /oups/],
    ['cfas', { opcoId: 'akto' }, /apiKey/],
    ['etat', { opcoId: 'akto', apiKey: 'x', numeroInterne: 1, etat: 'ENGAGE' }, /numeroInterne/],
    ['outage', { ms: 0 }, /ms/],
    ['capabilities', [], /object/],
  ])('refuses %s %j and says what is wrong', async (path, body, reason) => {
    const answer = await post(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toMatch(reason);
  });
});

describe('npm run sandbox', () => {
  it('tells every base URL, identity and key, and these open the first door', async () => {
    const printed = sandbox.printed();
    const lines = printed.split('\n').filter((line) => line.includes('sandbox-cfa-key-') && !line.startsWith('curl'));
    expect(lines.filter((line) => line.startsWith('  http'))).toHaveLength(11);
    const [base = '', clientId = '', clientSecret = ''] =
      lines
        .find((line) => line.includes('/opco-ep'))
        ?.trim()
        .split(/\s+/) ?? [];
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const token = await fetch(`${base}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(token.status).toBe(200);
    expect(printed.split('\n').filter((line) => /curl -s/.test(line))).toHaveLength(3);
  });

  it('opens the dormant routes that it was told to', async () => {
    const { body } = await json('capabilities');
    expect(body['opco-2i']).toContainEqual({
      route: 'POST /v1/documents',
      capability: 'depositDocument',
      dormant: true,
      served: true,
    });
  });

  it.each([
    [{ NODE_ENV: 'production' }, /^The sandbox plays OPCOs with public keys: .*production$/],
    [{ OPCOVIA_SANDBOX_ENABLE: 'akto:nothing' }, /akto:nothing/],
    [{ OPCOVIA_SANDBOX_CONTROL: 'all' }, /OPCOVIA_SANDBOX_CONTROL/],
    [{ OPCOVIA_SANDBOX_SPEED: 'fast' }, /OPCOVIA_SANDBOX_SPEED/],
  ])('does not start with %j, and says why in one sentence', async (variables, sentence) => {
    const refused = runBuilt('main.sandbox.js', { OPCOVIA_SANDBOX_PORT: '0', ...variables } as Record<string, string>);
    expect(await refused.ended).toBe(1);
    expect(refused.printed().trim()).toMatch(sentence);
    expect(refused.printed().trim().split('\n')).toHaveLength(1);
  });
});
