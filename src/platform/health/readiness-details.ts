import { Injectable } from '@nestjs/common';

/** One detail: words for machines, no host, no version, no count. */
export type ReadinessDetail = Readonly<Record<string, string>>;

/** What readiness tells besides what it decides by: nothing that is said here makes a process unready. */
@Injectable()
export class ReadinessDetails {
  readonly #looks = new Map<string, () => ReadinessDetail>();

  /** From now on the report has this detail, as it is at the time of the report. */
  tell(name: string, look: () => ReadinessDetail): void {
    this.#looks.set(name, look);
  }

  look(): Record<string, ReadinessDetail> {
    return Object.fromEntries([...this.#looks].map(([name, look]) => [name, { status: 'up', ...look() }]));
  }
}
