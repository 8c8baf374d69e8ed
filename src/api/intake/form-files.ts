import type { FastifyRequest } from 'fastify';
import { fileElsewhere, type DepositFile, type FileFacts } from '../../core/deposit-file.js';
import { fail, type Finding } from '../../core/errors.js';
import { parseStrictJson } from '../../core/strict-json.js';
import { weigh, type Staging } from '../../queue/staging.js';
import { readForm } from './read-form.js';
import { judgeName, pointerOf, type Received } from './received.js';

/** The part that holds the body; every other part is a file of its name. */
const bodyPart = 'body';
/** A body without files has at most as much. */
const mostBodyBytes = 1024 * 1024;

/** How much a deposit may bring. */
export interface IntakeLimits {
  readonly requestBytes: number;
  readonly fileBytes: number;
  readonly files: number;
}

/**
 * Reads a deposit out of a form: `body` is the JSON that one would send without files, every other part a file whose name is the
 * part's. Files are staged while they arrive, and on any failure they are removed again; without a staging they are only weighed.
 */
export async function takeFormFiles(
  request: FastifyRequest,
  { staging, limits }: { readonly staging: Staging | undefined; readonly limits: IntakeLimits },
): Promise<{ readonly body: unknown; readonly received: Received }> {
  const form = new Form(limits, (name, content) => (staging ? staging.add(name, content) : weigh(name, content)));
  try {
    await readForm(request.raw, { parts: limits.files + 1, bytes: limits.requestBytes }, (name, content) =>
      form.take(name, content),
    );
    return { body: form.body(), received: { ...form.received(), ...(staging && { staging }) } };
  } catch (error) {
    await staging?.drop().catch(() => undefined);
    throw error;
  }
}

class Form {
  readonly #names = new Set<string>();
  readonly #files: DepositFile[] = [];
  readonly #findings: Finding[] = [];
  #body: { readonly value: unknown } | undefined;

  constructor(
    private readonly limits: IntakeLimits,
    private readonly keep: (name: string, content: AsyncIterable<Buffer>) => Promise<FileFacts>,
  ) {}

  async take(name: string, content: AsyncIterable<Buffer>): Promise<void> {
    if (this.#names.has(name)) throw fail('VALIDATION_ERROR', { findings: [twice(name)] });
    this.#names.add(name);
    if (name === bodyPart) {
      const bytes = await whole(upTo(mostBodyBytes, content, 'Le corps JSON dépasse 1 Mio.'));
      this.#body = { value: parseStrictJson(bytes) };
      return;
    }
    this.#findings.push(...judgeName(name));
    const mebibytes = Math.floor(this.limits.fileBytes / 1_048_576);
    const bounded = upTo(this.limits.fileBytes, content, `Au plus ${mebibytes} Mio par fichier.`);
    this.#files.push(fileElsewhere(await this.keep(name, bounded)));
  }

  body(): unknown {
    if (this.#body) return this.#body.value;
    const message = 'Partie obligatoire absente : le corps JSON du dépôt.';
    throw fail('VALIDATION_ERROR', { findings: [{ pointer: `/${bodyPart}`, code: 'required', message }] });
  }

  received(): Received {
    return { files: this.#files, findings: this.#findings };
  }
}

async function* upTo(most: number, content: AsyncIterable<Buffer>, detail: string): AsyncIterable<Buffer> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > most) throw fail('PAYLOAD_TOO_LARGE', { detail });
    yield chunk;
  }
}

async function whole(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const twice = (name: string): Finding => ({
  pointer: pointerOf(name),
  code: 'duplicate',
  message: 'Cette partie figure deux fois.',
});
