import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { isGenuine } from '../../docs/verify-webhook.js';
import { signatureHeaders } from '../../src/webhooks/sign.js';
import { read } from './repository.js';

interface Vector {
  readonly name: string;
  readonly genuine: boolean;
  readonly secret: string;
  /** Unix seconds of the receiver's clock. */
  readonly now: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const { toleranceSeconds, vectors } = JSON.parse(read('docs/webhook-vectors.json')) as {
  toleranceSeconds: number;
  vectors: Vector[];
};
const named = (name: string) => vectors.find((each) => each.name === name) as Vector;

/** Whether it is believed; refusing by an error is refusing. */
function believes(verify: () => unknown): boolean {
  try {
    return verify() !== false;
  } catch {
    return false;
  }
}

const verifiers: Readonly<Record<string, (vector: Vector) => unknown>> = {
  'docs/verify-webhook.ts': ({ body, headers, secret, now }) =>
    isGenuine({ rawBody: Buffer.from(body), headers }, secret, now * 1000),
  standardwebhooks: ({ body, headers, secret }) => new Webhook(secret).verify(Buffer.from(body), headers),
  svix: ({ body, headers, secret }) => new SvixWebhook(secret).verify(Buffer.from(body), headers),
};

/** What a library believes although it should not; docs/webhooks.md warns of it. */
const credulous: Readonly<Record<string, readonly string[]>> = { svix: ['empty-secret'] };

describe('the signature vectors', () => {
  // The libraries have no clock of their own to be given.
  beforeAll(() => void jest.useFakeTimers());
  afterAll(() => void jest.useRealTimers());

  it('hold what integrators get wrong', () => {
    expect(vectors.filter(({ genuine }) => genuine).map(({ name }) => name)).toEqual([
      'good',
      'late-within-tolerance',
      'rotated-known-new',
      'rotated-known-old',
    ]);
    expect(vectors.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tampered-body', 'old-timestamp', 'wrong-length-short', 'empty-secret']),
    );
    expect([named('old-timestamp').now, named('late-within-tolerance').now]).toEqual([
      named('good').now + toleranceSeconds + 1,
      named('good').now + toleranceSeconds,
    ]);
  });

  describe.each(Object.entries(verifiers))('%s', (verifier, verify) => {
    const misled = credulous[verifier] ?? [];

    it.each(vectors.filter(({ name }) => !misled.includes(name)))('says $genuine to $name', (vector) => {
      jest.setSystemTime(vector.now * 1000);
      expect(believes(() => verify(vector))).toBe(vector.genuine);
    });

    // Fails on the day on which the library learns better: then the warning goes.
    it(`is misled by ${misled.join(', ') || 'none of them'}`, () => {
      for (const vector of misled.map(named)) {
        jest.setSystemTime(vector.now * 1000);
        expect(believes(() => verify(vector))).toBe(true);
      }
    });
  });

  it.each([
    ['good', ['good']],
    ['rotated-known-new', ['rotated-known-new', 'rotated-known-old']],
  ])('%s is byte for byte what Opcovia sends', (name, secretsOf) => {
    const { headers, body } = named(name);
    const [current = '', ...others] = secretsOf.map((each) => named(each).secret);
    const id = headers['webhook-id'] ?? '';
    const attempt = { id, timestampSeconds: Number(headers['webhook-timestamp']), body: Buffer.from(body) };
    expect(signatureHeaders(attempt, [current, ...others])).toEqual(headers);
  });
});

describe('docs/verify-webhook.ts', () => {
  const { body, headers, secret, now } = named('good');
  const said = (changed: Record<string, string | string[] | undefined>) =>
    isGenuine({ rawBody: Buffer.from(body), headers: { ...headers, ...changed } }, secret, now * 1000);

  it('asks for each of the three headers, once', () => {
    expect(said({})).toBe(true);
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      expect(said({ [name]: undefined })).toBe(false);
      expect(said({ [name]: [headers[name] ?? '', headers[name] ?? ''] })).toBe(false);
    }
  });

  it('takes a right value wherever it stands among others', () => {
    const right = headers['webhook-signature'] ?? '';
    expect(said({ 'webhook-signature': `v1,AAAA v1a,x  ${right}` })).toBe(true);
    expect(said({ 'webhook-signature': right.toLowerCase() })).toBe(false);
  });

  it('says that a secret is none, rather than refuse in silence', () => {
    for (const none of ['', 'whsec_', '!!!'])
      expect(() => isGenuine({ rawBody: Buffer.from(body), headers }, none, now * 1000)).toThrow(/secret/);
  });

  it('believes the bytes, also those that are no text', () => {
    const rawBody = Buffer.from([0xff, 0x00, 0xfe]);
    const signed = signatureHeaders({ id: 'msg_bytes', timestampSeconds: now, body: rawBody }, [secret]);
    expect(isGenuine({ rawBody, headers: signed }, secret, now * 1000)).toBe(true);
    expect(isGenuine({ rawBody: Buffer.from([0xfd, 0x00, 0xfe]), headers: signed }, secret, now * 1000)).toBe(false);
  });

  it('stands in docs/webhooks.md as it is', () => {
    const [, shown = ''] =
      /<!-- verify:start -->\n```ts\n([\s\S]*?)```\n<!-- verify:end -->/.exec(read('docs/webhooks.md')) ?? [];
    expect(shown).toBe(read('docs/verify-webhook.ts'));
  });
});
