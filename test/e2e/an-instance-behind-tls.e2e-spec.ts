import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { aCertificate } from '../support/a-certificate.js';
import { runBuilt, type BuiltProcess } from '../support/built-file.js';
import { eventually, startProduct, type Product } from '../support/product.js';

/** A hub whose staff listener is reached over TLS, at an address that is configured. Build first. */
describe('an instance that is told where its hub is, behind TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'opcovia-tls-'));
  const certificate = aCertificate();
  const [secret, keyring] = [randomBytes(32).toString('hex'), `k1:${randomBytes(32).toString('hex')}`];
  const started: BuiltProcess[] = [];
  const sockets = new Set<Socket>();
  const front = createServer(certificate, (secure) => {
    const { hostname: host, port } = new URL(product.opcovia.staffUrl);
    const plain = connect({ host, port: Number(port) });
    for (const [one, other] of [
      [secure, plain],
      [plain, secure],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  let product: Product;

  beforeAll(async () => {
    writeFileSync(join(folder, 'ca.pem'), certificate.cert);
    product = await startProduct({
      ...{ OPCOVIA_ROLES: 'hub', OPCOVIA_KEYRING: keyring, OPCOVIA_HUB_INSTANCES: `api-*:${secret}` },
      // What the leader's row names leads nowhere: the instance has to go where it is told.
      OPCOVIA_HUB_ADVERTISED_URL: 'http://127.0.0.1:1',
    });
    await new Promise<void>((resolve) => front.listen(0, 'localhost', resolve));
  });

  afterAll(async () => {
    for (const { child } of started) child.kill('SIGKILL');
    await Promise.all(started.map(({ ended }) => ended));
    for (const socket of sockets) socket.destroy();
    front.close();
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (name: string, more: Readonly<Record<string, string>>) => {
    const instance = runBuilt('main.js', {
      ...{ DATABASE_URL: product.databaseUrl, REDIS_URL: product.redisUrl, OPCOVIA_SANDBOX_URL: product.sandbox.url },
      ...{ OPCOVIA_STATE_DIR: folder, OPCOVIA_API_PORT: '0', OPCOVIA_STAFF_PORT: '0', OPCOVIA_KEYRING: keyring },
      ...{ OPCOVIA_ROLES: 'api', OPCOVIA_HUB_INSTANCE: name, OPCOVIA_HUB_INSTANCE_SECRET: secret },
      OPCOVIA_HUB_URL: `https://localhost:${(front.address() as AddressInfo).port}`,
      ...more,
    });
    started.push(instance);
    await instance.until('Opcovia est prêt');
    const [, metrics = ''] = /(http:\S+\/metrics)/.exec(instance.printed()) ?? [];
    return { instance, figures: async () => (await fetch(metrics)).text() };
  };

  it('gets its token over https and its permits over wss, from there alone', async () => {
    const { figures, instance } = await start('api-1', { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
    const seen = await eventually(figures, (text) => /opcovia_hub_mode\{[^}]*"granted"\} 1/.test(text));
    expect(seen).toMatch(/opcovia_hub_connected\{[^}]*\} 1/);
    expect(instance.printed()).not.toContain(secret);
  }, 120_000);

  it('goes to nobody whose certificate it does not trust, and on by its safe share', async () => {
    const { figures, instance } = await start('api-2', {});
    await instance.until('the line to the hub: no token');
    expect(await figures()).toMatch(/opcovia_hub_connected\{[^}]*\} 0/);
    expect(await figures()).toMatch(/opcovia_hub_mode\{[^}]*"safe"\} 1/);
  }, 120_000);
});
