import type { Became, ToHub } from '../messages.js';
import type { Timers } from '../timers.js';
import type { Desk } from './desk.js';
import { Reports } from './reports.js';

/** What became of calls is told so often at most; refusals are told at once. */
const reportEveryMs = 100;

/** What an instance has to say to a hub elsewhere: what changes together is said together. */
export class Outbox {
  readonly #reports = new Reports();
  readonly #changed = new Set<string>();
  readonly #untold = new Set<string>();
  #callOffWants: (() => void) | undefined;
  #callOffReports: (() => void) | undefined;

  constructor(
    private readonly timers: Timers,
    private readonly desks: ReadonlyMap<string, Desk>,
    private readonly to: { say(message: ToHub): void; now(): number; heard(): number },
  ) {}

  /** What is wanted of a budget, or to be given back, is not what the hub knows. */
  changed(budget: string): void {
    this.#changed.add(budget);
    this.#callOffWants ??= this.timers.after(0, () => this.#sayWants());
  }

  /** What became of a call; what makes everybody pause is told at once. */
  note(budget: string, became: Became, urgent: boolean): void {
    this.#reports.note(budget, became);
    this.#untold.add(budget);
    if (urgent) this.#sayReport(budget);
    else this.#later();
  }

  close(): void {
    this.#callOffWants?.();
    this.#callOffReports?.();
  }

  #later(): void {
    this.#callOffReports ??= this.timers.after(reportEveryMs, () => {
      this.#callOffReports = undefined;
      for (const budget of [...this.#untold]) this.#sayReport(budget);
    });
  }

  #sayWants(): void {
    this.#callOffWants = undefined;
    const budgets = [...this.#changed];
    this.#changed.clear();
    for (const budget of budgets) {
      const desk = this.desks.get(budget);
      if (!desk) continue;
      if (desk.back > 0) {
        const calls = desk.back;
        desk.back = 0;
        // What lay in store has to leave it before it is given back.
        if (desk.unsaid) this.#sayReport(budget);
        this.to.say({ type: 'release', budget, calls });
      } else if (desk.unsaid) {
        this.#untold.add(budget);
        this.#later();
      }
      this.to.say({ type: 'lease', budget, wants: desk.wants(this.to.now()), heard: this.to.heard() });
    }
  }

  #sayReport(budget: string): void {
    this.#untold.delete(budget);
    const ahead = this.desks.get(budget)?.said() ?? 0;
    const became = this.#reports.take(budget);
    if (ahead > 0 || became.length > 0) this.to.say({ type: 'report', budget, became, ahead });
  }
}
