import fc from 'fast-check';
import { excerptOf } from './excerpt.js';

const read = (text: string) => excerptOf(Buffer.from(text, 'utf8'));

describe('the excerpt of an answer', () => {
  it('keeps what explains a refusal', () => {
    expect(read('{"error":"unknown event type","field":"data.jobId"}')).toBe(
      '{"error":"unknown event type","field":"data.jobId"}',
    );
    expect(read('Événement refusé :\r\n\tétat inconnu')).toBe('Événement refusé : état inconnu');
  });

  it.each([
    ['a NIR', '2 55 08 14 168 025 38', /\d/],
    ['a telephone number', 'appelez le 06.12.34.56.78', /\d/],
    ['an IBAN', 'FR76 3000 6000 0112 3456 7890 189', /\d{3}/],
    ['an e-mail', 'écrire à zoe.martin@cfa.example', /zoe|cfa\.example/],
    ['a webhook secret', 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=', /whsec_|MDEy/],
    ['a short secret', 'whsec_abc', /abc/],
    ['a bearer', 'Authorization: Bearer abc.def', /abc/],
    ['a password', '{"password":"tiens","token": "x1"}', /tiens|x1/],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', /eyJ|c2ln/],
    ['a hexadecimal key', 'deadbeefdeadbeefdeadbeefdeadbeef', /beef/],
  ])('hides %s', (_, text, leak) => {
    expect(read(`<p>${text}</p>`)).not.toMatch(leak);
  });

  it('says nothing of an empty answer', () => {
    expect(read('')).toBeNull();
    expect(read('\r\n\u0000\u202E')).toBeNull();
  });

  it('holds for any bytes: 1 kB, one line, no control character, no long number, no address, no secret', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.emailAddress(),
      fc.integer({ min: 1000 }).map(String),
      fc.base64String({ minLength: 32 }).map((text) => `whsec_${text}`),
    );
    const text = fc.array(piece, { maxLength: 80 }).map((pieces) => Buffer.from(pieces.join(' '), 'utf8'));
    const bytes = fc.uint8Array({ maxLength: 6000 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.oneof(text, bytes), (answer) => {
        const excerpt = excerptOf(answer) ?? '';
        expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(1024);
        expect(excerpt).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|\d{4}|whsec_|[A-Za-z0-9]@[A-Za-z0-9]/u);
      }),
    );
  });
});
