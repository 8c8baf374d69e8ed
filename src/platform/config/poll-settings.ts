import { Type } from 'class-transformer';
import { IsNumber, Max, Min } from 'class-validator';
import { DoubtSettings } from './doubt-settings.js';
import { Setting, Whole } from './setting.js';

/** The settings of the watch over dossiers, and of the histories that it leaves. Part of `Env`. */
export class PollSettings extends DoubtSettings {
  @Setting('Seconds between two polls of one tenant at one OPCO.')
  @Type(() => Number)
  @IsNumber()
  @Min(0.05)
  @Max(86400)
  OPCOVIA_POLL_INTERVAL_SECONDS = 60;

  @Setting('Polls (one tenant at one OPCO) under way at a time in one process.')
  @Whole(1, 1000)
  OPCOVIA_POLL_CONCURRENCY = 4;

  @Setting('Seconds after which the polls of a process that vanished are taken over; prolonged while it lives.')
  @Whole(2, 600)
  OPCOVIA_POLL_LEASE_SECONDS = 15;

  @Setting("Share of an OPCO's believed rate that the poller plans its reads on, between 0 and 1.")
  @Type(() => Number)
  @IsNumber()
  @Min(0.001)
  @Max(1)
  OPCOVIA_POLL_SHARE = 0.2;

  @Setting(
    'Details that one poll may always read because their time has come; more where its share of the budget has room for more. Those that the list points at come on top.',
  )
  @Whole(0, 10_000)
  OPCOVIA_POLL_DETAILS = 20;

  @Setting('Seconds between two details of one dossier that nothing points at, at least.')
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(604_800)
  OPCOVIA_POLL_DETAIL_SECONDS = 900;

  @Setting('Days that a version of a dossier is kept after a newer one has replaced it; fractions are allowed.')
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(36_500)
  OPCOVIA_KEEP_VERSION_DAYS = 1825;

  @Setting('Days that the history of a dossier, or the state of an invoice, is kept after the OPCO has it no longer.')
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(36_500)
  OPCOVIA_KEEP_DELETED_DOSSIER_DAYS = 90;

  @Setting('Seconds between two looks for versions that have been kept long enough.')
  @Whole(1, 86_400)
  OPCOVIA_HISTORY_PURGE_SECONDS = 3600;
}
