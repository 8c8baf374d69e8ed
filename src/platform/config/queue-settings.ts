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
}
