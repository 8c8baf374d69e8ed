import { fail } from '../../core/errors.js';

/** The bytes of a form, asked for as they are needed: what nobody asks for is not read from the connection. */
export class FormBytes {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #read = 0;

  constructor(
    source: AsyncIterable<Buffer>,
    /** Of the whole form. */
    private readonly mostBytes: number,
  ) {
    // Never told to return: that would destroy the request, and with it the connection that carries the answer.
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#held.length < bytes) await this.#needMore();
    return this.#cut(bytes);
  }

  /** What stands before the mark, whole; the mark itself is passed over. */
  async before(mark: Buffer, most: number): Promise<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      if (at > most || (at < 0 && this.#held.length > most + mark.length))
        throw malformed('En-tête de partie trop long.');
      if (at >= 0) {
        const found = this.#cut(at);
        this.#cut(mark.length);
        return found;
      }
      await this.#needMore();
    }
  }

  /** What stands before the mark, as it comes; the mark itself is passed over. To be read to its end. */
  async *until(mark: Buffer): AsyncGenerator<Buffer, void> {
    for (;;) {
      const at = this.#held.indexOf(mark);
      // The last bytes may be the beginning of the mark.
      const sure = at >= 0 ? at : this.#held.length - mark.length + 1;
      const content = sure > 0 ? this.#cut(sure) : undefined;
      if (at >= 0) this.#cut(mark.length);
      if (content) yield content;
      if (at >= 0) return;
      await this.#needMore();
    }
  }

  /** The end of the form, where nothing but a line end may still come. */
  async end(): Promise<void> {
    do {
      if (!'\r\n'.startsWith(this.#held.toString('latin1')))
        throw malformed('Des octets suivent la fin du formulaire.');
    } while (await this.#more());
  }

  #cut(bytes: number): Buffer {
    const cut = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    return cut;
  }

  async #needMore(): Promise<void> {
    if (!(await this.#more())) throw incomplete();
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#source.next().catch((cause: unknown) => {
      throw incomplete(cause);
    });
    if (done === true) return false;
    this.#read += value.length;
    if (this.#read > this.mostBytes)
      throw fail('PAYLOAD_TOO_LARGE', { detail: 'La requête dépasse la taille permise.' });
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    return true;
  }
}

const malformed = (detail: string) => fail('MALFORMED_REQUEST', { detail });
const incomplete = (cause?: unknown) => fail('MALFORMED_REQUEST', { detail: 'Le formulaire est incomplet.', cause });
