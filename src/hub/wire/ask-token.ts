import type { Clock } from '../../core/clock.js';
import type { IssuedToken } from './tokens.js';

/** Who asks for a token. */
export interface TokenAsker {
  readonly instance: string;
  readonly secret: string;
  readonly clock: Clock;
}

const patienceMs = 10_000;

/** Asks the hub at a staff address for a token; rejects when there is none to be had. */
export async function askToken(url: string, { instance, secret, clock }: TokenAsker): Promise<IssuedToken> {
  const asked = clock.now();
  const answer = await fetch(new URL('/hub/token', url), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${instance}:${secret}`).toString('base64')}` },
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  const body = (await answer.json()) as { access_token?: unknown; expires_in?: unknown };
  const { access_token: token, expires_in: seconds } = body;
  if (answer.status !== 200 || typeof token !== 'string' || typeof seconds !== 'number') throw new Error('No token');
  return { token, expiresAt: asked + seconds * 1000 };
}
