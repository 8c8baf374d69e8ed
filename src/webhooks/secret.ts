import { randomBytes } from 'node:crypto';
import type { TenantHash } from '../core/tenant.js';
import type { KeyRing } from '../platform/crypto/key-ring.js';
import { placeIn, ringSealed } from '../tenancy/sealed-columns.js';

/** A new signing secret: `whsec_` and 32 random bytes in base64. It is shown once and never again. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** Where a secret may stand; a ciphertext moved to another row or tenant does not open. */
export type SecretColumn = 'sealed_secret' | 'sealed_previous_secret';

/** Which row a secret belongs to. */
export interface SecretOwner {
  readonly webhookId: string;
  readonly tenant: TenantHash;
}

const registered = {
  sealed_secret: ringSealed.webhookSecret,
  sealed_previous_secret: ringSealed.webhookPreviousSecret,
};

const placeOf = (column: SecretColumn, { webhookId, tenant }: SecretOwner) =>
  placeIn(registered[column], [webhookId], tenant);

/** Encrypts a secret for its column and row. */
export function sealSecret(
  ring: KeyRing,
  secret: string,
  owner: SecretOwner,
  column: SecretColumn = 'sealed_secret',
): string {
  return ring.seal(secret, placeOf(column, owner));
}

/** Decrypts a secret of that column and row; throws UnsealError when it is not its own. */
export function openSecret(
  ring: KeyRing,
  sealed: string,
  owner: SecretOwner,
  column: SecretColumn = 'sealed_secret',
): string {
  return ring.unseal(sealed, placeOf(column, owner)).toString('utf8');
}

/** What a row of `webhooks` says of its secrets; the one before only while it still signs. */
export interface SealedSecrets extends SecretOwner {
  readonly sealedSecret: string;
  readonly sealedPreviousSecret: string | null;
}

/** The secrets that sign now, the current one first; throws UnsealError. */
export function openSecrets(ring: KeyRing, sealed: SealedSecrets): [string, ...string[]] {
  const { sealedSecret, sealedPreviousSecret } = sealed;
  const current = openSecret(ring, sealedSecret, sealed);
  if (sealedPreviousSecret === null) return [current];
  return [current, openSecret(ring, sealedPreviousSecret, sealed, 'sealed_previous_secret')];
}
