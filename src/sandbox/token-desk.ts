import type { Asked, Decision } from './asked.js';
import type { World } from './world.js';

/** Where every OPCO of the sandbox gives out tokens, after its slug. */
export const tokenPath = '/oauth/token';

/** What the token endpoint of an OPCO answers. */
export async function serveToken(world: World, asked: Asked): Promise<Decision> {
  const { dialect, method, url, headers, body } = asked;
  if (method !== 'POST') return { status: 405, body: { error: 'invalid_request' }, decision: 'method' };
  const proof = dialect.dpop ? await world.dpop.verify(headers['dpop'], { method, url }) : undefined;
  if (proof && 'fault' in proof) {
    const refusal = { error: 'invalid_dpop_proof', error_description: proof.fault };
    return { status: 400, body: refusal, decision: 'invalid_dpop_proof' };
  }
  const form = new URLSearchParams(body?.toString('utf8') ?? '');
  const { status, body: answer } = world.tokens.issue(dialect, form, proof?.jkt);
  return { status, body: answer, decision: status === 200 ? 'token' : String(answer['error']) };
}
