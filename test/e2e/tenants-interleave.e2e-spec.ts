import fc from 'fast-check';
import { tenantHashOf } from '../../src/core/tenant.js';
import { TenantsRepository } from '../../src/tenancy/tenants.repository.js';
import { hunt, type Canaries } from '../support/canaries.js';
import { CagedTenant } from '../support/caged-tenant.js';
import { startProduct, type Asked, type Product } from '../support/product.js';

/** The numbers of the contracts that each tenant has at the OPCO: the same for all. */
const numeros = ['700001', '700002', '700003'];
const demands = ['', 'no-cache', 'no-store', 'max-age=0', 'max-age=60', 'only-if-cached', 'max-stale=60'];

const actions = [
  'dossier',
  'dossierByQuery',
  'etats',
  'deposit',
  'jobs',
  'job',
  'cancel',
  'events',
  'webhookCreate',
  'webhooks',
  'webhook',
  'webhookPatch',
  'webhookDelete',
  'credentials',
] as const;

/** One request; what it points at is drawn, and may well belong to somebody else. */
interface Step {
  readonly who: number;
  readonly key: number;
  readonly action: (typeof actions)[number];
  readonly target: number;
  readonly demand: string;
  /** Presents the validator of an answer that anybody got. */
  readonly conditional: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    who: fc.nat(2),
    key: fc.nat(1),
    action: fc.constantFrom(...actions),
    target: fc.nat(1000),
    demand: fc.constantFrom(...demands),
    conditional: fc.boolean(),
  }),
  { minLength: 30, maxLength: 40 },
);

/** What is known of one answer: who asked, and what belongs to whom. */
interface Memory {
  /** Ids that answers gave, with the tenant that they were given to. */
  readonly ids: { readonly job: Known[]; readonly webhook: Known[]; readonly etag: Known[] };
}
interface Known {
  readonly id: string;
  readonly who: number;
}

describe('three tenants at a time', () => {
  let product: Product;
  let tenants: CagedTenant[] = [];
  let keys: readonly (readonly [string, string])[] = [];
  const memory: Memory = { ids: { job: [], webhook: [], etag: [] } };
  const statuses = new Map<string, number>();

  beforeAll(async () => {
    product = await startProduct({
      OPCOVIA_DATABASE_POOL: '2',
      OPCOVIA_POLL_INTERVAL_SECONDS: '60',
      OPCOVIA_UPSTREAM_LIMITS: '{"akto":{"callsPerSecond":1000,"burst":1000}}',
    });
    for (const [index, name] of ['anna', 'boris', 'chloe'].entries()) {
      const tenant = await CagedTenant.enter(product, name, 500 + index);
      tenant.hold('akto', numeros);
      tenants = [...tenants, tenant];
      const second = await product.opcovia.api
        .get(TenantsRepository)
        .addKey(tenantHashOf(tenant.key), { label: 'second', actor: 'cli' });
      keys = [...keys, [tenant.key, second.key]];
    }
  });

  afterAll(() => product.stop());

  const pick = (known: readonly Known[], target: number) =>
    known[target % Math.max(1, known.length)]?.id ?? '00000000-0000-4000-8000-000000000000';

  /** Method, path and body of a step. */
  function requestOf({ who, action, target }: Step): readonly [method: string, path: string, body?: unknown] {
    const numero = numeros[target % numeros.length] ?? '';
    const { job, webhook } = memory.ids;
    const hook = `/webhooks/${pick(webhook, target)}`;
    const draft = {
      url: `https://cfa.example.org/${tenants[who]?.value('webhookChemin')}`,
      events: ['incident.raised'],
    };
    const requests: Readonly<Record<Step['action'], readonly [string, string, unknown?]>> = {
      dossier: ['GET', `/akto/dossiers/${numero}`],
      dossierByQuery: ['GET', `/akto/dossiers?numeroInterne=${numero}`],
      etats: ['GET', `/akto/dossiers/etats?page=${1 + (target % 2)}&limit=${2 + (target % 3)}`],
      deposit: ['POST', '/akto/dossiers', { cerfa: tenants[who]?.cerfa(4 + (target % 3)) }],
      jobs: ['GET', '/akto/jobs?limit=5'],
      job: ['GET', `/akto/jobs/${pick(job, target)}`],
      cancel: ['POST', `/akto/jobs/${pick(job, target)}/cancel`],
      events: ['GET', `/events?after=${target % 50}`],
      webhookCreate: ['POST', '/webhooks', draft],
      webhooks: ['GET', '/webhooks?limit=5'],
      webhook: ['GET', hook],
      webhookPatch: ['PATCH', hook, { status: target % 2 ? 'paused' : 'active' }],
      webhookDelete: ['DELETE', hook],
      credentials: ['GET', '/akto/credentials'],
    };
    return requests[action];
  }

  async function take(step: Step): Promise<void> {
    const [method, path, body] = requestOf(step);
    const { etag } = memory.ids;
    const shown = step.conditional ? pick(etag, step.target) : undefined;
    const headers = {
      'idempotency-key': `shared-${step.target % 3}`,
      ...(step.demand && { 'cache-control': step.demand }),
      ...(shown !== undefined && { 'if-none-match': shown }),
    };
    const answer = await product.ask(keys[step.who]?.[step.key], method, path, { body, headers });
    const outcome = `${step.action} ${answer.status}`;
    statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
    judge(step, answer, { path, shown });
    remember(step.who, step.action, answer);
  }

  /** The invariant: an answer holds what belongs to the asker, and not a byte of the others. */
  function judge(
    { who, action }: Step,
    { status, text, headers }: Asked,
    asked: { path: string; shown?: string | undefined },
  ) {
    const strangers = tenants.filter((_, index) => index !== who);
    const foreign: Canaries = Object.fromEntries([
      ...strangers.flatMap(({ name, canaries }) => Object.entries(canaries).map(([what, v]) => [`${name} ${what}`, v])),
      ...[...memory.ids.job, ...memory.ids.webhook]
        .filter((known) => known.who !== who && !asked.path.includes(known.id))
        .map(({ id }) => [`id ${id}`, id]),
    ]) as Canaries;
    const content = `${[...headers].join('\n')}\n${text}`;
    const where = `${tenants[who]?.name}: ${action} ${status}`;
    expect(hunt(foreign, [{ where, content }])).toEqual([]);
    expect([where, status]).not.toEqual([where, 500]);
    if (action.startsWith('dossier') && status === 200) expect(text).toContain(tenants[who]?.value('nom'));
    // "Not modified" would say that the other's answer is the same as mine.
    const owners = memory.ids.etag.filter(({ id }) => id === asked.shown).map((known) => known.who);
    if (status === 304 && action.startsWith('dossier'))
      expect([where, owners]).toEqual([where, expect.arrayContaining([who])]);
  }

  function remember(who: number, action: Step['action'], { status, body, headers }: Asked): void {
    const { job, webhook, etag } = memory.ids;
    if (action === 'deposit' && body?.jobId !== undefined) job.push({ id: body.jobId, who });
    if (action === 'webhookCreate' && status === 201) webhook.push({ id: body.id, who });
    const validator = headers.get('etag');
    if (validator !== null && status === 200) etag.push({ id: validator, who });
  }

  it('each get only what is their own, whatever they ask in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 2, max: 12 }), async (sequence, atATime) => {
        const left = [...sequence];
        const walker = async () => {
          for (let step = left.shift(); step; step = left.shift()) await take(step);
        };
        await Promise.all(Array.from({ length: atATime }, walker));
      }),
      { seed: 20_261_122, numRuns: 30, interruptAfterTimeLimit: 25_000, endOnFailure: false },
    );
    const seen = (outcome: string) => statuses.get(outcome) ?? 0;
    // A walk of refusals alone would prove nothing. Whether a 304 is among them hangs on what the poller has just seen change.
    for (const outcome of ['dossier 200', 'etats 200', 'deposit 202', 'job 200', 'job 404', 'webhook 404'])
      expect([outcome, seen(outcome)]).not.toEqual([outcome, 0]);
  });
});
