import type { EndpointName } from './endpoint.js';
import type { ErrorCode } from './errors.js';
import type { TrafficClass } from './exchange.js';
import type { TenantHash } from './tenant.js';

/** One exchange that went upstream, for the audit log. Holds no value of the question. */
export interface UpstreamCallEntry {
  readonly requestId: string;
  readonly tenant: TenantHash;
  readonly keyId: string;
  readonly opcoId: string;
  readonly endpoint: EndpointName;
  /** Canonical path: never a value. */
  readonly path: string;
  readonly traffic: TrafficClass;
  readonly upstreamCalls: number;
  /** Milliseconds since the epoch at which the first call began. */
  readonly askedAt: number;
  /** The OPCO's last status; absent when it gave none. */
  readonly upstreamStatus?: number;
  /** The caller's network, where somebody called. */
  readonly source?: string;
  /** Absent when the exchange ended well. */
  readonly failure?: ErrorCode;
}
