import type { OpcoAdapter } from '../core/endpoint.js';
import { afdas } from './afdas/adapter.js';
import { akto } from './akto/adapter.js';
import { atlas } from './atlas/adapter.js';
import { constructys } from './constructys/adapter.js';
import { ocapiat } from './ocapiat/adapter.js';
import { opco2i } from './opco-2i/adapter.js';
import { opcoEp } from './opco-ep/adapter.js';
import { opcoMobilites } from './opco-mobilites/adapter.js';
import { opcoSante } from './opco-sante/adapter.js';
import { opcommerce } from './opcommerce/adapter.js';
import { uniformation } from './uniformation/adapter.js';

/** The eleven OPCOs: one folder each, one line here. */
export const adapters: readonly OpcoAdapter[] = [
  afdas,
  akto,
  atlas,
  constructys,
  opcommerce,
  ocapiat,
  opco2i,
  opcoEp,
  opcoMobilites,
  opcoSante,
  uniformation,
];

const byId = new Map<string, OpcoAdapter>(adapters.map((adapter) => [adapter.id, adapter]));

/** The adapter of a slug out of a path; undefined for what is no OPCO. */
export function adapterOf(opcoId: string): OpcoAdapter | undefined {
  return byId.get(opcoId);
}
