import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../../core/clock.js';
import { CLOCK } from '../clock.token.js';

const rememberedMs = 600_000;

/** Which workers of this process were found stuck and restarted in the last ten minutes: for readiness. */
@Injectable()
export class WorkerNotes {
  #restarts: readonly { readonly name: string; readonly at: number }[] = [];

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  noteRestart(name: string): void {
    this.#restarts = [...this.#recent(), { name, at: this.clock.elapsed() }];
  }

  /** Names of workers, and of those for which one restart was not enough. */
  look(): { readonly restarted: readonly string[]; readonly stillStuck: readonly string[] } {
    const names = this.#recent().map(({ name }) => name);
    const restarted = [...new Set(names)];
    return { restarted, stillStuck: restarted.filter((name) => names.indexOf(name) !== names.lastIndexOf(name)) };
  }

  #recent() {
    return this.#restarts.filter(({ at }) => this.clock.elapsed() - at < rememberedMs);
  }
}
