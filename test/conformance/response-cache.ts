import type { CacheAddress, ReplyToKeep, ResponseCache } from '../../src/core/response-cache.js';
import { cacheKey } from '../../src/core/keys.js';
import { aTenant, type ManualClock } from '../support/an-exchange.js';
import type { Tenant } from '../../src/core/tenant.js';

/** What a suite run needs of one implementation. */
export interface ResponseCacheRig {
  readonly cache: ResponseCache;
  /** The time that the implementation reads. */
  readonly clock: ManualClock;
}

const body = Buffer.from('{"etat":"ENGAGE","nom":"Zoë"}');

function addressOf(tenant: Tenant, numero: string, opcoId = 'akto'): CacheAddress {
  const key = cacheKey({ opcoId, tenant: tenant.hash, method: 'GET', path: '/dossiers', query: { numero } });
  return { key, opcoId, tenant: tenant.hash };
}

/** What every response cache keeps to, whatever stands behind it. */
export function responseCacheConformance(name: string, fresh: () => Promise<ResponseCacheRig>): void {
  describe(`response cache: ${name}`, () => {
    const [a, b] = [aTenant('Tenant A'), aTenant('Tenant B')];
    let rig: ResponseCacheRig;
    const toKeep = (entities: string[], askedAt = rig.clock.now()): ReplyToKeep => ({
      reply: { body, etag: '"e"', storedAt: rig.clock.now(), ttlSeconds: 60 },
      entities,
      askedAt,
    });

    beforeEach(async () => {
      rig = await fresh();
    });

    it('has nothing at first', async () => {
      expect(await rig.cache.read(addressOf(a, '1'))).toBeUndefined();
    });

    it('gives back the same bytes, validator and age', async () => {
      const kept = toKeep(['dossier:1']);
      expect(await rig.cache.write(addressOf(a, '1'), kept)).toBe(true);
      const read = await rig.cache.read(addressOf(a, '1'));
      expect(read).toEqual(kept.reply);
      expect(read?.body.equals(body)).toBe(true);
    });

    it('keeps an answer past its freshness, for the day the OPCO is down', async () => {
      await rig.cache.write(addressOf(a, '1'), toKeep(['dossier:1']));
      rig.clock.pass(61);
      expect(await rig.cache.read(addressOf(a, '1'))).toBeDefined();
    });

    it('forgets everything that speaks of an entity, and nothing else', async () => {
      await rig.cache.write(addressOf(a, '1'), toKeep(['dossier:1', 'liste']));
      await rig.cache.write(addressOf(a, '2'), toKeep(['dossier:2', 'liste']));
      await rig.cache.write(addressOf(a, '3'), toKeep(['dossier:3']));
      rig.clock.pass(5);
      await rig.cache.forget('akto', a.hash, ['dossier:1']);
      expect(await rig.cache.read(addressOf(a, '1'))).toBeUndefined();
      expect(await rig.cache.read(addressOf(a, '2'))).toBeDefined();
      await rig.cache.forget('akto', a.hash, ['liste', 'unheard-of']);
      expect(await rig.cache.read(addressOf(a, '2'))).toBeUndefined();
      expect(await rig.cache.read(addressOf(a, '3'))).toBeDefined();
    });

    it('does not take back an answer that was asked for before its entity was forgotten', async () => {
      const askedAt = rig.clock.now();
      rig.clock.pass(1);
      await rig.cache.forget('akto', a.hash, ['dossier:1']);
      rig.clock.pass(1);
      expect(await rig.cache.write(addressOf(a, '1'), toKeep(['dossier:1'], askedAt))).toBe(false);
      expect(await rig.cache.read(addressOf(a, '1'))).toBeUndefined();
      rig.clock.pass(5);
      await rig.cache.write(addressOf(a, '1'), toKeep(['dossier:1']));
      expect(await rig.cache.read(addressOf(a, '1'))).toBeDefined();
    });

    it('keeps two tenants on one backend apart, in what they read and in what they forget', async () => {
      await rig.cache.write(addressOf(a, '1'), toKeep(['etats']));
      expect(await rig.cache.read(addressOf(b, '1'))).toBeUndefined();
      await rig.cache.write(addressOf(b, '1'), toKeep(['etats']));
      rig.clock.pass(5);
      await rig.cache.forget('akto', a.hash, ['etats']);
      expect(await rig.cache.read(addressOf(a, '1'))).toBeUndefined();
      expect(await rig.cache.read(addressOf(b, '1'))).toBeDefined();
    });

    it('keeps two OPCOs of one tenant apart', async () => {
      await rig.cache.write(addressOf(a, '1', 'akto'), toKeep(['etats']));
      await rig.cache.write(addressOf(a, '1', 'afdas'), toKeep(['etats']));
      rig.clock.pass(5);
      await rig.cache.forget('akto', a.hash, ['etats']);
      expect(await rig.cache.read(addressOf(a, '1', 'afdas'))).toBeDefined();
    });
  });
}
