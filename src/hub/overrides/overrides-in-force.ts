import type { Clock } from '../../core/clock.js';
import { budgetKey } from '../../core/keys.js';
import type { BudgetSizes } from '../central/sizes.js';
import type { BudgetOverride, RunningOverride } from './override.js';

interface InForce {
  readonly override: BudgetOverride;
  /** Monotonic milliseconds. */
  readonly endsAt: number;
}

/**
 * What staff has said of the budgets, as this process knows it; tells the holder of the budgets when something begins or ends.
 * Remembered while PostgreSQL is away, and never beyond the end that was given: each ends by this process's own monotonic time.
 */
export class OverridesInForce {
  #known: ReadonlyMap<string, InForce> = new Map();
  /** What the holder was told last. */
  readonly #told = new Map<string, InForce>();
  #loading: Promise<void> | undefined;
  #again = false;

  constructor(
    private readonly read: () => Promise<readonly RunningOverride[]>,
    private readonly holder: Pick<BudgetSizes, 'holdTo'>,
    private readonly clock: Clock,
  ) {}

  /** What is said of a budget now. */
  of(budget: string): BudgetOverride | undefined {
    if (this.#known.size === 0 && this.#told.size === 0) return undefined;
    return this.#settle(budget)?.override;
  }

  /** Begins and ends what is due. */
  settle(): void {
    for (const budget of new Set([...this.#known.keys(), ...this.#told.keys()])) this.#settle(budget);
  }

  /** Reads all anew; one that is asked for meanwhile reads once more, and both settle after it. Fails as PostgreSQL does. */
  load(): Promise<void> {
    if (this.#loading) this.#again = true;
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(): Promise<void> {
    do {
      this.#again = false;
      // Counted from before the question: no override may outlive its end because an answer took long.
      const asked = this.clock.elapsed();
      const running = await this.read();
      this.#known = new Map(
        running.map(({ leftMs, ...override }) => [
          budgetKey(override.opcoId, override.environment),
          { override, endsAt: asked + leftMs },
        ]),
      );
      this.settle();
    } while (this.#again);
  }

  #settle(budget: string): InForce | undefined {
    const known = this.#known.get(budget);
    const now = known && known.endsAt > this.clock.elapsed() ? known : undefined;
    const told = this.#told.get(budget);
    if (sameWord(now, told)) return now;
    this.holder.holdTo(budget, now && { rate: now.override.rate ?? undefined, burst: now.override.burst ?? undefined });
    if (now) this.#told.set(budget, now);
    else this.#told.delete(budget);
    return now;
  }
}

/** What was set anew is said anew, even with the same figures: staff may want to have it believed once more. */
function sameWord(one: InForce | undefined, other: InForce | undefined): boolean {
  if (!one || !other) return one === other;
  const [now, before] = [one.override, other.override];
  return now.setAt.getTime() === before.setAt.getTime() && now.rate === before.rate && now.burst === before.burst;
}
