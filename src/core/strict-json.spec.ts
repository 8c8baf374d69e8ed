import fc from 'fast-check';
import { OpcoviaError } from './errors.js';
import { parseStrictJson } from './strict-json.js';

const strict = (text: string) => parseStrictJson(Buffer.from(text, 'utf8'));

/** The code and the pointer of a refusal; undefined when the text was taken. */
function refusalOf(bytes: Buffer | string): string | undefined {
  try {
    parseStrictJson(Buffer.from(bytes));
    return undefined;
  } catch (error) {
    if (!(error instanceof OpcoviaError)) throw error;
    const [finding] = error.details.findings ?? [];
    return `${error.code} ${finding?.code} ${finding?.pointer}`;
  }
}

/** What the product promises to keep, said a second time and slowly. */
function keepable(value: unknown, depth = 0): boolean {
  if (depth > 32) return false;
  if (typeof value === 'string') return !/\0/.test(value) && Buffer.from(value).toString() === value;
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(
    ([name, member]) =>
      !['__proto__', 'constructor', 'prototype'].includes(name) && keepable(name) && keepable(member, depth + 1),
  );
}

const escaped = (name: string) =>
  `"${[...Array(name.length).keys()].map((at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;

describe('strict JSON', () => {
  it('agrees with JSON.parse on all that may be kept, and refuses the rest', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        if (keepable(value)) expect(strict(text)).toStrictEqual(JSON.parse(text));
        else expect(refusalOf(text)).toMatch(/^VALIDATION_ERROR (character|number|forbidden_key) /);
      }),
    );
  });

  it.each([
    '0.1000000000000000055511151231257827',
    '10.000000000000000001',
    '9007199254740990.9',
    '1e-400',
    '-123456789.12345678901',
  ])('refuses %s, which would lose digits, by its place', (literal) => {
    expect(refusalOf(`{"a":["1e-400 \\" 2",1],"b":{"c/d":[0,${literal}]}}`)).toBe('VALIDATION_ERROR number /b/c~1d/1');
    expect(refusalOf(`{"a":${literal}`)).toMatch(/ json /);
  });

  it.each([
    '0.30000000000000004',
    '1.500000000000000000000',
    '-0',
    '0.000e5',
    '5e-324',
    '12E2',
    '1234567890.12',
    '0e-999',
  ])('takes %s, which loses none', (literal) => {
    expect(strict(`[${literal}]`)).toEqual(JSON.parse(`[${literal}]`));
  });

  it('is done with a number of a million digits at once', () => {
    const began = performance.now();
    expect(refusalOf(`[1${'0'.repeat(1_000_000)}1]`)).toMatch(/ number \/0$/);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('refuses whatever JSON.parse refuses', () => {
    const almost = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', '{', '}', '"', ':', ',', '\\', '[', '\u0001', 'x'),
    );
    fc.assert(
      fc.property(almost, ([json, at, splice]) => {
        const cut = at % (json.length + 1);
        const text = json.slice(0, cut) + splice + json.slice(cut + 1);
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(refusalOf(text)).toMatch(/^VALIDATION_ERROR /);
      }),
    );
  });

  it('refuses a key that comes twice, however it is spelled and wherever it stands', () => {
    const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(name, fc.jsonValue(), fc.boolean(), fc.nat(4), (key, value, spelled, depth) => {
        const again = spelled ? escaped(key) : JSON.stringify(key);
        const object = `{${JSON.stringify(key)}:${JSON.stringify(value)},"other":[{"x":1}],${again}:1}`;
        fc.pre(keepable(value) && key !== 'other');
        const text = '{"in":['.repeat(depth) + object + ']}'.repeat(depth);
        expect(refusalOf(text)).toMatch(/^VALIDATION_ERROR duplicate_key (\/in\/0)*\//);
      }),
    );
  });

  it.each([
    ['duplicate_key /montant', '{"montant":1,"montant":100}'],
    ['duplicate_key /a/1/montant', '{"a":[0,{"montant":1,"\\u006dontant":100}]}'],
    ['duplicate_key /a', '{"a":{"x":1},"a":{"x":1,"y":2}}'],
    ['forbidden_key /__proto__', '{"__proto__":{"isAdmin":true}}'],
    ['forbidden_key /apprenti/constructor', '{"apprenti":{"constructor":{"prototype":{}}}}'],
    ['forbidden_key /__proto__', '{"\\u005f_proto__":1}'],
    ['number /montant', '{"montant":9007199254740993}'],
    ['number /montant', '{"montant":1e400}'],
    ['number /montant', '{"montant":-1e400}'],
    ['character /nom', '{"nom":"a\\u0000b"}'],
    ['character /nom', '{"nom":"\\ud800"}'],
    ['character /a~1b~0c', '{"a/b~c":"\\udc00\\ud800"}'],
    ['json ', '\ufeff{}'],
    ['json ', '{"a":'],
    ['json ', '{}trailing'],
    ['json ', ''],
    ['json ', '[NaN]'],
    ['too_deep ', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['too_deep ', '{"a":'.repeat(15_000)],
    ['too_many_keys ', `{${[...Array(10_001).keys()].map((n) => `"k${n}":1`).join(',')}}`],
  ])('refuses with %s', (refusal, text) => {
    expect(refusalOf(text)).toBe(`VALIDATION_ERROR ${refusal}`);
  });

  it('refuses bytes that are no UTF-8, and echoes nothing of the body', () => {
    expect(refusalOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBe('VALIDATION_ERROR utf8 ');
    expect(refusalOf(Buffer.from('{"nom":"Zoé"}', 'latin1'))).toBe('VALIDATION_ERROR utf8 ');
    expect(() => strict('{"nom":"SECRET"')).toThrow(/^VALIDATION_ERROR$/);
  });

  it('counts the same whatever the length of a string, its quotes and its backslashes', () => {
    const pieces = fc.constantFrom('a', '\\', '"', ':', '{', '}', 'é', 'x'.repeat(61), '\\'.repeat(7));
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), fc.array(pieces, { maxLength: 40 }), (left, right) => {
        const value = { [`k${left.join('')}`]: [left.join(''), { other: right.join('') }], end: right.join('') };
        expect(strict(JSON.stringify(value))).toStrictEqual(value);
      }),
    );
  });

  it('keeps what looks dangerous and is not', () => {
    const text = '{"a":"{\\"a\\":1,\\"a\\":2}","b":"\\\\","c":"\\ud83d\\ude00 :::","2":1,"1":[[]],"toString":null}';
    expect(strict(text)).toStrictEqual(JSON.parse(text));
  });
});
