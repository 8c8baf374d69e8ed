import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsIn, IsNumber, IsString, Matches, Min } from 'class-validator';
import { HubSettings } from './hub-settings.js';
import { OptionalText, Setting, Whole } from './setting.js';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
/** What OPCOVIA_ROLES may be. */
export const roleList = /^(api|worker|poller|hub)(,(api|worker|poller|hub))*$/;

/**
 * Every variable that Opcovia reads, with its default: the only source of configuration. A bad value stops the start and
 * prints the variable's name, never its value. `docs/configuration.md` and `.env.example` are generated from this class.
 */
export class Env extends HubSettings {
  @Setting('`production` refuses embedded services, the demo tenant and the sandbox.')
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'development';

  @Setting('What this process does, comma-separated: api, worker (queue, sync, webhooks), poller, hub.')
  @Matches(roleList)
  OPCOVIA_ROLES = 'api,worker,poller,hub';

  @Setting('Address of the staff listener (health, metrics); keep it off the public network.')
  @IsString()
  OPCOVIA_STAFF_HOST = '127.0.0.1';

  @Setting('Port of the staff listener; 0 takes any free one.')
  @Whole(0, 65535)
  OPCOVIA_STAFF_PORT = 9464;

  @Setting('Folder of the embedded services and of generated local secrets.')
  @IsString()
  OPCOVIA_STATE_DIR = '.opcovia';

  @Setting('PostgreSQL as the owner of the schema: migrations, and run time when DATABASE_APP_URL is absent.', 'secret')
  @OptionalText()
  DATABASE_URL?: string;

  @Setting('PostgreSQL for run time: a login that is a member of opcovia_app and opcovia_system.', 'secret')
  @OptionalText()
  DATABASE_APP_URL?: string;

  @Setting('Connections per pool (two pools a process: application and system).')
  @Whole(1, 200)
  OPCOVIA_DATABASE_POOL = 10;

  @Setting('Milliseconds that a query waits for a connection to PostgreSQL, opened or freed.')
  @Whole(100, 60_000)
  OPCOVIA_DATABASE_CONNECT_MS = 3000;

  @Setting(
    'Statements that PostgreSQL plans once a connection and not at every call. 0 behind a pooler that deals out sessions by the ' +
      'transaction and knows nothing of prepared statements (PgBouncer before 1.21).',
  )
  @Whole(0, 10_000)
  OPCOVIA_DATABASE_PREPARED = 500;

  @Setting('Redis of the queue; its maxmemory-policy must be noeviction.', 'secret')
  @OptionalText()
  REDIS_URL?: string;

  @Setting('Redis of the cache, may evict; the one of the queue when absent.', 'secret')
  @OptionalText()
  CACHE_REDIS_URL?: string;

  @Setting('Key ring: `id:<64 hex digits>`, comma-separated, the active key first.', 'secret')
  @OptionalText()
  OPCOVIA_KEYRING?: string;

  @Setting(
    'Hosts of the OPCOs as JSON: {"<opcoId>": {"live"|"test": {"baseUrl", "tokenUrl", "scope"?}}}; `scope` replaces the OAuth2 ' +
      'scope of the adapter, as some OPCOs want `api://<id>/.default`.',
  )
  @OptionalText()
  OPCOVIA_UPSTREAMS?: string;

  @Setting(
    'What each OPCO is believed to bear, as JSON: {"<opcoId>": {"callsPerSecond", "burst", "ceiling"?}}; else the adapter says. ' +
      'Opcovia learns what it really bears, never more than `ceiling`, which is `callsPerSecond` where it is absent.',
  )
  @OptionalText()
  OPCOVIA_UPSTREAM_LIMITS?: string;

  @Setting(
    'Capabilities in test or unconfirmed (docs/opcos.md) that the operator vouches for, comma-separated: ' +
      '`<opcoId>:<capability>`, with `-v2` for a version on trial, as in opco-ep:dossier-v2.',
  )
  @OptionalText()
  OPCOVIA_ENABLED_CAPABILITIES?: string;

  @Setting('Address of the sandbox: the `test` host of every OPCO that OPCOVIA_UPSTREAMS does not name.')
  @OptionalText()
  OPCOVIA_SANDBOX_URL?: string;

  @Setting('Port of the sandbox that the embedded services start.')
  @Whole(1, 65535)
  OPCOVIA_SANDBOX_PORT = 4010;

  @Setting('Header EDITEUR sent to every OPCO.')
  @IsString()
  OPCOVIA_EDITEUR = 'Opcovia';

  @Setting('Header LOGICIEL sent to every OPCO.')
  @IsString()
  OPCOVIA_LOGICIEL = 'Opcovia';

  @Setting('Header VERSION sent to every OPCO.')
  @IsString()
  OPCOVIA_VERSION = '0.1.0';

  @Setting('Requests a minute that one CFA may make over all its keys; a whole minute of them may come at once.')
  @Whole(1, 10_000_000)
  OPCOVIA_TENANT_REQUESTS_PER_MINUTE = 6000;

  @Setting('Requests a minute that one key may make; a whole minute of them may come at once.')
  @Whole(1, 10_000_000)
  OPCOVIA_KEY_REQUESTS_PER_MINUTE = 3000;

  @Setting('Log level.')
  @IsIn(logLevels)
  OPCOVIA_LOG_LEVEL = 'info';

  @Setting('Bytes of the in-process cache, in MiB.')
  @Whole(1, 65536)
  OPCOVIA_CACHE_MEMORY_MIB = 64;

  @Setting('Seconds that an answer may be served from the in-process cache before Redis is asked again.')
  @Whole(1, 60)
  OPCOVIA_CACHE_MEMORY_SECONDS = 5;

  @Setting('Milliseconds after which Redis counts as too slow for the cache, which then does without it for a second.')
  @Whole(10, 60_000)
  OPCOVIA_CACHE_PATIENCE_MS = 100;

  @Setting('Milliseconds between two looks of the dispatcher at PostgreSQL when nothing wakes it.')
  @Whole(10, 30000)
  OPCOVIA_DISPATCH_INTERVAL_MS = 1000;

  @Setting('Seconds between two sweeps that find jobs lost by Redis or by a dead worker.')
  @Whole(1, 30)
  OPCOVIA_RELAY_INTERVAL_SECONDS = 15;

  @Setting('Seconds without news after which an attempt of a vanished worker is taken over.')
  @Whole(1, 600)
  OPCOVIA_ATTEMPT_LOST_SECONDS = 60;

  @Setting('Deposits that one process sends at the same time, per OPCO.')
  @Whole(1, 100)
  OPCOVIA_JOB_CONCURRENCY = 10;

  @Setting('Attempts of a deposit before it fails; refusals for quota do not count.')
  @Whole(1, 100)
  OPCOVIA_JOB_MAX_ATTEMPTS = 8;

  @Setting('First back-off of a deposit in milliseconds; doubles with full jitter up to five minutes.')
  @Whole(1, 60000)
  OPCOVIA_JOB_BACKOFF_MS = 2000;

  @Setting('Hours that a deposit waits for accepted credentials before it fails.')
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  OPCOVIA_CREDENTIALS_WAIT_HOURS = 24;

  @Setting('Milliseconds between two ticks of sequencer, webhook delivery and poller.')
  @Whole(10, 60000)
  OPCOVIA_TICK_MS = 500;

  @Setting('Seconds that SIGTERM gives to what is under way.')
  @Whole(1, 300)
  OPCOVIA_DRAIN_SECONDS = 30;

  /** The roles as a set of words. */
  get roles(): ReadonlySet<string> {
    return new Set(this.OPCOVIA_ROLES.split(','));
  }
}
