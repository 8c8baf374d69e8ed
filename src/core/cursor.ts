import { fail } from './errors.js';

/** Which part of a list is wanted. */
export interface PageQuestion {
  /** `nextCursor` of the page before. */
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** Where a page ended: the row's creation in microseconds since the epoch, and its id. */
export interface Position {
  readonly micros: string;
  readonly id: string;
}

/** A position as an opaque word. */
export function writeCursor({ micros, id }: Position): string {
  return Buffer.from(`${micros}.${id}`).toString('base64url');
}

/** The position that a cursor stands for; throws VALIDATION_ERROR on what `writeCursor` did not write. */
export function readCursor(cursor: string): Position {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, micros, id] = /^(\d{1,17})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? [];
  if (micros === undefined || id === undefined) throw badCursor();
  return { micros, id };
}

/** The failure of a cursor that we did not give. */
export function badCursor(): Error {
  return fail('VALIDATION_ERROR', {
    detail: "Le curseur n'est pas l'un des nôtres ; reprenez la liste du début.",
    findings: [{ pointer: '/query/cursor', code: 'cursor', message: 'Curseur inconnu.' }],
  });
}
