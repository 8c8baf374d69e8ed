import { opcoIds, type OpcoId } from '../../src/core/endpoint.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { aCerfa, type Engaged } from './norm-bodies.js';
import { clientOf, controlOf, type NormAnswer, type NormClient } from './norm-client.js';

/** The ten that take contracts; OPCO Santé does not yet (norm.md 3.4). */
export const opcosWithDossiers: readonly OpcoId[] = opcoIds.filter((opcoId) => opcoId !== 'opco-sante');

/** The five with the V2 protocol in production. */
export const opcosV2: readonly OpcoId[] = ['akto', 'atlas', 'opcommerce', 'ocapiat', 'opco-mobilites'];

/** A morning of the autumn in which the contracts of `aCerfa` have begun. */
export const morning = '2026-11-02T08:00:00Z';

/** Back to a morning that stands still: what follows depends on the seed and the calls alone. */
export async function freshMorning(sandbox: Sandbox, seed = 'spec'): Promise<void> {
  sandbox.world.reset(seed);
  await controlOf(sandbox, 'clock', { set: morning, speed: 0 });
}

/** A client with its token and one contract that the OPCO holds. */
export async function withDossier(
  sandbox: Sandbox,
  opcoId: OpcoId,
): Promise<{ readonly client: NormClient; readonly numeroInterne: string }> {
  const client = await clientOf(sandbox, opcoId);
  const { status, body } = await client.send({ route: 'POST v1/dossiers', json: { cerfa: aCerfa() } });
  expect([opcoId, status]).toEqual([opcoId, 200]);
  return { client, numeroInterne: String(body.numeroInterne) };
}

/** The same, once the OPCO has engaged it. */
export async function withEngaged(
  sandbox: Sandbox,
  opcoId: OpcoId,
): Promise<{ readonly client: NormClient; readonly numeroInterne: string; readonly dossier: Engaged }> {
  const { client, numeroInterne } = await withDossier(sandbox, opcoId);
  await putInto(sandbox, { opcoId, numeroInterne, etat: 'ENGAGE' });
  return { client, numeroInterne, dossier: await read(client, numeroInterne) };
}

/** Puts a dossier of the demo CFA into a state. */
export async function putInto(
  sandbox: Sandbox,
  { opcoId, ...forced }: { readonly opcoId: OpcoId; readonly numeroInterne: string; readonly etat: string },
): Promise<void> {
  await controlOf(sandbox, 'etat', { opcoId, apiKey: `sandbox-cfa-key-${opcoId}`, ...forced });
}

/** The detail of a dossier as V1 shows it. */
export async function read(client: NormClient, numeroInterne: string): Promise<Engaged> {
  return (await client.send({ route: 'GET v1/dossiers', query: { numeroInterne } })).body as Engaged;
}

/** The text of a refusal, wherever this OPCO puts it; fails on a body in any other shape (norm.md 3.13). */
export function refusalOf({ opcoId }: NormClient, { status, body }: NormAnswer, route = ''): string {
  const text: unknown =
    opcoId === 'opco-ep'
      ? body.comment
      : route === 'documents'
        ? body.Description
        : opcoId === 'atlas' && status === 400
          ? body.description
          : body.errors?.[0]?.description;
  if (opcoId === 'opco-ep') expect(body.errors).toBeNull();
  expect([opcoId, typeof text]).toEqual([opcoId, 'string']);
  return String(text);
}
