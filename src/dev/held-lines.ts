import type { DestinationStream } from 'pino';

/**
 * Log lines of a process whose start is being told to a human: they are written once all is told, so that the text comes out whole.
 * One that warns is written at once, with those before it.
 */
export class HeldLines implements DestinationStream {
  #held: string[] | undefined = [];

  constructor(private readonly to: DestinationStream) {}

  write(line: string): void {
    if (!this.#held) return this.to.write(line);
    this.#held.push(line);
    if (/^\{"level":"(?:warn|error|fatal)"/.test(line)) this.#pass();
  }

  /** From now on every line is written as it comes. */
  release(): void {
    this.#pass();
    this.#held = undefined;
  }

  #pass(): void {
    for (const line of this.#held?.splice(0) ?? []) this.to.write(line);
  }
}
