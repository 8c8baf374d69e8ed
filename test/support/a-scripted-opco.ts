import { exampleCerfa } from '../../src/core/contract/cerfa-example.js';
import { fail, OpcoviaError } from '../../src/core/errors.js';
import type { Call, Reply } from '../../src/core/exchange.js';
import { adapters } from '../../src/opco/adapters.js';
import { ResolveAdapterStage, type Served } from '../../src/pipeline/01-resolve-adapter/resolve-adapter.stage.js';
import type { Runner } from '../../src/queue/deposit.processor.js';

/** One act of the OPCO: an answer, or a failure before or after the first byte. */
export type Act = (call: Call, sent: () => Promise<void>) => Promise<unknown>;

/** What the OPCO shows when it is looked at: a list, and one object of it by its number. */
export interface Shown {
  /** Canonical rows of `etats` or `factures/etats`; a failure stands for an OPCO that cannot be looked at. */
  rows: readonly unknown[] | OpcoviaError;
  readonly objects: ReadonlyMap<string, unknown>;
}

/**
 * The OPCO's end of the pipeline, scripted: the acts are played for deposits in order, the last one again and again; reads show
 * what `shown` holds.
 */
export class ScriptedOpco implements Runner {
  acts: Act[] = [];
  shown: Shown = { rows: [], objects: new Map() };
  readonly calls: Call[] = [];
  /** Deposits whose first byte went out. */
  readonly sent: Call[] = [];
  /** Rows that `show` has added. */
  readonly rows: unknown[] = [];
  /** Told of each read before it is answered. */
  onLook: (call: Call) => void = () => undefined;
  /** Reads: lists and objects. */
  readonly looks: Call[] = [];
  readonly #resolve = new ResolveAdapterStage(adapters);

  served(call: Pick<Call, 'opcoId' | 'endpoint'>): Served {
    return this.#resolve.served(call.opcoId, call.endpoint);
  }

  /** Has an example contract under this number from now on. */
  show(numeroInterne: string, rank: number): void {
    this.rows.push({ numeroInterne, etat: 'TRANSMIS' });
    const cerfa = { ...exampleCerfa({ rank }), numeroInterne };
    (this.shown.objects as Map<string, unknown>).set(numeroInterne, { cerfa });
    if (!(this.shown.rows instanceof OpcoviaError)) this.shown.rows = this.rows;
  }

  async run(call: Call) {
    if (!call.endpoint.startsWith('deposit')) return settledBy(() => this.#show(call));
    this.calls.push(call);
    const act = this.acts.length > 1 ? this.acts.shift() : this.acts[0];
    if (!act) throw new Error('no act');
    return settledBy(() =>
      act(call, async () => {
        await call.beforeSend?.();
        this.sent.push(call);
      }),
    );
  }

  async #show(call: Call): Promise<unknown> {
    this.looks.push(call);
    this.onLook(call);
    const { rows, objects } = this.shown;
    if (rows instanceof OpcoviaError) throw rows;
    if (call.endpoint !== 'dossier') return { data: rows, page: call.query['numeroPage'] ?? 1, total: rows.length };
    const found = objects.get(String(call.query['numeroInterne']));
    if (found === undefined) throw fail('NOT_FOUND', { sent: 'answered' });
    return found;
  }
}

async function settledBy(act: () => Promise<unknown>) {
  const { answer, failure } = await act().then(
    (given) => ({ answer: given, failure: undefined }),
    (thrown: OpcoviaError) => ({ answer: undefined, failure: thrown }),
  );
  const reply = () => {
    if (failure) throw failure;
    return { value: () => answer } as Reply;
  };
  return { failure, peek: () => answer as never, reply };
}

/** The OPCO takes it and answers. */
export const accepts =
  (numeroInterne = '4711'): Act =>
  async (_, sent) => {
    await sent();
    return { numeroInterne };
  };
/** The OPCO answers with a refusal. */
export const refuses =
  (code: Parameters<typeof fail>[0], status: number, retryAfterSeconds?: number): Act =>
  async (_, sent) => {
    await sent();
    throw fail(code, {
      sent: 'answered',
      upstream: { opcoId: 'opco-ep', status, message: 'SIRET de Mme Canari inconnu' },
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  };
/** The OPCO takes no connection: nothing left the machine. */
export const neverLeaves: Act = async () => {
  throw fail('UPSTREAM_ERROR', { sent: 'not-sent' });
};
/** Something of ours broke before the first byte. */
export const breaksBeforeSend: Act = async () => {
  throw fail('INTERNAL_ERROR', { sent: 'not-sent' });
};
/** The connection broke after the first byte. */
export const breaksAfterSend: Act = async (_, sent) => {
  await sent();
  throw fail('UPSTREAM_ERROR', { sent: 'maybe-sent' });
};
