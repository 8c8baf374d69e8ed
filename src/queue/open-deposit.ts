import type { DepositFile } from '../core/deposit-file.js';
import type { Composite, Endpoint, OpcoAdapter } from '../core/endpoint.js';
import { fail } from '../core/errors.js';
import type { Call } from '../core/exchange.js';
import type { Database } from '../platform/database/database.js';
import type { DataKey } from '../tenancy/data-key.js';
import type { DataKeys } from '../tenancy/data-keys.js';
import { place } from '../tenancy/place.js';
import type { ClaimedJob } from './attempt.repository.js';
import { endpointOf } from './deposit-types.js';
import type { FileStore } from './file-store.js';
import { readPayload } from './job-payload.js';
import { stepAnswers } from './step-answers.js';

/** Who would be asked, and for what; throws UNKNOWN_OPCO or NOT_SUPPORTED. */
export interface Serves {
  served(call: Pick<Call, 'opcoId' | 'endpoint'>): { readonly adapter: OpcoAdapter; readonly endpoint: Endpoint };
}

/** A claimed deposit in the clear: what is sent now, which for a composite one is its step. */
export interface OpenedDeposit {
  readonly call: Call;
  /** Absent when the OPCO does not serve it any more: the pipeline then says so. */
  readonly served?: ReturnType<Serves['served']>;
  /** What the steps before gave, in their order. */
  readonly earlier: readonly unknown[];
}

/** What opening works with. */
export interface OpenParts {
  readonly database: Pick<Database, 'asTenant'>;
  readonly keys: Pick<DataKeys, 'opened'>;
  readonly files: Pick<FileStore, 'open'>;
  readonly serves: Serves;
}

interface Content {
  readonly body: unknown;
  readonly files: readonly DepositFile[];
}

/** Opens a deposit: its sealed payload, its files, and what its earlier steps gave. */
export class OpenDeposit {
  constructor(private readonly parts: OpenParts) {}

  /** Throws before anything is sent: NOT_FOUND for a content that was erased. */
  async open(job: ClaimedJob): Promise<OpenedDeposit> {
    const { payload, tenant, dataKeyId, jobId } = job;
    if (payload === null) throw fail('NOT_FOUND', { detail: 'Le contenu de ce dépôt a été effacé.', sent: 'not-sent' });
    const key = this.parts.keys.opened(tenant, dataKeyId, job.wrappedKey);
    const earlier = job.step === 0 ? [] : await this.#earlier(job, key);
    const { body, files, within } = readPayload(
      key.unseal(payload, place('jobs', 'payload', jobId, tenant)).toString('utf8'),
    );
    // Later steps name the object of the first: without its number nothing may be sent.
    if (job.step > 0 && numeroOf(earlier[0]) === '')
      throw fail('NOT_FOUND', { detail: 'Le résultat de la première étape a été effacé.', sent: 'not-sent' });
    const content = { body, files: [...within, ...(await this.parts.files.open(tenant, dataKeyId, files))] };
    return this.#ofStep(job, content, earlier);
  }

  #earlier({ jobId, tenant, step }: ClaimedJob, key: DataKey): Promise<readonly unknown[]> {
    return this.parts.database.asTenant(tenant, (sql) => stepAnswers(sql, key, { id: jobId, tenant, before: step }));
  }

  #ofStep(job: ClaimedJob, content: Content, earlier: readonly unknown[]): OpenedDeposit {
    const composite = job.steps && this.#compositeOf(job);
    const { endpoint, ...sent } = composite
      ? stepOf(composite, content, { step: job.step, numeroInterne: numeroOf(earlier[0]) })
      : { endpoint: endpointOf(job.type), ...content };
    const call: Call = {
      requestId: job.requestId,
      tenant: {
        ...{ hash: job.tenant, environment: job.environment, nom: '' },
        ...{ keyId: `job:${job.jobId}`, weight: job.weight },
      },
      opcoId: job.opcoId,
      endpoint,
      traffic: 'job',
      query: {},
      cache: {},
      ...sent,
    };
    const served = this.#served(call);
    return { call, earlier, ...(served && { served }) };
  }

  #compositeOf({ opcoId, type }: ClaimedJob): Composite {
    const { composite } = this.parts.serves.served({ opcoId, endpoint: endpointOf(type) }).adapter.complet;
    if (!composite) throw new Error('A composite deposit has no steps');
    return composite;
  }

  #served(call: Call): OpenedDeposit['served'] {
    try {
      return this.parts.serves.served(call);
    } catch {
      return undefined;
    }
  }
}

function stepOf(
  composite: Composite,
  { body, files }: Content,
  { step, numeroInterne }: { readonly step: number; readonly numeroInterne: string },
): Pick<Call, 'endpoint'> & Content {
  const planned = composite.steps(body)[step];
  if (!planned) throw new Error('A composite deposit has no such step');
  return {
    endpoint: planned.endpoint,
    body: composite.bodyOf(body, step, numeroInterne),
    files: files.filter(({ name }) => name === planned.file),
  };
}

function numeroOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null || !('numeroInterne' in answer)) return '';
  return typeof answer.numeroInterne === 'string' ? answer.numeroInterne : '';
}
