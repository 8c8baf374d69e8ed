/** What is known of a file without holding its bytes. */
export interface FileFacts {
  /** The member of `_files`, or the name of the form's part: 1 to 120 characters, unique in its deposit. */
  readonly name: string;
  /** By content, never by name; absent for what the norm does not take. */
  readonly mediaType?: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A file of a deposit. Its bytes may lie in PostgreSQL, in pieces: they are read when they are sent, and never all at once. */
export interface DepositFile extends FileFacts {
  /** The bytes in order, from the first one at each call. */
  open(): AsyncIterable<Buffer>;
}

/** A file whose bytes are in memory: out of a JSON body, or made by a test. */
export function fileInMemory(facts: FileFacts, content: Buffer): DepositFile {
  return {
    ...facts,
    open: async function* () {
      yield content;
    },
  };
}

/** A file known by its facts alone, while its bytes lie in the store: enough to judge a deposit, not to send it. */
export function fileElsewhere(facts: FileFacts): DepositFile {
  return {
    ...facts,
    open: () => {
      throw new Error('The bytes of this file are not here');
    },
  };
}
