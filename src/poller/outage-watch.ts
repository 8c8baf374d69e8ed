import type { ErrorCode, OpcoviaError } from '../core/errors.js';

/** So many failures in a row are no accident of single dossiers: the OPCO shows no details at this moment. */
const outageFrom = 3;
/** May be the OPCO's trouble or one dossier's. */
const passing: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_ERROR', 'UPSTREAM_TIMEOUT']);

/** Tells dossiers that the OPCO cannot show for a reason of their own from an OPCO that is away; of one poll. */
export class OutageWatch {
  /** What has to be thrown unless something proves that the OPCO is there after all. */
  away: OpcoviaError | undefined;
  /** Some detail was answered. */
  answered = false;
  #failedInARow = 0;

  /** `doubtful`: numbers that failed the last time, the longest untried first; kept from poll to poll by whoever gives it. */
  constructor(readonly doubtful: Set<string>) {}

  /** Notes how the question for a detail ended; true for a failure that may pass. */
  note(numeroInterne: string, failure: OpcoviaError | undefined): boolean {
    const failed = failure !== undefined && passing.has(failure.code);
    this.doubtful.delete(numeroInterne);
    if (failed) this.doubtful.add(numeroInterne);
    else this.answered = true;
    this.#failedInARow = failed ? this.#failedInARow + 1 : 0;
    this.away = this.#failedInARow >= outageFrom ? failure : undefined;
    return failed;
  }

  /** What the OPCO lists no longer is nobody's doubt. */
  forgetAllBut(listed: ReadonlySet<string>): void {
    for (const each of this.doubtful) if (!listed.has(each)) this.doubtful.delete(each);
  }
}
