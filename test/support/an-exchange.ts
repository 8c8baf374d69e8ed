import Type from 'typebox';
import type { Clock } from '../../src/core/clock.js';
import type { Timers } from '../../src/hub/timers.js';
import {
  endpointNames,
  type Capability,
  type Endpoint,
  type EndpointName,
  type OpcoAdapter,
} from '../../src/core/endpoint.js';
import { Exchange, type Call, type Slot, type Slots } from '../../src/core/exchange.js';
import { tenantHashOf, type Tenant } from '../../src/core/tenant.js';

/** Time that only moves when a test says so. */
export class ManualClock implements Clock, Timers {
  #ms = Date.UTC(2026, 8, 1);
  readonly #timers = new Set<{ at: number; readonly everyMs?: number; run(): void }>();

  now(): number {
    return this.#ms;
  }

  elapsed(): number {
    return this.#ms;
  }

  after(ms: number, run: () => void): () => void {
    return this.#timer({ at: this.#ms + ms, run });
  }

  every(ms: number, run: () => void): () => void {
    return this.#timer({ at: this.#ms + ms, everyMs: ms, run });
  }

  /** Moves on; seconds. What is to happen meanwhile happens, each at its time. */
  pass(seconds: number): void {
    const until = this.#ms + seconds * 1000;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      this.#ms = Math.max(this.#ms, next.at);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.at += next.everyMs;
      next.run();
    }
    this.#ms = until;
  }

  #timer(timer: { at: number; readonly everyMs?: number; run(): void }): () => void {
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
}

/** A tenant of its own for each name. */
export function aTenant(nom = 'CFA de Test'): Tenant {
  return {
    hash: tenantHashOf(`opv_test_${nom}`),
    environment: 'test',
    nom,
    keyId: '6f1c1b0e-0000-4000-8000-000000000001',
  };
}

/** A read of one dossier, kept two minutes. */
export const aRead: Endpoint = {
  name: 'dossier',
  kind: 'read',
  path: '/dossiers',
  query: Type.Object(
    { numeroInterne: Type.String({ minLength: 1 }), page: Type.Optional(Type.Integer({ minimum: 1 })) },
    { additionalProperties: false },
  ),
  answer: Type.Object({ numeroInterne: Type.String(), etat: Type.String() }),
  toRequest: ({ query }) => ({
    method: 'GET',
    segments: ['v1', 'dossiers'],
    query: { numeroInterne: String(query['numeroInterne']) },
  }),
  toAnswer: ({ body }) => body,
  ttlSeconds: () => 120,
};

/** A deposit with one field and one business rule. */
export const aDeposit: Endpoint = {
  name: 'depositDossier',
  kind: 'deposit',
  path: '/dossiers',
  query: Type.Object({}, { additionalProperties: false }),
  body: Type.Object({ montant: Type.Number() }, { additionalProperties: false }),
  answer: Type.Object({ numeroInterne: Type.String() }),
  judge: ({ body }) =>
    (body as { montant: number }).montant < 0
      ? [{ pointer: '/montant', code: 'negative', message: 'Le montant est négatif.' }]
      : [],
  toRequest: ({ body }) => ({
    method: 'POST',
    segments: ['v1', 'dossiers'],
    query: {},
    body: { kind: 'json', value: body },
  }),
  toAnswer: ({ body }) => body,
};

const absent: Capability = { state: 'absent', note: 'pas encore en production' };

/** An OPCO with one read and one deposit; `changes` for what a test is about. */
export function anAdapter(changes: Partial<OpcoAdapter> = {}): OpcoAdapter {
  const none = Object.fromEntries(endpointNames.map((name) => [name, absent])) as Record<EndpointName, Capability>;
  return {
    id: 'akto',
    label: 'AKTO',
    capabilities: { ...none, dossier: { state: 'supported' }, depositDossier: { state: 'supported' } },
    endpoints: { dossier: aRead, depositDossier: aDeposit },
    auth: { dpop: false },
    complet: aDeposit,
    limits: { callsPerSecond: 10, burst: 10, concurrency: 4 },
    paging: { kind: 'whole' },
    normVersions: ['1.0'],
    quietPeriodSeconds: 60,
    refusal: ({ body }) => (body ?? {}) as { code?: string; message?: string },
    ...changes,
  };
}

/** The question for one dossier, by a person; `changes` for what a test is about. */
export function aCall(changes: Partial<Call> = {}): Call {
  return {
    requestId: 'req-1',
    tenant: aTenant(),
    opcoId: 'akto',
    endpoint: 'dossier',
    traffic: 'interactive',
    query: { numeroInterne: 'N-1' },
    cache: {},
    ...changes,
  };
}

/** A deposit's call, by a worker. */
export function aDepositCall(changes: Partial<Call> = {}): Call {
  return aCall({ endpoint: 'depositDossier', traffic: 'job', query: {}, body: { montant: 10 }, ...changes });
}

/** An exchange in which the given slots have been written, as earlier stages would have. */
export function anExchange(
  slots: Partial<Slots> = {},
  call: Call = aCall(),
  clock: Clock = new ManualClock(),
): Exchange {
  const exchange = new Exchange(call, clock);
  for (const [slot, value] of Object.entries(slots) as [Slot, never][]) exchange.write(slot, value);
  return exchange;
}

/** The slots of a read that is about to look into the cache. */
export function readSlots(): Pick<Slots, 'adapter' | 'endpoint' | 'question'> {
  return { adapter: anAdapter(), endpoint: aRead, question: { query: { numeroInterne: 'N-1' } } };
}

/** The slots of a deposit that has been judged. */
export function depositSlots(): Pick<Slots, 'adapter' | 'endpoint' | 'question'> {
  return { adapter: anAdapter(), endpoint: aDeposit, question: { query: {}, body: { montant: 10 } } };
}
