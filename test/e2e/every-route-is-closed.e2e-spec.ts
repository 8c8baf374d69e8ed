import { randomBytes, randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AdminModule } from '../../src/admin/admin.module.js';
import { staffPartsOf } from '../../src/admin/staff-parts.js';
import { tenantHashOf } from '../../src/core/tenant.js';
import { Admission } from '../../src/tenancy/admission.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { BareInstance } from '../support/a-hub-gateway.js';
import { aStaffIssuer, type StaffIssuer } from '../support/a-staff-issuer.js';
import { comparable } from '../support/comparable.js';
import { type Json, OpenApi } from '../support/open-api.js';
import { ask, startProduct, type Product } from '../support/product.js';
import { routeTable, type ServedRoute } from '../support/route-table.js';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
/** The routes without a tenant (product.md 2.2); everything else is closed. */
const isOpen = ({ method, path }: ServedRoute) =>
  ['GET', 'HEAD'].includes(method) && /^\/(health(\/ready)?|doc(\/asyncapi)?|docs(\/.*)?)$/.test(path);
const withIds = (path: string) =>
  path
    .replace(':opcoId', 'akto')
    .replace(':numeroInterne', 'INT-NONE')
    .replaceAll(/:[a-zA-Z]*[iI]d\b/g, randomUUID())
    .replace('*', 'x');

/** Whether a path with parameters takes in another one, segment by segment. */
function covers(wide: string, narrow: string): boolean {
  const [own, other] = [wide.split('/'), narrow.split('/')];
  return own.length === other.length && own.every((segment, at) => segment.startsWith(':') || segment === other[at]);
}

describe('the routes of the running application', () => {
  let product: Product;
  let routes: readonly ServedRoute[] = [];
  let staff: NestFastifyApplication;
  let issuer: StaffIssuer;
  const instanceSecret = randomBytes(32).toString('hex');

  beforeAll(async () => {
    issuer = await aStaffIssuer();
    product = await startProduct({ ...issuer.variables, OPCOVIA_HUB_INSTANCES: `api-1:${instanceSecret}` });
    routes = routeTable(product.opcovia.api);
    const parts = staffPartsOf(product.opcovia.api);
    staff = await NestFactory.create<NestFastifyApplication>(AdminModule.of(parts), new FastifyAdapter(), {
      logger: false,
    });
    await staff.init();
  });

  afterAll(async () => {
    await staff.close();
    await product.stop();
    issuer.forget();
  });

  /** As a text without the length: the problem names the path that was asked, hence is longer for a longer one. */
  const withoutLength = async (...[key, method, path]: [string | undefined, string, string]) =>
    comparable(await product.ask(key, method, path)).replace(/^content-length: \d+$/m, '');

  it('are all documented, and nothing is documented that is not served', async () => {
    const { paths } = (await product.ask(undefined, 'GET', '/doc')).body as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, each]) =>
      Object.keys(each).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const served = routes.filter(({ method, path }) => method !== 'HEAD' && !/^\/docs?(\/|$)/.test(path));
    expect(documented.sort()).toEqual(served.map(({ method, path }) => `${method} ${path}`).sort());
    expect(served.length).toBeGreaterThan(20);
  });

  it('answer one and the same 403 without a key, whatever the path and the method, served or not', async () => {
    const paths = [
      ...new Set(routes.map(({ path }) => path)),
      '/nowhere',
      '/nowhere/at/all',
      '/',
      '/me',
      '/admin',
      '/metrics',
    ];
    const refusals = new Map<string, string[]>();
    for (const path of paths) {
      for (const method of methods) {
        if (isOpen({ method, path })) continue;
        // HEAD says as much as GET, but has no body.
        const kind = method === 'HEAD' ? 'HEAD' : 'body';
        const said = `${kind} ${await withoutLength(undefined, method, withIds(path))}`;
        refusals.set(said, [...(refusals.get(said) ?? []), `${method} ${path}`]);
      }
    }
    expect([...refusals.keys()].map((said) => said.slice(0, 8)).sort()).toEqual(['HEAD 403', 'body 403']);
    expect([...refusals.values()].flat().length).toBeGreaterThan(150);
  });

  it('answer the same 403 to a key that is blank, unknown, malformed or revoked', async () => {
    const revoked = await product.newTenant('CFA révoqué');
    const { keyId } = await product.opcovia.api.get(Admission).admitTenant(revoked);
    await product.opcovia.api.get(TenantsRepository).revokeKey(keyId, 'cli');
    product.opcovia.api.get(Admission).forget(tenantHashOf(revoked));
    const keys = [
      undefined,
      '',
      ' ',
      'x',
      `opv_test_${'A'.repeat(43)}`,
      revoked,
      `${revoked}, ${revoked}`,
      'é'.repeat(20),
    ];
    const said = new Set<string>();
    for (const key of keys) said.add(await withoutLength(key, 'GET', '/akto/jobs'));
    expect([...said]).toEqual([expect.stringMatching(/^403/)]);
  });

  it('tell a tenant 404 for a path that is not served, and 405 with Allow for a method that is not', async () => {
    const key = await product.newTenant('CFA curieux');
    for (const path of ['/nowhere', '/nowhere/at/all', '/', '/admin', '/metrics', '/akto', '/webhooks/x/y/z']) {
      for (const method of methods) {
        expect([method, path, (await product.ask(key, method, path)).status]).toEqual([method, path, 404]);
      }
    }
    for (const path of new Set(routes.map((route) => route.path).filter((path) => !path.startsWith('/doc')))) {
      const served = routes.filter((route) => route.path === path).map(({ method }) => method);
      for (const method of methods.filter((each) => !served.includes(each))) {
        // `dossiers/rupture` is a dossier's number as well.
        if (routes.some((route) => route.method === method && covers(route.path, path))) continue;
        const { status, headers } = await product.ask(key, method, withIds(path));
        expect([method, path, status]).toEqual([method, path, 405]);
        expect(headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(served));
      }
    }
  });

  it('of the staff listener are health, metrics, limits and their document alone, and none of them knows a tenant', async () => {
    expect(
      routeTable(staff)
        .filter(({ method }) => method !== 'HEAD')
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    ).toEqual([
      'DELETE /admin/limits/:opcoId/:environment/override',
      'GET /admin/doc',
      'GET /admin/limits',
      'GET /health',
      'GET /health/ready',
      'GET /health/startup',
      'GET /metrics',
      'PUT /admin/limits/:opcoId/:environment/override',
    ]);
    const key = await product.newTenant('CFA Mesuré');
    const tenant = tenantHashOf(key);
    await product.ask(key, 'GET', '/akto/dossiers/etats');
    const authorization = `Bearer ${await issuer.token('admin')}`;
    for (const { method, path } of routeTable(staff)) {
      const url = `${product.opcovia.staffUrl}${withIds(path)}`;
      for (const headers of [{}, { authorization }]) {
        const { text } = await ask(url, { method, headers });
        for (const trace of [key, tenant, tenant.slice(0, 8), 'Mesuré']) expect(text).not.toContain(trace);
      }
    }
  });

  it('of the staff listener answer 401 to a tenant, served or not, but for health and metrics', async () => {
    const key = await product.newTenant('CFA curieux de tout');
    const paths = [...routeTable(staff).map(({ path }) => withIds(path))];
    const unknown = [
      '/akto/jobs',
      '/webhooks',
      '/events',
      '/admin',
      '/hub',
      '/%61dmin/limits',
      '/health/../admin/limits',
    ];
    for (const path of [...paths, ...unknown, '//admin/limits', '/admin/limits/']) {
      if (/^\/(health(\/(ready|startup))?|metrics)$/.test(path)) continue;
      for (const method of methods) {
        for (const headers of [{}, { authorization: `Bearer ${key}` }]) {
          const answer = await ask(`${product.opcovia.staffUrl}${path}`, { method, apiKey: key, headers });
          expect([method, path, answer.status]).toEqual([method, path, 401]);
        }
      }
    }
    const authorization = `Bearer ${await issuer.token('admin')}`;
    for (const path of ['/akto/jobs', '/webhooks', '/events', '/admin']) {
      const answer = await ask(`${product.opcovia.staffUrl}${path}`, { method: 'GET', headers: { authorization } });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  it('of the staff listener are all documented there, and nothing is documented that is not served', async () => {
    const authorization = `Bearer ${await issuer.token('viewer')}`;
    const { body } = await ask(`${product.opcovia.staffUrl}/admin/doc`, { method: 'GET', headers: { authorization } });
    const served = routeTable(staff).filter(({ method }) => method !== 'HEAD');
    expect(new OpenApi(body as Json).operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
      [...served.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`), 'POST /hub/token'].sort(),
    );
  });

  it('take no token of the hub, and the hub takes neither a key nor a token of staff', async () => {
    const { staffUrl, apiUrl } = product.opcovia;
    const askToken = (headers: Record<string, string>) => ask(`${staffUrl}/hub/token`, { method: 'POST', headers });
    const basic = (secret: string) => ({ authorization: `Basic ${Buffer.from(`api-1:${secret}`).toString('base64')}` });
    const { access_token: token } = (await askToken(basic(instanceSecret))).body as { access_token: string };
    const forms = (text: string): Record<string, string>[] => [
      { authorization: `Bearer ${text}` },
      { 'x-api-key': text },
    ];
    const line = new BareInstance(staffUrl, { authorization: `Bearer ${token}` });
    expect(await Promise.race([line.opened.then(() => 'open'), line.ended])).toBe('open');
    line.socket.close();
    for (const headers of forms(token)) {
      for (const path of ['/akto/jobs', '/akto/dossiers/etats', '/webhooks']) {
        const { status, body } = await ask(`${apiUrl}${path}`, { method: 'GET', headers });
        expect([path, status, body.code]).toEqual([path, 403, 'HTTP_ERROR']);
      }
      expect((await ask(`${staffUrl}/admin/limits`, { method: 'GET', headers })).status).toBe(401);
    }
    for (const foreign of [await product.newTenant('CFA au hub'), await issuer.token('admin')]) {
      for (const headers of forms(foreign)) {
        expect((await new BareInstance(staffUrl, headers).ended).status).toBe(401);
        expect((await askToken(headers)).status).toBe(401);
      }
      expect((await askToken(basic(foreign))).status).toBe(401);
    }
  });
});
