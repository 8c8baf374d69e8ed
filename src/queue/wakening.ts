/** Carries "something is due at this OPCO" to the dispatcher of this process, if it has one; the others look at their next tick. */
export class Wakening {
  #listener: ((opcoId: string) => void) | undefined;

  wake(opcoId: string): void {
    this.#listener?.(opcoId);
  }

  listen(listener: (opcoId: string) => void): void {
    this.#listener = listener;
  }
}
