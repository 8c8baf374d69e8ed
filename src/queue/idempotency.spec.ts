import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { claimKey, fingerprint, readIdempotencyKey, type DepositContent } from './idempotency.js';

const file = (name: string, text: string) => ({ name, sha256: createHash('sha256').update(text).digest('hex') });
const content = (over: Partial<DepositContent> = {}): DepositContent => ({
  method: 'POST',
  route: '/:opcoId/documents',
  opcoId: 'opco-ep',
  body: { a: 1, b: [true, null, 'é'] },
  files: [file('a.pdf', 'one'), file('b.pdf', 'two')],
  ...over,
});
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});

describe('the Idempotency-Key header', () => {
  it('is absent without a line', () => {
    expect(readIdempotencyKey(undefined)).toBeUndefined();
  });

  it.each([
    ['doc-001', 'doc-001'],
    ['"doc-001"', 'doc-001'],
    ['  doc-001\t', 'doc-001'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"a,b"', 'a,b'],
    ['a'.repeat(255), 'a'.repeat(255)],
  ])('reads %j', (field, key) => {
    expect(readIdempotencyKey(field)).toBe(key);
    expect(readIdempotencyKey([field])).toBe(key);
  });

  it.each([
    '',
    ' ',
    '""',
    'a'.repeat(256),
    'caf\xe9',
    'a\tb',
    'a b',
    '"a b"',
    'k1, k2',
    '"k1", "k2"',
    '"k1',
    'k1"',
    '"k1"x',
    '"a\\n"',
    '"k";p=1',
  ])('refuses %j', (field) => {
    expect(() => readIdempotencyKey(field)).toThrow('IDEMPOTENCY_KEY_INVALID');
  });

  it('refuses two lines', () => {
    expect(() => readIdempotencyKey(['a', 'a'])).toThrow('IDEMPOTENCY_KEY_INVALID');
  });

  it('gives any visible text back from its quoted form, and from its bare form where that has no comma or quote', () => {
    fc.assert(
      fc.property(visible, (key) => {
        const quoted = `"${key.replace(/["\\]/g, '\\$&')}"`;
        expect(readIdempotencyKey(quoted)).toBe(key);
        if (!/[",]/.test(key)) expect(readIdempotencyKey(key)).toBe(key);
      }),
    );
  });
});

describe('the fingerprint', () => {
  it('ignores the order of members and of files', () => {
    const { files } = content();
    const shuffled = content({ body: { b: [true, null, 'é'], a: 1 }, files: [...files].reverse() });
    expect(fingerprint(shuffled)).toEqual(fingerprint(content()));
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['route', { route: '/:opcoId/dossiers' }],
    ['OPCO', { opcoId: 'akto' }],
    ['amount', { body: { a: 1.01, b: [true, null, 'é'] } }],
    ['order of an array', { body: { a: 1, b: [null, true, 'é'] } }],
    ['name of a file', { files: [file('c.pdf', 'one')] }],
    ['bytes of a file', { files: [file('a.pdf', 'One')] }],
    ['absence of files', { files: [] }],
  ])('changes with the %s', (_, over) => {
    expect(fingerprint(content(over))).not.toEqual(fingerprint(content()));
  });

  it('does not mix the parts up', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (a, b, c) => {
        fc.pre(b !== '');
        const one = fingerprint(content({ route: a + b, opcoId: c }));
        expect(one).not.toEqual(fingerprint(content({ route: a, opcoId: b + c })));
      }),
    );
  });

  it('is the same for any JSON value written in another order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (body) => {
        const reversed = Object.fromEntries(Object.entries(body).reverse());
        expect(fingerprint(content({ body: reversed }))).toEqual(fingerprint(content({ body })));
      }),
    );
  });
});

describe('the claim', () => {
  it('never confuses a key of a client with a content', () => {
    const digest = fingerprint(content());
    expect(claimKey(undefined, digest)).toMatchObject({ implicit: true });
    expect(claimKey(digest.toString('latin1'), digest).hash).not.toEqual(claimKey(undefined, digest).hash);
    expect(claimKey('k', digest).hash).toEqual(claimKey('k', Buffer.from('other')).hash);
  });
});
