import { createHmac } from 'node:crypto';

/** One attempt to be signed. */
export interface Signable {
  /** The event's id: the same at every attempt. */
  readonly id: string;
  /** Unix seconds of this attempt. */
  readonly timestampSeconds: number;
  /** The exact bytes that are sent. */
  readonly body: Buffer;
}

const prefix = 'whsec_';

/**
 * The headers that prove an attempt: `Opcovia-Signature` with the current secret as it is written, and Standard Webhooks,
 * one `v1` per secret that is valid, the current one first.
 */
export function signatureHeaders(attempt: Signable, secrets: readonly [string, ...string[]]): Record<string, string> {
  return {
    'opcovia-signature': createHmac('sha256', secrets[0]).update(attempt.body).digest('hex'),
    'webhook-id': attempt.id,
    'webhook-timestamp': String(attempt.timestampSeconds),
    'webhook-signature': secrets.map((secret) => `v1,${standardSignature(attempt, secret)}`).join(' '),
  };
}

/** Base64 HMAC-SHA256 over `id.timestamp.body`, keyed with the decoded part of the secret after `whsec_`. */
function standardSignature({ id, timestampSeconds, body }: Signable, secret: string): string {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64');
  return createHmac('sha256', key).update(`${id}.${timestampSeconds}.`).update(body).digest('base64');
}
