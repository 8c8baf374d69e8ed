import type { TSchema } from 'typebox';
import type { DepositFile } from './deposit-file.js';
import type { Finding } from './errors.js';

/** The slugs of product.md 10. */
export const opcoIds = [
  'afdas',
  'akto',
  'atlas',
  'constructys',
  'opcommerce',
  'ocapiat',
  'opco-2i',
  'opco-ep',
  'opco-mobilites',
  'opco-sante',
  'uniformation',
] as const;

/** One of the eleven OPCOs. */
export type OpcoId = (typeof opcoIds)[number];

/** What the norm lets one ask. `deposit*` are POSTs that go through the queue; all others are reads. */
export const endpointNames = [
  'status',
  'cfakeyinfo',
  'dossier',
  'etats',
  'liste',
  'facturesEtats',
  'depositDossier',
  'depositConvention',
  'depositFacture',
  'depositCertificat',
  'depositDocument',
  'depositRupture',
] as const;

/** The name of a capability of the norm, ours and stable. */
export type EndpointName = (typeof endpointNames)[number];

/**
 * What the setting OPCOVIA_ENABLED_CAPABILITIES may name: a capability, or the version of the norm that an OPCO tries out
 * beside the one it serves (`Trial`).
 */
export type CapabilityName = EndpointName | `${EndpointName}-v2`;

/** What is known about one capability of one OPCO (norm.md 3.4). Only `supported` is served unless the operator enables it. */
export interface Capability {
  readonly state: 'supported' | 'test' | 'unknown' | 'absent';
  /** Version of the norm that serves it. */
  readonly norm?: 'v1' | 'v2';
  /** `YYYY-MM-DD` or `YYYY`: since when, as far as it was published. */
  readonly since?: string;
  /** French; shown in the 501 answer and in the capability matrix. */
  readonly note?: string;
}

/** A newer version of a capability that the OPCO tries out while the older one stays in production. */
export interface Trial {
  readonly capability: Capability & { readonly state: 'test' | 'unknown'; readonly norm: 'v2' };
  /** Replaces the endpoint in production where the operator enables `<name>-v2`. */
  readonly endpoint: Endpoint;
  /** How `etats` pages once the trial is in force; on a trial of `etats` alone. */
  readonly paging?: OpcoAdapter['paging'];
}

/** A canonical question: what a caller asks in our words, whatever the OPCO. */
export interface Question {
  /** Path and query parameters by name. */
  readonly query: Readonly<Record<string, string | number>>;
  /** Deposits only; without its files. */
  readonly body?: unknown;
  /** Deposits only. */
  readonly files?: readonly DepositFile[];
}

/** How many files a deposit carries, both bounds included. */
export interface FileCount {
  readonly least: number;
  readonly most: number;
}

/** The OPCO's words: a call relative to the configured base URL. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  /** Path segments after the base URL; each is encoded by the client, none may be `.` or `..`. */
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
  /** Name of the parameter under which the norm wants the CFA's key once more; put in by the client, which alone knows the key. */
  readonly cfaKeyParameter?: string;
  readonly body?:
    | { readonly kind: 'json'; readonly value: unknown }
    | {
        readonly kind: 'multipart';
        readonly json: { readonly part: string; readonly value: unknown };
        readonly file?: DepositFile & { readonly part: string };
      };
}

/** What came back, before anybody trusts it. `body` is the parsed JSON, or undefined when it is not JSON. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Why an OPCO said no, out of its own dialect (norm.md 3.13). */
export interface Refusal {
  readonly code?: string;
  readonly message?: string;
}

/** `unsure` where the OPCO shows too little to tell: such a candidate is no proof, either way. */
export type Comparison = 'same' | 'other' | 'unsure';

/**
 * How the effect of a deposit is found again when its answer was lost: `lists` is read to its end, the rows whose number was
 * unknown before the intent are the candidates, each is compared as `reads` shows it, or as its row does.
 */
export interface LookUp {
  readonly lists: 'etats' | 'facturesEtats';
  /** The read that shows one candidate, asked by `numeroInterne`; absent where the row says enough. */
  readonly reads?: 'dossier';
  /** The OPCO's number of a canonical row: tells the new rows from those known before. */
  numberOf(row: unknown): string | undefined;
  /** Whether what is shown has the natural key of what was sent. */
  compare(sent: Question, shown: unknown): Comparison;
  /** The canonical answer that was lost, out of what is shown. */
  answerOf(shown: unknown): unknown;
}

/** One thing that can be asked of one OPCO: pure functions between our words and theirs. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly kind: 'read' | 'deposit';
  /** Canonical path, the `{path}` of cache keys and audit rows; never holds a value. */
  readonly path: string;
  /** Contract of `Question.query`. */
  readonly query: TSchema;
  /** Contract of `Question.body`; deposits only. */
  readonly body?: TSchema;
  /** How many files come with the body; absent where none may. */
  readonly files?: FileCount;
  /** Contract of the canonical answer. */
  readonly answer: TSchema;
  /** Business rules on a body that already has the right shape. */
  judge?(question: Question): readonly Finding[];
  /** What is doubtful and yet sent: rules that the norm does not make mandatory. Goes into the job and into a dry run. */
  warn?(question: Question): readonly Finding[];
  /**
   * Deposits only: the parts that tell one effect from another (product.md 7), in a canonical form. Undefined where the body
   * lacks one of them; absent where there is no look-up.
   */
  naturalKey?(question: Question): readonly string[] | undefined;
  /** Deposits only: absent where the norm offers no way to find a lost effect again. */
  readonly lookUp?: LookUp;
  /** Composite deposits only: it is never sent itself, its steps are. */
  readonly composite?: Composite;
  toRequest(question: Question): UpstreamRequest;
  /** The canonical answer to a 2xx response. Tolerant: what it cannot read it leaves for validation to refuse. */
  toAnswer(response: UpstreamResponse, question: Question): unknown;
  /** Seconds an answer may be kept; absent for what is never cached. */
  ttlSeconds?(answer: unknown): number;
  /** Asks how the OPCO is right now: an older answer never stands in for its failure, it would say that all is well. */
  readonly noStandIn?: true;
  /** Reads whose 4xx means "no such thing" in this OPCO's dialect. */
  isNotFound?(response: UpstreamResponse): boolean;
}

/** One deposit of the norm inside a composite one. */
export interface CompositeStep {
  readonly endpoint: EndpointName;
  /** The word of the route that takes the same deposit alone. */
  readonly type: string;
  /** French, for the progress of the job. */
  readonly label: string;
  /** The name of its file among those of the whole; absent where it has none. */
  readonly file?: string;
}

/** What the steps of a composite deposit are, out of its body, and what each sends. Pure. */
export interface Composite {
  steps(body: unknown): readonly CompositeStep[];
  /** The body of one step; `numeroInterne` is what the first one gave. */
  bodyOf(body: unknown, step: number, numeroInterne: string): unknown;
}

/** How many calls an OPCO is believed to bear; the hub learns the truth. */
export interface UpstreamLimits {
  readonly callsPerSecond: number;
  readonly burst: number;
  /** Reads under way at once, and deposits as many again. */
  readonly concurrency: number;
}

/** One OPCO: data first, small pure functions where its dialect differs. */
export interface OpcoAdapter {
  readonly id: OpcoId;
  readonly label: string;
  readonly capabilities: Readonly<Record<EndpointName, Capability>>;
  /** All that could be served: the endpoints of every capability but the absent ones. Whether one is served, stage 01 says. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, Endpoint>>>;
  /** Newer versions in test beside what is in production. */
  readonly trials?: Readonly<Partial<Record<EndpointName, Trial>>>;
  /** Judges composite deposits as a whole; served where the deposit of its first step is. */
  readonly complet: Endpoint;
  readonly auth: { readonly scope?: string; readonly dpop: boolean };
  readonly limits: UpstreamLimits;
  /** How `etats` pages: one whole array, or numbered pages of about `size` rows. */
  readonly paging: { readonly kind: 'whole' } | { readonly kind: 'pages'; readonly size: number };
  /** The versions of the norm it speaks, as shown by `/status`. */
  readonly normVersions: readonly string[];
  /** Seconds after which a lost answer's effect is surely visible: the longest processing time seen. */
  readonly quietPeriodSeconds: number;
  refusal(response: UpstreamResponse): Refusal;
}
