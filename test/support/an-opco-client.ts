import type { UpstreamResponse } from '../../src/core/endpoint.js';
import { systemClock } from '../../src/core/clock.js';
import type { OpcoviaError } from '../../src/core/errors.js';
import { DpopProofs } from '../../src/pipeline/06-call/dpop.js';
import { OpcoClient, type Order } from '../../src/pipeline/06-call/opco-client.js';
import { AccessTokens } from '../../src/pipeline/06-call/token.js';
import type { Wire } from '../../src/pipeline/06-call/wire.js';
import { aCall, anAdapter } from './an-exchange.js';

/** A client of room 06 over this wire, with identities that a test can recognise. */
export function aClientOver(wire: Wire): OpcoClient {
  const proofs = new DpopProofs(systemClock);
  const credentials = {
    cfaKey: () => Promise.resolve('cfa-key'),
    software: () => Promise.resolve({ clientId: 'id', clientSecret: 'secret' }),
  };
  const software = { editeur: 'Editeur', logiciel: 'Logiciel', version: '1.2.3' };
  return new OpcoClient({
    wire,
    proofs,
    credentials,
    software,
    tokens: new AccessTokens(wire, credentials, proofs, systemClock),
  });
}

/** What every call to the played OPCO has in common. */
export function anOrderTo(origin: URL, changes: Partial<Order>): Order {
  return {
    adapter: anAdapter(),
    upstream: { environment: 'test', baseUrl: new URL('/base', origin), tokenUrl: new URL('/token', origin) },
    request: { method: 'GET', segments: ['v1', 'dossiers'], query: { numeroInterne: 'N 1&x' } },
    call: aCall({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }),
    routeClass: 'read',
    remainingMs: () => 10_000,
    beforeSend: () => Promise.resolve(),
    ...changes,
  };
}

/** The failure of a call; fails when it was answered. */
export function failureOf(sent: Promise<UpstreamResponse>): Promise<OpcoviaError> {
  return sent.then(
    () => Promise.reject(new Error('it was answered')),
    (error: OpcoviaError) => error,
  );
}
