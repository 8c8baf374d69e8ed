import { responseCacheConformance } from '../../test/conformance/response-cache.js';
import { aTenant, ManualClock } from '../../test/support/an-exchange.js';
import type { CacheAddress, ReplyToKeep, StoredReply } from '../core/response-cache.js';
import type { ForgetBus, ForgetNotice } from './forget-bus.js';
import { MemoryResponseCache } from './memory-response-cache.js';
import type { KeptReply } from './reply-frame.js';
import { TieredResponseCache, type FarCache } from './tiered-response-cache.js';

/** A shared store in memory that counts its reads and can be held back. */
class FarMemory extends MemoryResponseCache implements FarCache {
  reads = 0;
  held: Promise<void> | undefined;
  readonly #entities = new Map<string, readonly string[]>();

  override write(address: CacheAddress, kept: ReplyToKeep): Promise<boolean> {
    this.#entities.set(address.key, kept.entities);
    return super.write(address, kept);
  }

  async readKept({ key }: CacheAddress): Promise<KeptReply | undefined> {
    this.reads += 1;
    const reply = this.peek({ key });
    await this.held;
    return reply && { reply, entities: this.#entities.get(key) ?? [] };
  }
}

/** A bus that reaches everybody at once. */
class OneBus implements ForgetBus {
  readonly listeners: Parameters<ForgetBus['listen']>[0][] = [];

  publish(notice: ForgetNotice): Promise<void> {
    for (const listener of this.listeners) listener.forgotten(notice);
    return Promise.resolve();
  }

  listen(listener: Parameters<ForgetBus['listen']>[0]): void {
    this.listeners.push(listener);
  }
}

function rig() {
  const clock = new ManualClock();
  const far = new FarMemory(clock, { bytes: 1_000_000 });
  const bus = new OneBus();
  const instance = () =>
    new TieredResponseCache(new MemoryResponseCache(clock, { bytes: 1_000_000, lifeMs: 5000 }), far, bus);
  return { clock, far, bus, one: instance(), two: instance() };
}

const address: CacheAddress = { key: 'k', opcoId: 'akto', tenant: aTenant().hash };
const reply = (clock: ManualClock): StoredReply => ({
  body: Buffer.from('{}'),
  etag: '"e"',
  storedAt: clock.now(),
  ttlSeconds: 60,
});
const kept = (clock: ManualClock): ReplyToKeep => ({ reply: reply(clock), entities: ['etats'], askedAt: clock.now() });

responseCacheConformance('tiered', () => {
  const { clock, one } = rig();
  return Promise.resolve({ clock, cache: one });
});

describe('tiered response cache', () => {
  it('asks the shared store once, then answers out of the process', async () => {
    const { clock, far, one, two } = rig();
    await one.write(address, kept(clock));
    await two.read(address);
    await two.read(address);
    expect(far.reads).toBe(1);
  });

  it('forgets in every instance at once', async () => {
    const { clock, one, two } = rig();
    await one.write(address, kept(clock));
    await two.read(address);
    clock.pass(1);
    await one.forget('akto', address.tenant, ['etats']);
    expect(await two.read(address)).toBeUndefined();
  });

  it('does not let in what was read before a forget', async () => {
    const { clock, far, one, two } = rig();
    await one.write(address, kept(clock));
    let release = () => {};
    far.held = new Promise((resolve) => (release = resolve));
    const reading = two.read(address);
    clock.pass(1);
    await one.forget('akto', address.tenant, ['etats']);
    release();
    await reading;
    far.held = undefined;
    expect(await two.read(address)).toBeUndefined();
  });

  it('starts over when notices may have been missed', async () => {
    const { clock, far, bus, one } = rig();
    await one.write(address, kept(clock));
    for (const listener of bus.listeners) listener.missedSome();
    await one.read(address);
    expect(far.reads).toBe(1);
  });
});
