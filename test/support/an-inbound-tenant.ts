import { randomUUID } from 'node:crypto';
import { tenantHashOf, type Tenant } from '../../src/core/tenant.js';

/** A tenant that no other test has, with a key: its limits in Redis are untouched. */
export function someone(): Tenant {
  const keyId = randomUUID();
  return { hash: tenantHashOf(keyId), environment: 'test', nom: 'CFA de Test', keyId };
}
