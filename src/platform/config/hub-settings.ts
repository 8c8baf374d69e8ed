import { IsOptional, IsString, Matches } from 'class-validator';
import { instanceName } from './instance-name.js';
import { Fraction, OptionalText, Setting, Whole } from './setting.js';
import { StaffSettings } from './staff-settings.js';

const address = /^https?:\/\/[^/?#@\s]+\/?$/;

/** How instances and the hub find, trust and hear each other. Part of `Env`. */
export class HubSettings extends StaffSettings {
  @Setting(
    'Staff address of the hub as `http(s)://host:port`; empty: the address that the leader has written into PostgreSQL.',
  )
  @IsOptional()
  @Matches(address)
  OPCOVIA_HUB_URL?: string;

  @Setting(
    'Address under which instances reach the staff listener of this process when it leads; empty: the one it listens on.',
  )
  @IsOptional()
  @Matches(address)
  OPCOVIA_HUB_ADVERTISED_URL?: string;

  @Setting(
    'Keys that sign hub tokens: `id:<64 hex digits>`, the signing one first, a second one while they are exchanged; the same for ' +
      'all hubs, and no other secret.',
    'secret',
  )
  @OptionalText()
  OPCOVIA_HUB_SECRET?: string;

  @Setting(
    'Instances that the hub lets in: `name:<64 hex digits>`, comma-separated; `name*` lets in every name that begins so.',
    'secret',
  )
  @OptionalText()
  OPCOVIA_HUB_INSTANCES?: string;

  @Setting(
    'Name of this instance at the hub, of no other process at the same time; empty: one at random in a process with role hub.',
  )
  @IsOptional()
  @Matches(instanceName)
  OPCOVIA_HUB_INSTANCE?: string;

  @Setting(
    'The secret of this instance in OPCOVIA_HUB_INSTANCES; a process with role hub signs its own tokens.',
    'secret',
  )
  @OptionalText()
  OPCOVIA_HUB_INSTANCE_SECRET?: string;

  @Setting('Seconds that a hub token lives.')
  @Whole(2, 900)
  OPCOVIA_HUB_TOKEN_SECONDS = 600;

  @Setting('Refused requests for a hub token that one address may make in a minute.')
  @Whole(1, 100_000)
  OPCOVIA_HUB_TOKEN_FAILURES_PER_MINUTE = 20;

  @Setting('Web origins whose pages may open /hub/ws, comma-separated; instances send none.')
  @IsString()
  OPCOVIA_HUB_ORIGINS = '';

  @Setting('Instances that a hub lets in per second; the others come back a little later.')
  @Whole(1, 100_000)
  OPCOVIA_HUB_HANDSHAKES_PER_SECOND = 50;

  @Setting('Instances at a hub at a time.')
  @Whole(1, 100_000)
  OPCOVIA_HUB_CONNECTIONS = 1000;

  @Setting('Messages and control frames of one instance per second, else its line is cut; as many may come at once.')
  @Whole(1, 1_000_000)
  OPCOVIA_HUB_MESSAGES_PER_SECOND = 5000;

  @Setting('Seconds between two heartbeats, both ways; after two without any sign the other end is given up.')
  @Fraction(0.05, 10)
  OPCOVIA_HUB_HEARTBEAT_SECONDS = 10;

  @Setting('Seconds that an instance may call on by itself when the hub is silent; the same in all processes.')
  @Fraction(0.5, 60)
  OPCOVIA_HUB_LEASE_SECONDS = 10;

  @Setting('Seconds that a hub leads without renewing it in PostgreSQL; another one takes over soon after.')
  @Fraction(0.5, 60)
  OPCOVIA_HUB_LEADER_SECONDS = 6;

  @Setting('Seconds between two writings of what the leader has learnt.')
  @Fraction(0.05, 600)
  OPCOVIA_HUB_RATES_SECONDS = 5;
}
