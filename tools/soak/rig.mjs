import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clients } from './clients.mjs';
import { DepositMaker } from './deposits.mjs';
import { Instance } from './instance.mjs';
import { Nemesis } from './nemesis.mjs';
import { Seeded } from './seeded.mjs';
import { BreakableServices } from './services.mjs';
import { variablesOf } from './settings.mjs';
import { registerTenant } from './tenants.mjs';

const dist = '../../dist/src';
const names = ['anna', 'boris', 'chloe'];

/** What webhooks bring, by the last part of the path: the tenant's name. */
async function listen(onBody) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      onBody(request.url.slice(1), body);
      response.writeHead(200).end();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Everything that a soak needs, of its own: services, sandbox, processes, tenants, and whoever works with and against them. */
export class Rig {
  #stops = [];
  /** Events by job id: the ids under which each was told. */
  told = new Map();

  constructor({ projectRoot, seed, instances, say }) {
    Object.assign(this, { projectRoot, seed, wanted: instances, say });
  }

  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'opcovia-soak-'));
    this.#stops.push(() => rmSync(folder, { recursive: true, force: true }));
    await this.#startServices(folder);
    this.say('PostgreSQL, Redis and the sandbox run');
    const stateDir = join(folder, 'state');
    mkdirSync(stateDir);
    const receiver = await listen((tenant, body) => this.#hear(tenant, body));
    this.#stops.push(() => (receiver.closeAllConnections(), receiver.close()));
    const { services, sandbox } = this;
    const place = { services, sandboxUrl: sandbox.url, stateDir, receiverPort: receiver.address().port };
    const variables = variablesOf(place);
    this.instances = Array.from({ length: this.wanted }, (_, rank) => {
      const onCrash = (name, words) => this.say(`${name} ended of itself:\n${words}`);
      const instance = new Instance(`A${rank + 1}`, { projectRoot: this.projectRoot, variables, onCrash });
      this.#stops.push(() => instance.stop(15_000));
      return instance;
    });
    // The first one makes schema and secrets.
    await this.instances[0].start();
    this.say(`${this.instances[0].name} runs`);
    this.tenants = await this.#register({ ...variables, OPCOVIA_KEYRING: await this.#keyring(stateDir) });
    this.say(`${names.length} tenants are registered`);
    await Promise.all(this.instances.map((instance) => instance.start()));
    await this.#engage();
    for (const tenant of this.tenants) await this.#subscribe(tenant, place.receiverPort);
  }

  async #startServices(folder) {
    const { startEmbeddedPostgres } = await import(`${dist}/dev/embedded-postgres.js`);
    const { startEmbeddedRedis } = await import(`${dist}/dev/embedded-redis.js`);
    const { startSandbox } = await import(`${dist}/sandbox/sandbox.js`);
    const starters = { startEmbeddedPostgres, startEmbeddedRedis };
    this.services = new BreakableServices(starters, { folder, projectRoot: this.projectRoot });
    this.#stops.push(() => this.services.stop());
    await this.services.start();
    this.sandbox = await startSandbox({ port: 0, seed: this.seed, speed: 0, dirt: 0 });
    this.#stops.push(() => this.sandbox.stop());
    this.sandbox.world.virtual.set(Date.parse('2026-11-02T08:00:00Z'));
  }

  async #keyring(stateDir) {
    const { localSecrets } = await import(`${dist}/dev/local-secrets.js`);
    return localSecrets(stateDir).keyring;
  }

  async #register(variables) {
    const { openDesk } = await import(`${dist}/cli/desk.js`);
    const { readEnv } = await import(`${dist}/platform/config/read-env.js`);
    const desk = await openDesk(readEnv(variables));
    try {
      const tenants = [];
      for (const name of names) tenants.push(await registerTenant({ desk, sandbox: this.sandbox }, name));
      return tenants;
    } finally {
      await desk.close();
    }
  }

  async #engage() {
    const contract = `${dist}/core/contract`;
    const examples = {
      cerfa: (await import(`${contract}/cerfa-example.js`)).exampleCerfa,
      facture: (await import(`${contract}/facture.js`)).exampleFacture,
      document: (await import(`${contract}/document.js`)).exampleDocument,
      convention: (await import(`${contract}/convention.js`)).exampleConvention,
    };
    const { instances, services, sandbox, tenants, say } = this;
    const maker = new DepositMaker(new Seeded(this.seed, 'deposits'), { tenants, examples });
    this.clients = new Clients({ chance: new Seeded(this.seed, 'clients'), instances, maker, tenants });
    this.nemesis = new Nemesis({ chance: new Seeded(this.seed, 'nemesis'), instances, services, sandbox, say });
  }

  async #subscribe({ key, name }, port) {
    const events = ['job.completed', 'job.failed', 'job.needs_review'];
    const body = JSON.stringify({ url: `http://127.0.0.1:${port}/${name}`, events });
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const { status, text } = await this.clients.ask('/webhooks', { method: 'POST', headers, body }, name);
    if (status !== 201) throw new Error(`no webhook for ${name}: ${status} ${text}`);
  }

  #hear(tenant, body) {
    this.clients.hear(tenant, 'a webhook', body);
    const { id, data } = JSON.parse(body);
    this.told.set(data.jobId, (this.told.get(data.jobId) ?? new Set()).add(id));
  }

  /** Ends all that was started, the newest first, and empties the disk; may be called at any time, and again. */
  async stop() {
    const stops = this.#stops.splice(0).reverse();
    // Processes first and together: each may need seconds.
    const instances = stops.splice(0, this.instances?.length ?? 0);
    await Promise.allSettled(instances.map((stop) => stop()));
    for (const stop of stops) await Promise.resolve(stop()).catch(() => undefined);
  }
}
