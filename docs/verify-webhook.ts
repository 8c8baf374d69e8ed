import { createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it came: the bytes before any parser, header names in lower case as Node gives them. */
export interface WebhookRequest {
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const toleranceMs = 5 * 60 * 1000;

/**
 * Whether Opcovia sent the request, within five minutes of `nowMs`. Throws on a secret that cannot be one: that is a mistake
 * of the receiver's, and an empty key would let anyone sign.
 */
export function isGenuine({ rawBody, headers }: WebhookRequest, secret: string, nowMs = Date.now()): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  if (key.length === 0) throw new Error('The webhook secret is empty or is not base64.');
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => headers[name],
  );
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowMs - Number(timestamp) * 1000) > toleranceMs) return false;
  const expected = Buffer.from(
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest('base64')}`,
  );
  // Several values while a secret is being rotated: one that is right is enough.
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
