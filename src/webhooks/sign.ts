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

/** All headers that tell of an attempt made at that moment, in milliseconds since the Unix epoch: what it is, and the proof. */
export function eventHeaders(
  { event, id, body, atMs }: Pick<Signable, 'id' | 'body'> & { readonly event: string; readonly atMs: number },
  secrets: readonly [string, ...string[]],
): Record<string, string> {
  const signable = { id, timestampSeconds: Math.floor(atMs / 1000), body };
  return { 'opcovia-event': event, ...signatureHeaders(signable, secrets) };
}

/** Base64 HMAC-SHA256 over `id.timestamp.body`, keyed with the decoded part of the secret after `whsec_`. */
function standardSignature({ id, timestampSeconds, body }: Signable, secret: string): string {
  const key = Buffer.from(secret.startsWith(prefix) ? secret.slice(prefix.length) : secret, 'base64');
  return createHmac('sha256', key).update(`${id}.${timestampSeconds}.`).update(body).digest('base64');
}
