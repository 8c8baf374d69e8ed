import type { LedgerLine } from '../../src/sandbox/ledger.js';

/** One answer to a deposit; status 0 for a connection that broke. */
export interface DepositAnswer {
  readonly status: number;
  readonly jobId?: string | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
}

/** A deposit as its client knows it. */
export interface OfferedDeposit {
  readonly tenant: string;
  readonly key: string;
  readonly opcoId: string;
  readonly type: string;
  /** `<opcoId>|<fingerprint of the CFA key>|<file digest, or key of the ledger>`: what tells its effect from all others. */
  readonly mark: string;
  readonly answers: readonly DepositAnswer[];
  /** Answers to another content under the same key, and the mark that this content would have. */
  readonly otherContent?: readonly DepositAnswer[];
  readonly otherMark?: string;
}

/** All that is known when everything is quiet again. */
export interface SoakHistory {
  readonly deposits: readonly OfferedDeposit[];
  /** By job id, as its owner last saw it; absent when it is not found. */
  readonly jobs: ReadonlyMap<string, { readonly status: string }>;
  readonly ledger: readonly LedgerLine[];
  readonly tenants: readonly { readonly name: string; readonly canaries: readonly string[] }[];
  /** Texts that tenants received; those without any canary may be left out. */
  readonly received: readonly { readonly tenant: string; readonly where: string; readonly text: string }[];
  /** Questions for jobs of others. */
  readonly foreign: readonly { readonly tenant: string; readonly jobId: string; readonly status: number }[];
  readonly windows: readonly { readonly opcoId: string; readonly limit: number; readonly windowMs: number }[];
}

/** What became of one promise. */
export interface Verdict {
  readonly name: string;
  readonly promise: string;
  readonly ok: boolean;
  readonly offenders: readonly string[];
}

export function checkHistory(history: SoakHistory): readonly Verdict[];
export function canariesIn(text: string, receiver: string, tenants: SoakHistory['tenants']): readonly string[];
