import { withPortablePatterns } from './portable-patterns.js';

it('writes patterns that compile without the flag u and judge lines of text alike', () => {
  const { pattern } = withPortablePatterns({ pattern: '^(?=\\s*\\S)[^\\p{Cc}\\p{Cs}]*$' });
  const portable = new RegExp(pattern);
  for (const text of ['Atelier', 'Éric 🙂', "L'Œuvre"]) expect([text, portable.test(text)]).toEqual([text, true]);
  for (const text of ['', '  ', 'a\nb', 'a\u0000b', 'a\u0085b'])
    expect([text, portable.test(text)]).toEqual([text, false]);
});

it('reaches the names of properties and every depth, and leaves text alone', () => {
  expect(
    withPortablePatterns({
      a: [{ patternProperties: { '^[^\\p{Cc}]$': { pattern: '\\p{Cs}x' } } }],
      description: '\\p{Cc}',
    }),
  ).toEqual({
    a: [{ patternProperties: { '^[^\\u0000-\\u001f\\u007f-\\u009f]$': { pattern: 'x' } } }],
    description: '\\p{Cc}',
  });
});
