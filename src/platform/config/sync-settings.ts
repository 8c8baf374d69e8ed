import { Days } from './queue-settings.js';
import { Setting, Whole } from './setting.js';
import { WebhookSettings } from './webhook-settings.js';

/** The settings of bulk synchronisations. Part of `Env`. */
export class SyncSettings extends WebhookSettings {
  @Setting('Bulk synchronisations (one tenant at one OPCO) under way at a time in one process.')
  @Whole(1, 1000)
  OPCOVIA_SYNC_CONCURRENCY = 8;

  @Setting('Reads of one OPCO that all bulk synchronisations of one process make at a time.')
  @Whole(1, 1000)
  OPCOVIA_SYNC_PARALLEL_READS = 5;

  @Setting('Dossiers that a bulk synchronisation reads between two checkpoints.')
  @Whole(1, 1000)
  OPCOVIA_SYNC_BATCH = 50;

  @Setting('Seconds without news after which the bulk synchronisation of a vanished process is taken over.')
  @Whole(1, 600)
  OPCOVIA_SYNC_LEASE_SECONDS = 6;

  @Setting('Reads of one dossier before a bulk synchronisation reports it as failed.')
  @Whole(1, 100)
  OPCOVIA_SYNC_ATTEMPTS = 5;

  @Setting('Scans of the list before a bulk synchronisation goes on with a list that stayed incomplete.')
  @Whole(1, 100)
  OPCOVIA_SYNC_SCANS = 3;

  @Setting('First back-off of a bulk synchronisation in milliseconds; doubles with jitter up to five minutes.')
  @Whole(1, 60_000)
  OPCOVIA_SYNC_BACKOFF_MS = 2000;

  @Setting('Days that a bulk synchronisation and its report are kept after its end; fractions are allowed.')
  @Days(3650)
  OPCOVIA_KEEP_SYNC_DAYS = 90;
}
