/** Every action of the trail; docs/audit.md says when each is written, and a test compares both. */
export const auditActions = [
  'tenant.created',
  'key.created',
  'key.retired',
  'key.revoked',
  'key.refused',
  'credentials.stored',
  'credentials.replaced',
  'credentials.deleted',
  'credentials.unreadable',
  'opco_client.replaced',
  'opco_client.unreadable',
  'keyring.reencryption_started',
  'keyring.reencrypted',
  'deposit.accepted',
  'job.waiting',
  'job.completed',
  'job.failed',
  'job.needs_review',
  'job.retried',
  'job.cancelled',
  'webhook.created',
  'webhook.changed',
  'webhook.deleted',
  'webhook.tested',
  'webhook.disabled',
  'upstream.called',
  'cache.hits',
  'audit.searched',
] as const;

/** The name of an action. */
export type AuditAction = (typeof auditActions)[number];
