import Type, { type TSchema } from 'typebox';

/** Refuses control characters and lone surrogates (PostgreSQL `jsonb` cannot hold them) and blank text; linear. */
const printable = '^(?=\\s*\\S)[^\\p{Cc}\\p{Cs}]*$';

/** One line of text with at least one visible character; `maxLength` counts code points, as the norm's tables do. */
export const text = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, pattern: printable, ...(description && { description }) });

/** Text whose whole form is fixed by a linear regular expression; the example is shown in the OpenAPI document. */
export const formatted = (pattern: string, description: string, example: string) =>
  Type.String({ pattern, maxLength: 80, description, examples: [example] });

/** A number given by an OPCO, as a deposit or a question cites it: any printable text. */
export const reference = (description: string, example = 'INT-0001') =>
  Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\p{Cc}\\p{Cs}]+$', description, examples: [example] });

/** Yes or no. */
export const flag = (description: string) => Type.Boolean({ description });

/** A civil date `YYYY-MM-DD` that exists in the calendar. */
export const day = (description?: string) =>
  Type.String({ format: 'date', maxLength: 10, ...(description && { description }) });

/** Euros with at most two decimals: `multipleOf: 0.01` is not exact on binary fractions, so the decimals are counted. */
export const euros = (description: string, maximum = 9_999_999.99) =>
  Type.Refine(
    Type.Number({ minimum: 0, maximum, description: `${description} (EUR, au plus deux décimales)` }),
    hasTwoDecimals,
    () => 'au plus deux décimales',
  );

function hasTwoDecimals(value: number): boolean {
  return Number(value.toFixed(2)) === value;
}

/** Hours, whole or not. */
export const hours = (description: string, maximum = 9999) =>
  Type.Number({ minimum: 0, maximum, description: `${description} (heures)` });

/** An integer between two bounds, both included. */
export const integer = (minimum: number, maximum: number, description?: string) =>
  Type.Integer({ minimum, maximum, ...(description && { description }) });

/** A code of a list of the norm, given as code -> French label; the labels become the description. */
export const code = <const L extends Readonly<Record<number, string>>>(labels: L, description: string) => {
  const codes = Object.keys(labels).map(Number) as (keyof L & number)[];
  const legend = codes.map((each) => `${each} ${labels[each]}`).join(' ; ');
  return Type.Enum(codes, { type: 'integer', description: `${description} : ${legend}` });
};

/** The schema, or an explicit null: OpenAPI 3.1 writes it as a union. */
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** A field that may be left out or sent as null; both mean "none". */
export const optional = <S extends TSchema>(schema: S) => Type.Optional(nullable(schema));

/** Fourteen digits; the check key is a business rule, not a shape. */
export const siret = (description = 'SIRET') => formatted('^[0-9]{14}$', description, '11000001500013');

/** An e-mail address, judged loosely: one `@`, no blank; the OPCO has the last word. */
export const courriel = () =>
  formatted('^[^@\\s\\p{Cc}\\p{Cs}]{1,64}@[^@\\s\\p{Cc}\\p{Cs}]{1,80}$', 'Adresse électronique', 'contact@cfa.example');

/** A telephone number of at most thirteen characters, with or without the international prefix. */
export const telephone = () =>
  Type.String({ pattern: '^\\+?[0-9]{6,12}$', description: 'Téléphone', examples: ['0102030405'] });

/** An object of a deposit: an unknown field is refused, nothing is dropped in silence. */
export const strict = { additionalProperties: false } as const;

/** A file as base64 (RFC 4648 section 4) that only one sequence of bytes writes so; `mostBytes` counts them decoded. */
export const base64 = (mostBytes: number, description: string) =>
  Type.Refine(
    Type.String({
      minLength: 4,
      maxLength: Math.ceil(mostBytes / 3) * 4,
      contentEncoding: 'base64',
      description,
    }),
    (value) => isCanonicalBase64(value) && (value.length / 4) * 3 - paddingOf(value) <= mostBytes,
    (value) =>
      isCanonicalBase64(value)
        ? `Au plus ${mostBytes} octets une fois décodé.`
        : 'Base64 attendu (RFC 4648) : son alphabet, son remplissage « = », des derniers bits nuls, aucun retour à la ligne.',
  );

/**
 * Whether writing the bytes again gives the very same text: alphabet, whole groups, nothing hidden in the bits that padding leaves
 * over (RFC 4648 section 3.5). No regular expression: on fourteen million characters V8's may run out of stack.
 */
function isCanonicalBase64(value: string): boolean {
  return value.length % 4 === 0 && Buffer.from(value, 'base64').toString('base64') === value;
}

function paddingOf(value: string): number {
  if (value.endsWith('==')) return 2;
  return value.endsWith('=') ? 1 : 0;
}
