import { DoorSettings } from './door-settings.js';
import { Setting, Whole } from './setting.js';

/** How long OPCOs are waited for. Part of `Env`. */
export class UpstreamSettings extends DoorSettings {
  @Setting('Milliseconds for a connection to an OPCO, TLS included.')
  @Whole(100, 30_000)
  OPCOVIA_UPSTREAM_CONNECT_MS = 3000;

  @Setting('Milliseconds until the first line of the answer to a read, else 504.')
  @Whole(100, 60_000)
  OPCOVIA_UPSTREAM_HEADERS_MS = 10_000;

  @Setting('Milliseconds for a read of an OPCO in all: waiting in line, token and retries included, else 504.')
  @Whole(100, 60_000)
  OPCOVIA_UPSTREAM_READ_MS = 12_000;

  @Setting('Milliseconds for sending a deposit in all; less than OPCOVIA_DRAIN_SECONDS.')
  @Whole(100, 240_000)
  OPCOVIA_UPSTREAM_DEPOSIT_MS = 25_000;
}
