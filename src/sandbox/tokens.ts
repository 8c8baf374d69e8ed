import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { DemandedScope, Dialect } from './dialect.js';

/** A token that was given out. */
export interface Grant {
  readonly opcoId: string;
  readonly clientId: string;
  /** Real milliseconds since the epoch. */
  readonly expiresAt: number;
  /** DPoP key thumbprint that the token is bound to. */
  readonly jkt?: string;
}

/** An answer of the token endpoint. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const refused = (status: number, error: string, error_description: string): TokenAnswer => ({
  status,
  body: { error, error_description },
});

/** The software client that every OPCO of the sandbox knows: public demo values. */
export const demoClient = (opcoId: string) => ({ clientId: 'opcovia-demo', clientSecret: `sandbox-secret-${opcoId}` });

/** The authorization servers of the sandbox: client_credentials only (norm.md 3.3). */
export class Tokens {
  #grants = new Map<string, Grant>();

  constructor(
    private readonly clock: Clock,
    private readonly expiresInSeconds: number,
  ) {}

  /** Answers a token request; `jkt` is the thumbprint of its verified proof. */
  issue(dialect: Dialect, form: URLSearchParams, jkt?: string): TokenAnswer {
    const { clientId, clientSecret } = demoClient(dialect.id);
    if (form.get('grant_type') !== 'client_credentials')
      return refused(400, 'unsupported_grant_type', 'Only client_credentials is supported');
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
      return refused(401, 'invalid_client', 'Unknown client or wrong secret');
    const scope = form.get('scope') ?? undefined;
    const wrong = scopeFault(dialect, scope);
    if (wrong !== undefined) return refused(400, 'invalid_scope', wrong);
    this.#sweep();
    const token = randomBytes(24).toString('base64url');
    const expiresAt = this.clock.now() + this.expiresInSeconds * 1000;
    this.#grants.set(token, { opcoId: dialect.id, clientId, expiresAt, ...(jkt !== undefined && { jkt }) });
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: jkt === undefined ? 'Bearer' : 'DPoP',
        expires_in: this.expiresInSeconds,
        ...(scope !== undefined && { scope }),
        ...(jkt !== undefined && { cnf: { jkt } }),
      },
    };
  }

  /** The live grant of a token at this OPCO. */
  find(token: string, opcoId: string): Grant | undefined {
    const grant = this.#grants.get(token);
    return grant !== undefined && grant.opcoId === opcoId && grant.expiresAt > this.clock.now() ? grant : undefined;
  }

  revoke(token: string): void {
    this.#grants.delete(token);
  }

  #sweep(): void {
    for (const [token, { expiresAt }] of this.#grants) if (expiresAt <= this.clock.now()) this.#grants.delete(token);
  }
}

function scopeFault({ scope: wanted }: Dialect, scope: string | undefined): string | undefined {
  if (wanted.kind === 'demanded') return isTaken(wanted, scope) ? undefined : `Scope must be "${wanted.value}"`;
  return wanted.kind === 'none' && scope !== undefined ? 'No scope is expected' : undefined;
}

const wordsOf = (scope: string) => scope.split(' ').sort().join(' ');

function isTaken({ value, orDefault }: DemandedScope, scope = ''): boolean {
  return wordsOf(scope) === wordsOf(value) || (orDefault === true && /^(?:[^ ]+\/)?\.default$/.test(scope));
}
