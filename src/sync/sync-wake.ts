/** Tells the worker of this process that a synchronisation is due. A hint only: who misses it is served by the tick. */
export class SyncWake {
  #listener: () => void = () => undefined;

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  wake(): void {
    this.#listener();
  }
}
