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
import { fromUpstream } from '../../src/opco/convergence/words.js';
import { answers, numberless } from './answers.js';
import { deposits } from './deposits.js';

/** A question that each read must understand. */
const reads: Readonly<Record<string, Question>> = {
  cfakeyinfo: { query: { siren: '130025265' } },
  dossier: { query: { numeroInterne: '1000123' } },
  liste: { query: { numerosInternes: '1000123,1000124' } },
  facturesEtats: { query: { numeroPage: 1 } },
};

/** How this endpoint pages: one on trial may do it otherwise than the one in production. */
const pagingOf = (adapter: OpcoAdapter, endpoint: Endpoint) =>
  Object.values(adapter.trials ?? {}).find((trial) => trial.endpoint === endpoint)?.paging ?? adapter.paging;

const questionFor = (adapter: OpcoAdapter, endpoint: Endpoint): Question =>
  endpoint.name === 'etats'
    ? { query: pagingOf(adapter, endpoint).kind === 'pages' ? { numeroPage: 1 } : {} }
    : (reads[endpoint.name] ?? deposits[endpoint.name] ?? { query: {} });

const answered = (status: number, body: unknown): UpstreamResponse => ({ status, headers: {}, body });

/** Every promise that the pipeline relies on, whatever the OPCO; the spec of the list runs it for each adapter. */
export function adapterConformance(adapter: OpcoAdapter): void {
  describe(`adapter ${adapter.id}`, () => {
    describeData(adapter);
    describeRefusals(adapter);
    const trials = Object.values(adapter.trials ?? {}).map(({ endpoint }) => [`${endpoint.name} on trial`, endpoint]);
    const usual = Object.entries(adapter.endpoints);
    for (const [title, endpoint] of [...usual, ...trials] as [string, Endpoint][]) {
      describe(title, () => {
        describeEndpoint(endpoint, questionFor(adapter, endpoint));
        describeAnswers(adapter, endpoint);
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

  it('has an endpoint for exactly what is not absent, and says in French what is not certain', () => {
    const possible = endpointNames.filter((name) => adapter.capabilities[name].state !== 'absent');
    expect(Object.keys(adapter.endpoints).sort()).toEqual([...possible].sort());
    for (const name of endpointNames) {
      const { state, note, norm } = adapter.capabilities[name];
      if (state !== 'supported') expect(note).toMatch(/\S/);
      if (state !== 'absent') expect(norm).toMatch(/^v[12]$/);
      expect(adapter.endpoints[name]?.name ?? name).toBe(name);
    }
  });

  it('tries a version out only beside another one in production', () => {
    for (const { endpoint, capability, paging } of Object.values(adapter.trials ?? {})) {
      expect(paging?.kind).toBe(endpoint.name === 'etats' ? 'pages' : undefined);
      expect(adapter.capabilities[endpoint.name].state).toBe('supported');
      expect(['test', 'unknown']).toContain(capability.state);
      expect(capability.note).toMatch(/\S/);
      expect(endpoint.toRequest(questionFor(adapter, endpoint)).segments[0]).toBe(capability.norm);
    }
  });

  it('bears a positive number of calls', () => {
    const { callsPerSecond, burst, concurrency } = adapter.limits;
    expect(Math.min(callsPerSecond, burst, concurrency, adapter.quietPeriodSeconds)).toBeGreaterThan(0);
  });

  it('names no host: hosts are configuration', () => {
    const { endpoints, trials: _trials, ...data } = adapter;
    const requests = Object.values(endpoints).map((endpoint) => endpoint.toRequest(questionFor(adapter, endpoint)));
    expect(JSON.stringify({ data, requests })).not.toMatch(/https?:|\.fr\b|\.com\b|\.org\b/);
  });
}

function describeRefusals(adapter: OpcoAdapter): void {
  it.each([
    [{ errors: [{ code: 'E1', description: 'non' }] }, { code: 'E1', message: 'non' }],
    [{ errors: null, comment: 'non' }, { message: 'non' }],
    [{ errors: [], description: 'non' }, { message: 'non' }],
    [
      { errors: [{ code: 'E1' }], description: 'non' },
      { code: 'E1', message: 'non' },
    ],
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
}

function describeAnswers(adapter: OpcoAdapter, endpoint: Endpoint): void {
  const question = questionFor(adapter, endpoint);
  const contract = compileContract(endpoint.answer);
  const candidate = (body: unknown) => endpoint.toAnswer(answered(200, body), question);

  it('reads the answers of the norm, dirty ones too, into the contract', () => {
    const inForce = answers[endpoint.name].filter(
      (body) => endpoint.name !== 'etats' || isWhole(body) === (pagingOf(adapter, endpoint).kind === 'whole'),
    );
    expect(inForce.map((body) => contract.check(candidate(body)))).toEqual(inForce.map(() => []));
    expect(JSON.stringify(inForce.map(candidate))).not.toMatch(/RUTPURE|RUPTU"|"sexe":\d|T00:00:00/);
  });

  it('lets no empty or foreign body pass for an answer', () => {
    const foreign = numberless.has(endpoint.name) ? [null, '', 'ok', 3, true] : [null, {}, '', 'ok', 3, true];
    for (const body of foreign) expect(contract.holds(candidate(body))).toBe(false);
  });
}

/** A V1 array of rows; a V2 page may be wrapped in an array of one. */
function isWhole(body: unknown): boolean {
  return Array.isArray(body) && !body.some((each: object) => 'EtatDossierResult' in each);
}

function describeRead(endpoint: Endpoint): void {
  it('has no body and says for how many seconds any answer may be kept', () => {
    expect([endpoint.body, endpoint.files]).toEqual([undefined, undefined]);
    fc.assert(fc.property(fc.jsonValue(), (answer) => (endpoint.ttlSeconds?.(answer) ?? 0) > 0));
  });

  it('takes no server failure and no key refusal for "not found"', () => {
    for (const status of [401, 403, 429, 500, 503]) {
      expect(endpoint.isNotFound?.(answered(status, { errors: null, comment: 'non' })) ?? false).toBe(false);
    }
    if (endpoint.name === 'dossier') expect(endpoint.isNotFound?.(answered(404, undefined))).toBe(true);
  });
}

function describeDeposit(endpoint: Endpoint, question: Question): void {
  it('has a contract for its body, finds nothing wrong or doubtful in its example, and is never cached', () => {
    expect(endpoint.body && compileContract(endpoint.body).check(question.body)).toEqual([]);
    expect(endpoint.judge?.(question) ?? []).toEqual([]);
    expect(endpoint.warn?.(question) ?? []).toEqual([]);
    expect(endpoint.ttlSeconds ?? endpoint.isNotFound).toBeUndefined();
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
    expect(JSON.stringify(sent)).not.toMatch(/"\d{4}-\d{2}-\d{2}"/);
    if (body?.kind === 'multipart') expect(body.file).toMatchObject({ part: 'fichier', mediaType: 'application/pdf' });
    const asDocument = body?.kind === 'multipart' && body.json.part === 'infosFichier';
    if (!asDocument) expect(fromUpstream(sent)).toEqual(question.body);
  });

  it('has a natural key and a look-up, or neither', () => {
    expect(typeof endpoint.naturalKey).toBe(endpoint.lookUp ? 'function' : 'undefined');
    if (endpoint.naturalKey) expect(endpoint.naturalKey(question)?.join()).toMatch(/\d{14}/);
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
