import type { TSchema } from 'typebox';
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

/** A canonical question: what a caller asks in our words, whatever the OPCO. */
export interface Question {
  /** Path and query parameters by name. */
  readonly query: Readonly<Record<string, string | number>>;
  /** Deposits only. */
  readonly body?: unknown;
}

/** A file of a deposit. */
export interface DepositFile {
  readonly name: string;
  readonly mediaType: string;
  readonly content: Buffer;
}

/** The OPCO's words: a call relative to the configured base URL. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  /** Path segments after the base URL; each is encoded by the client, none may be `.` or `..`. */
  readonly segments: readonly string[];
  readonly query: Readonly<Record<string, string>>;
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
  /** Contract of the canonical answer. */
  readonly answer: TSchema;
  /** Business rules on a body that already has the right shape. */
  judge?(question: Question): readonly Finding[];
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

/** How many calls an OPCO is believed to bear; the hub learns the truth. */
export interface UpstreamLimits {
  readonly callsPerSecond: number;
  readonly burst: number;
  readonly concurrency: number;
}

/** One OPCO: data first, small pure functions where its dialect differs. */
export interface OpcoAdapter {
  readonly id: OpcoId;
  readonly label: string;
  readonly capabilities: Readonly<Record<EndpointName, Capability>>;
  /** Exactly the endpoints whose capability is `supported`. */
  readonly endpoints: Readonly<Partial<Record<EndpointName, Endpoint>>>;
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
