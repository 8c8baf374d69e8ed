import fc from 'fast-check';
import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { compileContract } from '../../src/core/contract/check.js';
import {
  endpointNames,
  opcoIds,
  type Endpoint,
  type OpcoAdapter,
  type Question,
  type UpstreamResponse,
} from '../../src/core/endpoint.js';

const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');

/** A question that each endpoint must understand. */
const questions: Readonly<Record<string, Question>> = {
  status: { query: {} },
  dossier: { query: { numeroInterne: '1000123' } },
  depositDossier: { query: {}, body: { cerfa: exampleCerfa() } },
  depositDocument: {
    query: {},
    body: {
      typeFichier: 'convention',
      objets: [{ typeObjet: 'dossier', idObjet: '1000123' }],
      _files: { document: pdf },
    },
  },
};

const questionFor = (adapter: OpcoAdapter, endpoint: Endpoint): Question =>
  endpoint.name === 'etats'
    ? { query: adapter.paging.kind === 'pages' ? { numeroPage: 1 } : {} }
    : (questions[endpoint.name] ?? { query: {} });

const answered = (status: number, body: unknown): UpstreamResponse => ({ status, headers: {}, body });

/** Every promise that the pipeline relies on, whatever the OPCO; each adapter's spec runs it. */
export function adapterConformance(adapter: OpcoAdapter): void {
  describe(`adapter ${adapter.id}`, () => {
    describeData(adapter);
    describeRefusals(adapter);
    for (const endpoint of Object.values(adapter.endpoints)) {
      describe(endpoint.name, () => {
        describeEndpoint(endpoint, questionFor(adapter, endpoint));
        if (endpoint.kind === 'read') describeRead(endpoint);
        else describeDeposit(endpoint, questionFor(adapter, endpoint));
      });
    }
  });
}

function describeData(adapter: OpcoAdapter): void {
  it('has a known slug and a capability for each of the twelve names', () => {
    expect(opcoIds).toContain(adapter.id);
    expect(Object.keys(adapter.capabilities).sort()).toEqual([...endpointNames].sort());
  });

  it('serves exactly what its capabilities promise, and says in French why it does not serve the rest', () => {
    const supported = endpointNames.filter((name) => adapter.capabilities[name].state === 'supported');
    expect(Object.keys(adapter.endpoints).sort()).toEqual([...supported].sort());
    for (const name of endpointNames) {
      const { state, note } = adapter.capabilities[name];
      if (state !== 'supported') expect(note).toMatch(/\S/);
    }
  });

  it('bears a positive number of calls', () => {
    const { callsPerSecond, burst, concurrency } = adapter.limits;
    expect(Math.min(callsPerSecond, burst, concurrency, adapter.quietPeriodSeconds)).toBeGreaterThan(0);
  });

  it('names no host: hosts are configuration', () => {
    const { endpoints, ...data } = adapter;
    const requests = Object.values(endpoints).map((endpoint) => endpoint.toRequest(questionFor(adapter, endpoint)));
    expect(JSON.stringify({ data, requests })).not.toMatch(/https?:|\.fr\b|\.com\b|\.org\b/);
  });
}

function describeRefusals(adapter: OpcoAdapter): void {
  it.each([
    [{ errors: [{ code: 'E1', description: 'non' }] }, { code: 'E1', message: 'non' }],
    [{ errors: null, comment: 'non' }, { message: 'non' }],
    [{ errors: [], description: 'non' }, { message: 'non' }],
    [{ Description: 'non' }, { message: 'non' }],
    [{ message: 'non' }, { message: 'non' }],
    [{ error: 'invalid', error_description: 'non' }, { message: 'non' }],
    ['<html>', {}],
    [undefined, {}],
  ])('reads the refusal %j', (body, refusal) => {
    expect(adapter.refusal(answered(400, body))).toEqual(refusal);
  });

  it('reads any body without throwing, and never more than 500 characters of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect((adapter.refusal(answered(500, body)).message ?? '').length).toBeLessThanOrEqual(500);
      }),
    );
  });
}

function describeEndpoint(endpoint: Endpoint, question: Question): void {
  it('understands its question and puts it into a safe relative call', () => {
    expect(compileContract(endpoint.query).check(question.query)).toEqual([]);
    const { segments, method } = endpoint.toRequest(question);
    expect(method).toBe(endpoint.kind === 'read' ? 'GET' : 'POST');
    expect(segments[0]).toMatch(/^v[12]$/);
    for (const segment of segments) expect(segment).toMatch(/^[A-Za-z0-9-]+$/);
    expect(endpoint.path).toMatch(/^\/[a-z/]+$/);
  });

  it('refuses a query parameter it does not know', () => {
    expect(compileContract(endpoint.query).check({ ...question.query, inconnu: 1 })).toEqual([
      expect.objectContaining({ pointer: '/inconnu', code: 'unknown_field' }),
    ]);
  });

  it('reads any body without throwing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        endpoint.toAnswer(answered(200, body), question);
      }),
    );
  });

  it('lets no empty or foreign body pass for an answer', () => {
    // A document has no mandatory number: there an empty object is an answer.
    const foreign = endpoint.name === 'depositDocument' ? [null, '', 'ok', 3, true] : [null, {}, '', 'ok', 3, true];
    for (const body of foreign) {
      const candidate = endpoint.toAnswer(answered(200, body), question);
      expect(compileContract(endpoint.answer).holds(candidate)).toBe(false);
    }
  });
}

function describeRead(endpoint: Endpoint): void {
  it('has no body and says for how many seconds any answer may be kept', () => {
    expect(endpoint.body).toBeUndefined();
    fc.assert(fc.property(fc.jsonValue(), (answer) => (endpoint.ttlSeconds?.(answer) ?? 0) > 0));
  });

  it('takes no server failure and no key refusal for "not found"', () => {
    for (const status of [401, 403, 429, 500, 503]) {
      expect(endpoint.isNotFound?.(answered(status, { errors: null, comment: 'non' })) ?? false).toBe(false);
    }
  });
}

function describeDeposit(endpoint: Endpoint, question: Question): void {
  it('has a contract for its body, and is never cached', () => {
    expect(endpoint.body && compileContract(endpoint.body).check(question.body)).toEqual([]);
    expect(endpoint.judge?.(question) ?? []).toEqual([]);
    expect(endpoint.ttlSeconds).toBeUndefined();
  });

  it('refuses an unknown field by its pointer', () => {
    const body = { ...(question.body as object), inconnu: true };
    expect(endpoint.body && compileContract(endpoint.body).check(body)).toEqual([
      { pointer: '/inconnu', code: 'unknown_field', message: 'Champ inconnu.' },
    ]);
  });

  it('sends each date with time and zone, and loses no field', () => {
    const { body } = endpoint.toRequest(question);
    const sent = body?.kind === 'json' ? body.value : body?.json.value;
    const text = JSON.stringify(sent);
    expect(text).not.toMatch(/"\d{4}-\d{2}-\d{2}"/);
    if (endpoint.name === 'depositDossier') expect(keysOf(sent)).toEqual(keysOf(question.body));
  });

  if (endpoint.name === 'depositDossier') {
    it('sends the state TRANSMIS, whether the caller wrote it or not', () => {
      const { etat: _written, ...cerfa } = exampleCerfa();
      for (const each of [cerfa, exampleCerfa()]) {
        const { body } = endpoint.toRequest({ query: {}, body: { cerfa: each } });
        expect(body).toMatchObject({ kind: 'json', value: { cerfa: { etat: 'TRANSMIS' } } });
      }
    });
  }
}

function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .flatMap(([name, each]) => [name, ...keysOf(each)])
    .sort();
}
