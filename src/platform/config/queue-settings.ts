import { Type } from 'class-transformer';
import { IsNumber, Max, Min } from 'class-validator';
import { Setting, Whole } from './setting.js';
import { UpstreamSettings } from './upstream-settings.js';

/** The settings of what waits to be sent, and of what is kept afterwards. Part of `Env`. */
export class QueueSettings extends UpstreamSettings {
  @Setting('Deposits of one CFA that may wait or be under way at a time; one more is told 503 OVERLOADED.')
  @Whole(1, 10_000_000)
  OPCOVIA_BACKLOG_PER_TENANT = 20_000;

  @Setting('Deposits that may wait or be under way at a time in all; one more is told 503 OVERLOADED.')
  @Whole(1, 100_000_000)
  OPCOVIA_BACKLOG = 200_000;

  @Setting(
    'Seconds after which a worker that does nothing while deliveries wait is restarted; more than one deposit may take.',
  )
  @Whole(1, 3600)
  OPCOVIA_WORKER_STUCK_SECONDS = 60;

  @Setting('Days that payload and files of a deposit are kept after it was completed; fractions are allowed.')
  @Days(90)
  OPCOVIA_KEEP_COMPLETED_DAYS = 7;

  @Setting('The same after it has failed or was cancelled: as long as that it can be brought back.')
  @Days(90)
  OPCOVIA_KEEP_FAILED_DAYS = 30;

  @Setting('The same while it needs a review that nobody makes.')
  @Days(90)
  OPCOVIA_KEEP_REVIEW_DAYS = 90;

  @Setting('Days that the answer of the OPCO to a deposit is kept.')
  @Days(90)
  OPCOVIA_KEEP_RESULT_DAYS = 90;

  @Setting('Days that an idempotency key is known after the end of its deposit.')
  @Days(3650)
  OPCOVIA_KEEP_CLAIM_DAYS = 30;

  @Setting(
    'Days that states, dates and timeline of a deposit are kept after its end, and never less than its idempotency key.',
  )
  @Days(3650)
  OPCOVIA_KEEP_JOB_DAYS = 365;

  @Setting('Seconds between two looks for what has been kept long enough.')
  @Whole(1, 86_400)
  OPCOVIA_PURGE_INTERVAL_SECONDS = 60;
}

/** A time in days, a fraction as well. */
export function Days(most: number): PropertyDecorator {
  return (target, name) => {
    for (const decorate of [Type(() => Number), IsNumber(), Min(0), Max(most)]) decorate(target, name);
  };
}
