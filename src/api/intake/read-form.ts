import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { fail } from '../../core/errors.js';
import { FormBytes } from './form-bytes.js';
import { boundaryOf, partNameOf } from './part-head.js';

/** What a form may bring; more is refused while it arrives. */
export interface FormLimits {
  readonly parts: number;
  /** Of the whole request. */
  readonly bytes: number;
}

/** Takes one part in, to its end; names may repeat, whoever takes decides. */
export type TakePart = (name: string, content: AsyncIterable<Buffer>) => Promise<void>;

/** Of the lines in front of a part's content. */
const mostHeadBytes = 4096;
const emptyLine = Buffer.from('\r\n\r\n');

/**
 * Reads `multipart/form-data` (RFC 7578), one part after the other; no part is ever whole in memory here, and none is read faster
 * than it is taken. Read by hand, since nothing may be passed over in silence as libraries do: a part without a name, a cut head,
 * bytes before the first part or behind the last. Every part counts as bytes, with a file name or without.
 *
 *     --b⏎ head ⏎⏎ content ⏎--b⏎ head ⏎⏎ content ⏎--b--
 *
 * Throws 400 MALFORMED_REQUEST for what is no such form, 413 beyond the limits, and what `take` throws. The request is then no
 * longer read: the connection cannot go on.
 */
export async function readForm(
  request: Readable & { readonly headers: IncomingHttpHeaders },
  limits: FormLimits,
  take: TakePart,
): Promise<void> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(request.headers['content-type'])}`);
  const bytes = new FormBytes(request, limits.bytes);
  const first = await bytes.take(delimiter.length - 2);
  if (!first.equals(delimiter.subarray(2))) throw malformed();
  for (let parts = 0; !(await isLast(bytes)); parts++) {
    if (parts === limits.parts) throw fail('PAYLOAD_TOO_LARGE', { detail: `Au plus ${limits.parts} parties.` });
    const head = await bytes.before(emptyLine, mostHeadBytes);
    await take(partNameOf(head), bytes.until(delimiter));
  }
  await bytes.end();
}

/** Two bytes follow each delimiter: a line end before one more part, or dashes. */
async function isLast(bytes: FormBytes): Promise<boolean> {
  const after = (await bytes.take(2)).toString('latin1');
  if (after !== '--' && after !== '\r\n') throw malformed();
  return after === '--';
}

const malformed = () =>
  fail('MALFORMED_REQUEST', { detail: "Le corps n'est pas un formulaire multipart/form-data lisible." });
