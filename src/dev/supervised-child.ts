import { setTimeout as pause } from 'node:timers/promises';
import type { ReadyChild } from './embedded-postgres.js';
import type { ChildName } from './launched-child.js';

const MINUTE_MS = 60_000;
const STARTS_PER_MINUTE = 6;
const RESTART_PAUSE_MS = 50;

/**
 * A child that is started again when it dies unasked.
 *
 *   start()──▶ running ──dies──▶ waiting ──▶ running     stop() from anywhere ──▶ stopped
 *                                  │  ▲
 *                                  └──┘ start failed
 *
 * More than `STARTS_PER_MINUTE` starts in a minute are spread out by waiting for the minute to pass.
 */
export class SupervisedChild {
  private current: ReadyChild | undefined;
  private starts: number[] = [];
  private restarting: Promise<void> = Promise.resolve();

  constructor(
    private readonly name: ChildName,
    private readonly startChild: () => Promise<ReadyChild>,
    private readonly stopping: AbortSignal,
    private readonly log: (text: string) => void,
  ) {}

  /** Starts it for the first time; this failure is the caller's, later ones are only logged. */
  async start(): Promise<void> {
    this.watch(await this.startChild());
  }

  /** Stops the child and every attempt to start it again; the `stopping` signal must have been given before. */
  async stop(): Promise<void> {
    await this.restarting;
    await this.current?.child.stop();
  }

  private watch(child: ReadyChild): void {
    this.current = child;
    void child.child.exited.then(() => {
      if (this.stopping.aborted) return;
      this.log(`${this.name} died: ${child.child.lastWords()}`);
      this.restarting = this.restart();
    });
  }

  private async restart(): Promise<void> {
    while (!this.stopping.aborted) {
      await this.waitForTurn();
      if (this.stopping.aborted) return;
      try {
        this.watch(await this.startChild());
        this.log(`${this.name} is up again`);
        return;
      } catch (error) {
        this.log(`${this.name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  private async waitForTurn(): Promise<void> {
    const now = performance.now();
    this.starts = this.starts.filter((at) => now - at < MINUTE_MS);
    const oldest = this.starts[0];
    const waitMs =
      this.starts.length < STARTS_PER_MINUTE || oldest === undefined ? RESTART_PAUSE_MS : MINUTE_MS - (now - oldest);
    this.starts.push(now + waitMs);
    await pause(waitMs, undefined, { signal: this.stopping }).catch(() => undefined);
  }
}
