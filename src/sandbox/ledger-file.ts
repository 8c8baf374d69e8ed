import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** Characters that are gathered before they go to the file at once. */
const fullBuffer = 65_536;

/** Real milliseconds that a line may wait in memory. */
const longestWaitMs = 20;

/**
 * The append-only file of a ledger, one JSON line after the other. Lines are gathered, so that a request costs no system
 * call: killing the sandbox may lose the last twenty milliseconds, closing it loses nothing (fsync).
 *
 *     write ──▶ gathered ──64 KiB or 20 ms──▶ file ──close──▶ fsync
 */
export class LedgerFile {
  readonly #file: number;
  #gathered = '';
  #timer: NodeJS.Timeout | undefined;

  /** Throws where the file cannot be opened for appending. */
  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600);
  }

  write(line: unknown): void {
    this.#gathered += `${JSON.stringify(line)}\n`;
    if (this.#gathered.length >= fullBuffer) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), longestWaitMs).unref();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered === '') return;
    const bytes = Buffer.from(this.#gathered);
    this.#gathered = '';
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  close(): void {
    this.flush();
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
