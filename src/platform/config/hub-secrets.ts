import { createHash, timingSafeEqual } from 'node:crypto';
import { readKeyMaterial } from '../crypto/key-material.js';
import type { Env } from './env.js';
import { instanceName } from './instance-name.js';

/** The keys that sign hub tokens, by id: the first one signs, both verify. */
export interface HubKeys {
  readonly signing: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Reads OPCOVIA_HUB_SECRET; throws an Error that says what is wrong by position, since what stands before `:` may be a key too. */
export function parseHubKeys(text: string): HubKeys {
  const keys = new Map<string, Buffer>();
  for (const { name, id, bytes } of namedKeys(text)) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) throw new Error(`${name} has an unusable id`);
    if (keys.has(id)) throw new Error(`${name} has the id of an earlier one`);
    if ([...keys.values()].some((other) => timingSafeEqual(other, bytes)))
      throw new Error(`${name} is an earlier one again`);
    keys.set(id, bytes);
  }
  if (keys.size > 2) throw new Error('it holds more than two keys');
  const [signing = ''] = keys.keys();
  return { signing, keys };
}

/** The instances that a hub lets in, with what each must present. */
export class HubInstances {
  private constructor(private readonly digests: ReadonlyMap<string, Buffer>) {}

  /** Reads OPCOVIA_HUB_INSTANCES; throws an Error that says what is wrong by position. */
  static parse(text: string): HubInstances {
    const digests = new Map<string, Buffer>();
    for (const { name, id, bytes } of text.trim() === '' ? [] : namedKeys(text)) {
      if (!instanceName.test(id.replace(/\*$/, ''))) throw new Error(`${name} has an unusable name`);
      if (digests.has(id)) throw new Error(`${name} has the name of an earlier one`);
      const digest = digestOf(bytes.toString('hex'));
      if ([...digests.values()].some((other) => timingSafeEqual(other, digest)))
        throw new Error(`${name} has the secret of an earlier one`);
      digests.set(id, digest);
    }
    return new HubInstances(digests);
  }

  /** Whether this is the secret of that instance, in the form of `instanceSecret`; takes as long for an unknown instance. */
  admits(instance: string, secret: string): boolean {
    const known = instanceName.test(instance) ? this.#wanted(instance) : undefined;
    const same = timingSafeEqual(digestOf(secret), known ?? nobody);
    return same && known !== undefined;
  }

  /** A name with `*` at its end is a family; the longest that fits counts, and a full name before any family. */
  #wanted(instance: string): Buffer | undefined {
    const own = this.digests.get(instance);
    if (own) return own;
    const families = [...this.digests.keys()].filter((id) => id.endsWith('*') && instance.startsWith(id.slice(0, -1)));
    return this.digests.get(families.sort((a, b) => b.length - a.length)[0] ?? '');
  }
}

/** The secret that this process presents, in the one form in which it goes over the line. */
export function instanceSecret(text: string): string {
  return readKeyMaterial('it', text).toString('hex');
}

/** What is wrong with the secrets of the hub, `<variable>: <what>`; also one that serves for something else as well. */
export function judgeHubSecrets(env: Env): string[] {
  const faults: string[] = [];
  const used = new Map<string, string>();
  const others: readonly (readonly [string, () => readonly string[]])[] = [
    ['OPCOVIA_KEYRING', () => materials(env.OPCOVIA_KEYRING)],
    ['OPCOVIA_HUB_SECRET', () => [...(hubKeysOf(env)?.keys.values() ?? [])].map((bytes) => bytes.toString('hex'))],
    [
      'OPCOVIA_HUB_INSTANCES',
      () => (HubInstances.parse(env.OPCOVIA_HUB_INSTANCES ?? ''), materials(env.OPCOVIA_HUB_INSTANCES)),
    ],
    [
      'OPCOVIA_HUB_INSTANCE_SECRET',
      () => (env.OPCOVIA_HUB_INSTANCE_SECRET ? [instanceSecret(env.OPCOVIA_HUB_INSTANCE_SECRET)] : []),
    ],
  ];
  for (const [name, read] of others) {
    try {
      for (const material of read()) {
        const before = used.get(material) ?? name;
        // A process that is both hub and instance has its own secret in the list too.
        const own = name === 'OPCOVIA_HUB_INSTANCE_SECRET' && before === 'OPCOVIA_HUB_INSTANCES';
        if (before !== name && !own) faults.push(`${name}: the same as one of ${before}`);
        used.set(material, before);
      }
    } catch (error) {
      // The key ring is judged by itself.
      if (name !== 'OPCOVIA_KEYRING') faults.push(`${name}: ${error instanceof Error ? error.message : 'unusable'}`);
    }
  }
  return faults;
}

/** The signing keys of this process; undefined where none is configured. */
export function hubKeysOf(env: Env): HubKeys | undefined {
  return env.OPCOVIA_HUB_SECRET ? parseHubKeys(env.OPCOVIA_HUB_SECRET) : undefined;
}

const nobody = Buffer.alloc(32);
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

function namedKeys(text: string): { name: string; id: string; bytes: Buffer }[] {
  return text
    .trim()
    .split(/\s*[,\n]\s*/)
    .map((item, at) => {
      const name = `entry ${at + 1}`;
      const [, id, material] = /^([^:\s]{1,65}):(\S+)$/.exec(item) ?? [];
      if (!id || !material) throw new Error('each entry is written <name>:<64 hex digits or base64 of 32 bytes>');
      return { name, id, bytes: readKeyMaterial(name, material) };
    });
}

const materials = (text: string | undefined): string[] =>
  text ? namedKeys(text).map(({ bytes }) => bytes.toString('hex')) : [];
