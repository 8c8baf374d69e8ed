import { IsIn, IsString, Matches } from 'class-validator';
import { PollSettings } from './poll-settings.js';
import { Fraction, Setting, Whole } from './setting.js';

const minute = 60_000;
const hour = 60 * minute;
const schedule = [
  ...[0, 1000, 5000, 15_000],
  ...[minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour, 12 * hour, 24 * hour, 24 * hour],
];

/** How events are delivered to webhooks, and how long they are kept. Part of `Env`. */
export class WebhookSettings extends PollSettings {
  @Setting('Milliseconds before each webhook attempt, counted from the end of the one before, +-10 %.')
  @Matches(/^\d{1,8}(,\d{1,8}){0,31}$/)
  OPCOVIA_WEBHOOK_SCHEDULE_MS = schedule.join(',');

  @Setting('Attempts of an event for which the next event of the same dossier or job waits.')
  @Whole(1, 32)
  OPCOVIA_WEBHOOK_ORDERED_ATTEMPTS = 4;

  @Setting('Seconds that one webhook attempt may take in all.')
  @Fraction(0.05, 60)
  OPCOVIA_WEBHOOK_TIMEOUT_SECONDS = 10;

  @Setting(
    'Networks that webhooks may reach although they are private, as CIDR:port, comma-separated; development only.',
  )
  @IsString()
  OPCOVIA_WEBHOOK_ALLOWED_NETWORKS = '';

  @Setting('Ports that webhooks may use on public addresses, comma-separated.')
  @Matches(/^\d{1,5}(,\d{1,5}){0,15}$/)
  OPCOVIA_WEBHOOK_PORTS = '443,8443';

  @Setting('Attempts under way at one webhook at a time, over all processes; a webhook may ask for fewer.')
  @Whole(1, 1000)
  OPCOVIA_WEBHOOK_CONCURRENCY = 8;

  @Setting('Attempts that one webhook is sent in a second, at most; a webhook may ask for fewer; 0 sets no bound.')
  @Whole(0, 100_000)
  OPCOVIA_WEBHOOK_MAX_PER_SECOND = 0;

  @Setting(
    'Webhook attempts under way at a time in one process; half of them are kept for the first attempt at each sound webhook.',
  )
  @Whole(1, 10000)
  OPCOVIA_WEBHOOK_SOCKETS = 256;

  @Setting('Failures in a row after which a webhook is spared: one attempt at a time, with growing pauses.')
  @Whole(1, 10_000)
  OPCOVIA_WEBHOOK_BREAKER_FAILURES = 10;

  @Setting('Milliseconds of the first of those pauses; it doubles from one to the next, +-10 %.')
  @Whole(1, 86_400_000)
  OPCOVIA_WEBHOOK_PROBE_MS = 1000;

  @Setting('Milliseconds of the longest of those pauses.')
  @Whole(1, 86_400_000)
  OPCOVIA_WEBHOOK_PROBE_MAX_MS = 300_000;

  @Setting('Days of failures alone after which a webhook is disabled; fractions are allowed.')
  @Fraction(0, 365)
  OPCOVIA_WEBHOOK_DISABLE_DAYS = 5;

  @Setting('Hours that two failures must be apart before those days begin to count; fractions are allowed.')
  @Fraction(0, 720)
  OPCOVIA_WEBHOOK_DISABLE_SPREAD_HOURS = 12;

  @Setting('Hours that the secret before still signs after a rotation; 0 ends it at once.')
  @Fraction(0, 720)
  OPCOVIA_WEBHOOK_ROTATION_HOURS = 24;

  @Setting('`required`: a webhook gets nothing until its address was verified; `optional` leaves it to the CFA.')
  @IsIn(['optional', 'required'])
  OPCOVIA_WEBHOOK_VERIFICATION: 'optional' | 'required' = 'optional';

  @Setting('Deliveries that one call of `recover` brings back at most.')
  @Whole(1, 10_000)
  OPCOVIA_WEBHOOK_RECOVER_BATCH = 1000;

  @Setting('Webhooks that one tenant may have.')
  @Whole(1, 1000)
  OPCOVIA_WEBHOOKS_PER_TENANT = 20;

  @Setting('Days that events and what became of their deliveries are kept; fractions are allowed.')
  @Fraction(0, 3650)
  OPCOVIA_KEEP_EVENT_DAYS = 30;
}
