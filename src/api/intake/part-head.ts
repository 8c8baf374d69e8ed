import { fail } from '../../core/errors.js';

const parameter = /\s*;\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/y;
/** RFC 2046 section 5.1.1: 1 to 70 characters, the last one no blank. */
const boundaryShape = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/;
const undecoded = /^(?:7bit|8bit|binary)$/i;

/** What separates the parts of a form. Throws 400 MALFORMED_REQUEST when the type names none, or two. */
export function boundaryOf(contentType = ''): string {
  const boundary = parametersOf(contentType)?.get('boundary');
  if (boundary !== undefined && boundaryShape.test(boundary)) return boundary;
  throw malformed('Content-Type: multipart/form-data demande un « boundary » de 1 à 70 caractères.');
}

/**
 * The name of a part, out of the lines in front of its content. Throws 400 MALFORMED_REQUEST for whatever could be read in two
 * ways: no name, two, a folded line, bytes that are no UTF-8; and for an encoding, whose bytes are not the file's (RFC 7578
 * section 4.7). What the part says of its type and file name decides nothing.
 */
export function partNameOf(head: Buffer): string {
  const fields = fieldsOf(head);
  if (!undecoded.test(fields.get('content-transfer-encoding') ?? 'binary'))
    throw malformed('Content-Transfer-Encoding non admis.');
  const disposition = fields.get('content-disposition') ?? '';
  const name = /^form-data\s*(?:;|$)/i.test(disposition) ? parametersOf(disposition)?.get('name') : undefined;
  if (name) return name;
  throw malformed('Chaque partie demande : Content-Disposition: form-data; name="…".');
}

function fieldsOf(head: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of utf8(head).split('\r\n')) {
    const [, name = '', value = ''] = /^([\w-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/.exec(line) ?? [];
    const known = name.toLowerCase();
    if (name === '' || fields.has(known)) throw malformed("L'en-tête d'une partie est mal formé.");
    fields.set(known, value);
  }
  return fields;
}

/** By lower-case name, quotes undone; undefined when one comes twice or cannot be read. */
function parametersOf(value: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  let at = value.search(/\s*(?:;|$)/);
  while (at < value.length) {
    parameter.lastIndex = at;
    const [whole, name = '', quoted, bare = ''] = parameter.exec(value) ?? [];
    if (whole === undefined) return /^\s*;?\s*$/.test(value.slice(at)) ? found : undefined;
    if (found.has(name.toLowerCase())) return undefined;
    found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare);
    at += whole.length;
  }
  return found;
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("L'en-tête d'une partie n'est pas en UTF-8.");
  }
}

const malformed = (detail: string) => fail('MALFORMED_REQUEST', { detail });
