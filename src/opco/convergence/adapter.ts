import {
  endpointNames,
  type Capability,
  type Endpoint,
  type EndpointName,
  type OpcoAdapter,
  type Trial,
} from '../../core/endpoint.js';
import { complet } from './complet.js';
import { buildEndpoint, type Dialect } from './endpoints.js';
import { readRefusal } from './refusal.js';

/** One OPCO as its folder writes it down: what it offers, and where it differs from the norm. */
export interface ConvergenceOpco extends Pick<OpcoAdapter, 'id' | 'label' | 'capabilities' | 'auth'> {
  readonly dialect?: Partial<Dialect>;
  /** Newer versions in test beside what is in production. */
  readonly trials?: Readonly<Partial<Record<EndpointName, Trial['capability']>>>;
  readonly limits?: OpcoAdapter['limits'];
}

/** No OPCO publishes its quota: a careful guess, from which the hub learns. */
const carefulLimits = { callsPerSecond: 10, burst: 20, concurrency: 10 };

/** Rows on a V2 page, as far as seen; the readers of pages find out the true size. */
const pageSize = 100;

/** The whole adapter out of its data: each capability but the absent ones gets the endpoint of its version of the norm. */
export function convergenceAdapter({
  dialect = {},
  trials = {},
  limits = carefulLimits,
  ...opco
}: ConvergenceOpco): OpcoAdapter {
  const { capabilities } = opco;
  const whole = dialectOf(dialect, capabilities);
  return {
    ...opco,
    endpoints: endpointsOf(capabilities, whole),
    trials: trialsOf(trials, whole),
    complet,
    limits,
    paging: pagingOf(capabilities.etats),
    normVersions: capabilities.dossier.norm === 'v2' ? ['1.0', '2.0'] : ['1.0'],
    quietPeriodSeconds: 60,
    refusal: readRefusal,
  };
}

const pagingOf = ({ norm }: Capability): OpcoAdapter['paging'] =>
  norm === 'v2' ? { kind: 'pages', size: pageSize } : { kind: 'whole' };

function endpointsOf(
  capabilities: OpcoAdapter['capabilities'],
  dialect: Dialect,
): Partial<Record<EndpointName, Endpoint>> {
  const served = endpointNames.flatMap((name) => {
    const { state, norm } = capabilities[name];
    return state === 'absent' || norm === undefined ? [] : [[name, buildEndpoint(name, norm, dialect)]];
  });
  return Object.fromEntries(served) as Partial<Record<EndpointName, Endpoint>>;
}

function dialectOf(given: Partial<Dialect>, { facturesEtats }: OpcoAdapter['capabilities']): Dialect {
  return {
    offset: '+00:00',
    factures: 'factures',
    certificats: 'documents',
    facturesFound: facturesEtats.state === 'supported',
    ...given,
  };
}

function trialsOf(
  trials: NonNullable<ConvergenceOpco['trials']>,
  dialect: Dialect,
): Partial<Record<EndpointName, Trial>> {
  const tried = endpointNames.flatMap((name) => {
    const capability = trials[name];
    if (!capability) return [];
    const trial = { capability, endpoint: buildEndpoint(name, capability.norm, dialect) };
    return [[name, name === 'etats' ? { ...trial, paging: pagingOf(capability) } : trial]];
  });
  return Object.fromEntries(tried) as Partial<Record<EndpointName, Trial>>;
}
