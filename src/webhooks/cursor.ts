import { fail } from '../core/errors.js';

/** Which part of a list is wanted. */
export interface PageQuestion {
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** A position in a list as an opaque word. */
export function sealCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position that a cursor stands for; throws VALIDATION_ERROR on anything that is no cursor of `size` parts. */
export function openCursor(cursor: string, size: number): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(parts) && parts.length === size && parts.every((part) => typeof part === 'string')) return parts;
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  throw badCursor();
}

/** The failure of a cursor that we did not give. */
export function badCursor(): Error {
  return fail('VALIDATION_ERROR', {
    detail: "Le curseur n'est pas l'un des nôtres ; reprenez la liste du début.",
    findings: [{ pointer: '/query/cursor', code: 'cursor', message: 'Curseur inconnu.' }],
  });
}
