import { IsString } from 'class-validator';
import { Setting, Whole } from './setting.js';

/** The settings of the listener for integrators: addresses, sizes, times and limits of the door. Part of `Env`. */
export class DoorSettings {
  @Setting('Address on which integrators are served.')
  @IsString()
  OPCOVIA_API_HOST = '127.0.0.1';

  @Setting('Port for integrators; 0 takes any free one.')
  @Whole(0, 65535)
  OPCOVIA_API_PORT = 3000;

  @Setting(
    'Connections of integrators open at a time; one more is told 503 and closed. The staff listener has its own: probe health there.',
  )
  @Whole(1, 1_000_000)
  OPCOVIA_CONNECTIONS = 10_000;

  @Setting('Seconds within which the header fields of a request must be there, else 408.')
  @Whole(1, 10)
  OPCOVIA_HEADERS_TIMEOUT_SECONDS = 10;

  @Setting('Seconds within which a request must be there to its last byte, else 408; ten more end a mute connection.')
  @Whole(1, 60)
  OPCOVIA_REQUEST_TIMEOUT_SECONDS = 60;

  @Setting(
    'Bytes per second that a body must arrive with on average, once its grace is over, else 408; 0 asks for none.',
  )
  @Whole(0, 1_000_000)
  OPCOVIA_UPLOAD_MIN_BYTES_PER_SECOND = 1024;

  @Setting('Seconds during which the pace of a body is not judged.')
  @Whole(1, 60)
  OPCOVIA_UPLOAD_GRACE_SECONDS = 10;

  @Setting('Seconds that a connection without a request is kept; more than the balancer in front keeps it.')
  @Whole(1, 600)
  OPCOVIA_KEEP_ALIVE_SECONDS = 72;

  @Setting('Largest body of a deposit, files included, in MiB.')
  @Whole(1, 100)
  OPCOVIA_DEPOSIT_BODY_MIB = 25;

  @Setting('Largest file of a deposit, in MiB, once base64 is undone.')
  @Whole(1, 100)
  OPCOVIA_FILE_MIB = 10;

  @Setting(
    'Files of a deposit that are together no larger travel in its job, in KiB; larger ones are stored in pieces.',
  )
  @Whole(0, 1024)
  OPCOVIA_FILES_HELD_KIB = 64;

  @Setting('Largest body of any other request, in KiB.')
  @Whole(1, 1024)
  OPCOVIA_BODY_KIB = 100;

  @Setting(
    'Proxies in front whose X-Forwarded-For is believed, as CIDR, comma-separated; without any, the header is ignored and all callers behind one proxy count as one address.',
  )
  @IsString()
  OPCOVIA_TRUSTED_PROXIES = '';

  @Setting(
    'Keys not in memory and registered nowhere that one address (IPv6: one /64) may have looked up per minute, else 429.',
  )
  @Whole(1, 100_000)
  OPCOVIA_UNKNOWN_KEYS_PER_MINUTE = 60;

  @Setting('How many of those may come at once.')
  @Whole(1, 10_000)
  OPCOVIA_UNKNOWN_KEYS_BURST = 20;
}
