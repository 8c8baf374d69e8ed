import { createHash } from 'node:crypto';
import { types } from 'node:util';

/** SQLSTATE of a name that the server does not know, or knows already: a pooler deals its sessions out by the transaction. */
const ofOtherSession = new Set(['26000', '42P05']);

/**
 * Names for statements, so that PostgreSQL parses and plans each of them once a connection (for the claim of a job that is seven
 * eighths of its cost) and not at every call. Our texts are constants, their number is bounded all the same; one more than `most`
 * is planned at each call, as all are where `most` is 0.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();

  constructor(private most = 500) {}

  /** Undefined for a text that is to be planned anew. */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= this.most) return known;
    // Made of the text: a pooler may lead to a session in which another process gave the name.
    const name = `opcovia_${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
    this.#names.set(text, name);
    return name;
  }

  /**
   * Whether a statement failed by its name alone: doing the work again on another connection mends it. Behind a pooler that mixes
   * sessions up no statement of this process has a name any more.
   */
  failedByName(error: unknown): boolean {
    if (!types.isNativeError(error) || !('code' in error)) return false;
    const code = String(error.code);
    if (ofOtherSession.has(code)) {
      this.most = 0;
      this.#names.clear();
      return true;
    }
    // A migration gave another type to a column of the answer.
    return code === '0A000' && error.message.includes('cached plan');
  }
}
