import { connect, createServer, type Socket } from 'node:net';
import { AuditTrail } from '../../src/audit/audit-trail.js';
import type { Clock } from '../../src/core/clock.js';
import { OpcoviaError } from '../../src/core/errors.js';
import type { Tenant } from '../../src/core/tenant.js';
import type { Database } from '../../src/platform/database/database.js';
import { openDatabase } from '../../src/platform/database/open-database.js';
import { Admission } from '../../src/tenancy/admission.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

class ManualClock implements Clock {
  ms = 1_800_000_000_000;
  now = () => this.ms;
  elapsed = () => this.ms;
}

async function refusal(promise: Promise<unknown>): Promise<OpcoviaError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpcoviaError)) throw new Error('it was not refused', { cause: error });
  return error;
}

/** A way to the database that may fall silent, as a partition does, or be cut, as a stop does. */
async function aRoadTo(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other).on('error', () => undefined);
      socket.on('error', () => undefined);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const near = new URL(url);
  near.port = String(address.port);
  const opened = await openDatabase(near.href, 2);
  return {
    ...opened,
    mute: () => sockets.forEach((socket) => socket.unpipe()),
    cut: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}

let test: TestDatabase;
let database: Database;
let tenants: TenantsRepository;

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
  tenants = new TenantsRepository(database, new AuditTrail());
});

afterAll(() => test.drop());

async function aTenant(): Promise<{ tenant: Tenant; key: string }> {
  const { key } = await tenants.create({ nom: 'CFA', environment: 'test', actor: 'cli' });
  return { tenant: await new Admission(database).admitTenant(key), key };
}

async function suspend({ hash }: Tenant): Promise<void> {
  await database.asSystem((sql) => sql.query('UPDATE tenants SET suspended_at = now() WHERE tenant_hash = $1', [hash]));
}

describe('admission', () => {
  it('refuses what is missing, malformed, unknown, revoked, expired or suspended with one and the same 403', async () => {
    const revoked = await aTenant();
    await tenants.revokeKey(revoked.tenant.keyId, 'cli');
    const expired = await aTenant();
    const old = await tenants.addKey(expired.tenant.hash, { label: 'old', expiresAt: new Date(1), actor: 'cli' });
    const suspended = await aTenant();
    await suspend(suspended.tenant);
    const admission = new Admission(database);
    const presented = [
      undefined,
      '',
      '   ',
      'short',
      'a'.repeat(513),
      [expired.key, expired.key],
      `${expired.key}, ${expired.key}`,
      `${expired.key} `,
      'unknown-key-0123456789',
      revoked.key,
      old.key,
      suspended.key,
    ];
    const refusals = await Promise.all(presented.map((key) => refusal(admission.admitTenant(key))));
    expect(new Set(refusals.map((error) => JSON.stringify([error.code, error.entry.status, error.details])))).toEqual(
      new Set([JSON.stringify(['HTTP_ERROR', 403, { detail: "Clé d'accès absente, inconnue ou expirée." }])]),
    );
    const { refusals: counted } = admission.takeUse();
    expect(new Set(counted)).toEqual(
      new Set(
        [
          ['missing', 2],
          ['malformed', 6],
          ['unknown', 1],
          ['revoked', 1],
          ['expired', 1],
          ['suspended', 1],
        ].map(([reason, count]) => ({ network: 'none', reason, count })),
      ),
    );
  });

  it('asks PostgreSQL once for callers that come together, and not again while it remembers', async () => {
    const { key, tenant } = await aTenant();
    const asked = jest.spyOn(database, 'asKeyHolder');
    try {
      const clock = new ManualClock();
      const admission = new Admission(database, clock);
      expect(admission.peek(key)).toBeUndefined();
      await Promise.all(Array.from({ length: 50 }, () => admission.admitTenant(key)));
      expect(admission.peek(key)).toEqual(tenant);
      await Promise.all(Array.from({ length: 50 }, () => refusal(admission.admitTenant('unknown-key-0123456789'))));
      await refusal(admission.admitTenant('unknown-key-0123456789'));
      expect(asked).toHaveBeenCalledTimes(2);
      expect(admission.takeUse().keyIds).toEqual([tenant.keyId]);
    } finally {
      asked.mockRestore();
    }
  });

  it('notices a revocation within ten seconds, and at once where it is told', async () => {
    const { key, tenant } = await aTenant();
    const clock = new ManualClock();
    const [untold, told] = [new Admission(database, clock), new Admission(database, clock)];
    await Promise.all([untold.admitTenant(key), told.admitTenant(key)]);
    expect(await tenants.revokeKey(tenant.keyId, 'cli')).toBe(true);
    told.forget(tenant.keyId);
    expect((await refusal(told.admitTenant(key))).code).toBe('HTTP_ERROR');
    expect(untold.peek(key)).toBeDefined();
    clock.ms += 10_000;
    expect((await refusal(untold.admitTenant(key))).code).toBe('HTTP_ERROR');
    expect(await tenants.revokeKey(tenant.keyId, 'cli')).toBe(false);
  });

  it('ends an expiring key at its hour, also from memory', async () => {
    const { tenant } = await aTenant();
    const clock = new ManualClock();
    const expiresAt = new Date(clock.ms + 3_000);
    const { key } = await tenants.addKey(tenant.hash, { label: 'court', expiresAt, actor: 'cli' });
    const admission = new Admission(database, clock);
    await admission.admitTenant(key);
    clock.ms += 3_000;
    expect((await refusal(admission.admitTenant(key))).code).toBe('HTTP_ERROR');
  });

  it('goes on for known keys while PostgreSQL is away or mute, an hour at most, and answers 503 for the others', async () => {
    const { key, tenant } = await aTenant();
    const road = await aRoadTo(test.url);
    const clock = new ManualClock();
    const admission = new Admission(road.database, clock);
    await admission.admitTenant(key);
    road.mute();
    clock.ms += 60_000;
    expect(admission.peek(key)).toBeUndefined();
    expect(await admission.admitTenant(key)).toEqual(tenant);
    expect(admission.peek(key)).toEqual(tenant);
    await road.cut();
    clock.ms += 60_000;
    expect(await admission.admitTenant(key)).toEqual(tenant);
    expect((await refusal(admission.admitTenant('unknown-key-0123456789'))).code).toBe('SERVICE_UNAVAILABLE');
    clock.ms += 3_600_000;
    expect((await refusal(admission.admitTenant(key))).code).toBe('SERVICE_UNAVAILABLE');
    await road.close();
  });

  it('writes down use and refusals', async () => {
    const { tenant } = await aTenant();
    await tenants.noteUse({
      keyIds: [tenant.keyId],
      refusals: [
        { network: '192.0.2.0/24', reason: 'unknown', count: 3 },
        { network: 'other', reason: 'limited', count: 7 },
      ],
    });
    expect((await tenants.list(tenant.hash))[0]?.keys[0]?.lastUsedAt).toEqual(expect.any(String));
    const rows = await database.asSystem((sql) =>
      sql.query(
        `SELECT source, details FROM audit_logs WHERE tenant_hash IS NULL AND action = 'key.refused' ORDER BY id`,
      ),
    );
    expect(rows).toEqual([
      { source: '192.0.2.0/24', details: { reason: 'unknown', count: 3 } },
      { source: null, details: { reason: 'limited', network: 'other', count: 7 } },
    ]);
  });
});
