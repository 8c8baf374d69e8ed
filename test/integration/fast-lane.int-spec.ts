import fc from 'fast-check';
import { aDoor, type Door, type Knock } from '../support/a-door.js';
import type { PlayedOpco } from '../support/a-pipeline.js';
import { aTenant, ManualClock } from '../support/an-exchange.js';
import { fail } from '../../src/core/errors.js';

const tenants = new Map([
  ['key-a', aTenant('CFA A')],
  ['key-b', { ...aTenant('CFA B'), keyId: '6f1c1b0e-0000-4000-8000-000000000002' }],
]);

/** Rows by fives; one dossier that the OPCO does not know, one at which it fails, and another answer each time it is asked. */
function anOpco(): PlayedOpco {
  let answers = 0;
  return ({ request, call }) => {
    const { query, segments } = request;
    answers += 1;
    if (query['numeroInterne'] === 'N-500') throw fail('UPSTREAM_ERROR');
    const page = Number(query['page'] ?? 1);
    const rows = [...'abcde'].map((letter) => ({ row: `${letter}${page}`, of: call.tenant.nom, answers }));
    const body =
      segments[0] === 'etats' || segments[0] === 'facturesEtats'
        ? { data: page > 2 ? rows.slice(0, 2) : rows, page, total: 12 }
        : { numeroInterne: query['numeroInterne'], etat: `ENGAGÉ ${answers}`, of: call.tenant.nom };
    return Promise.resolve({ status: query['numeroInterne'] === 'N-401' ? 401 : 200, headers: {}, body });
  };
}

const often = <T>(usual: T, ...seldom: T[]) =>
  fc.oneof({ weight: 10 * seldom.length, arbitrary: fc.constant(usual) }, ...seldom.map((one) => fc.constant(one)));

const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('/akto/dossiers/N-1', '/akto/dossiers/etats') },
  fc.constantFrom('/akto/dossiers/N-1', '/akto/dossiers?numeroInterne=N-1', '/akto/dossiers/N%2D1', '/akto/cfakeyinfo'),
  fc.constantFrom('/akto/dossiers/etats', '/akto/factures/etats', '/akto/dossiers/etats?page=1&limit=3'),
  fc.constantFrom('/akto/dossiers/etats?page=2', '/akto/dossiers/etats?page=2&limit=5', '/akto/dossiers/etats?page=02'),
  fc.constantFrom(
    '/akto/dossiers/N-500',
    '/akto/dossiers/N-401',
    '/akto/status',
    '/akto/dossiers/liste?x=1',
    '/akto/x',
  ),
  fc.constantFrom('/nobody/dossiers/N-1', '//dossiers/N-1', '/akto/dossiers/', '/akto/dossiers/etats/', '/akto//etats'),
);
const oddity = often(
  '',
  'page=0',
  'limit=201',
  'x=1',
  'opcoId=afdas',
  'page=1&page=2',
  '__proto__=1',
  'XAPIKEY=k',
  'numeroInterne=N-1',
);
const etags = ['*', '"other"', 'W/"x", *', 'last', 'weak last'];

const request = fc.record({
  kind: fc.constant('request' as const),
  method: often<'GET' | 'HEAD'>('GET', 'HEAD'),
  path,
  oddity,
  key: often('key-a', 'key-b', 'key-c', ''),
  cacheControl: often(
    '',
    'no-cache',
    'no-store',
    'max-age=0',
    'max-age=20',
    'max-stale',
    'max-stale=10',
    'only-if-cached',
    'only-if-cached, max-stale',
    'max-age="x"',
  ),
  ifNoneMatch: often('', ...etags),
  accept: often('', 'application/json', 'text/html', 'application/json;q=0'),
  other: fc.constantFrom<Record<string, string>>({}, {}, { 'x-cfa-key': 'k' }, { traceparent: 'x' }),
});
const step = fc.oneof(
  { weight: 8, arbitrary: request },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      seconds: fc.constantFrom(1, 10, 30, 41, 56, 90, 90_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('forget' as const),
      entity: fc.constantFrom('reads', 'etats', 'dossier:N-1'),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function knockOf(asked: Extract<Step, { kind: 'request' }>, lastEtag: string, id: number): Knock {
  const joint = asked.path.includes('?') ? '&' : '?';
  const etag =
    asked.ifNoneMatch === 'last' ? lastEtag : asked.ifNoneMatch === 'weak last' ? `W/${lastEtag}` : asked.ifNoneMatch;
  const fields = {
    'x-api-key': asked.key,
    'cache-control': asked.cacheControl,
    'if-none-match': etag,
    accept: asked.accept,
  };
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
  const url = asked.oddity === '' ? asked.path : `${asked.path}${joint}${asked.oddity}`;
  return { method: asked.method, url, headers: { ...given, ...asked.other, 'x-request-id': `r-${id}` } };
}

describe.each([
  ['one whole array', { kind: 'whole' as const }],
  ['pages of five', { kind: 'pages' as const, size: 5 }],
])('the fast lane, at an OPCO that gives %s', (_what, paging) => {
  const clock = new ManualClock();
  let doors: readonly [Door, Door];

  beforeAll(async () => {
    const door = (fastLane: boolean) => aDoor({ clock, paging, tenants, opco: anOpco(), fastLane });
    doors = [await door(true), await door(false)];
  });

  afterAll(() => Promise.all(doors.map((door) => door.close())));

  const bothAnswer = async (knock: Knock) => {
    const [fast, long] = [await doors[0].ask(knock), await doors[1].ask(knock)];
    expect(fast).toEqual(long);
    return fast;
  };

  const bothTell = async () => expect(await doors[0].traces()).toEqual(await doors[1].traces());

  it('answers what lies in memory, and nothing else', async () => {
    const knock: Knock = {
      method: 'GET',
      url: '/akto/dossiers/etats?page=1&limit=3',
      headers: { 'x-api-key': 'key-a', 'x-request-id': 'r' },
    };
    const fast: number[] = [];
    for (const cacheControl of ['max-age=5', 'max-age=5', 'no-cache']) {
      const before = doors[0].answeredFast();
      await bothAnswer({ ...knock, headers: { ...knock.headers, 'cache-control': cacheControl } });
      fast.push(doors[0].answeredFast() - before);
    }
    expect(fast).toEqual([0, 1, 0]);
    expect(doors[1].answeredFast()).toBe(0);
  });

  it('shows in no answer, header field, log line, audit row, count or metric', async () => {
    let id = 0;
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      clock.pass(100_000);
      let lastEtag = '"none"';
      for (const one of steps) {
        if (one.kind === 'pass') clock.pass(one.seconds);
        else if (one.kind === 'forget')
          for (const door of doors) for (const tenant of tenants.values()) await door.forget(tenant, one.entity);
        else lastEtag = String((await bothAnswer(knockOf(one, lastEtag, (id += 1)))).headers['etag'] ?? lastEtag);
      }
      await bothTell();
    });
    const before = doors[0].answeredFast();
    await fc.assert(property, { numRuns: 60 });
    // Not by doing nothing.
    expect(doors[0].answeredFast() - before).toBeGreaterThan(20);
  });
});
