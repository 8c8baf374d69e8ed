import type { OpcoAdapter } from '../core/endpoint.js';
import { afdas } from './afdas/adapter.js';
import { akto } from './akto/adapter.js';
import { opcoEp } from './opco-ep/adapter.js';

/** The OPCOs that are served: one folder each, one line here. */
export const adapters: readonly OpcoAdapter[] = [afdas, akto, opcoEp];

const byId = new Map<string, OpcoAdapter>(adapters.map((adapter) => [adapter.id, adapter]));

/** The adapter of a slug out of a path; undefined for what is no OPCO that we serve. */
export function adapterOf(opcoId: string): OpcoAdapter | undefined {
  return byId.get(opcoId);
}
