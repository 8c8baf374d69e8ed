import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JobTicket, Preflight } from '../../core/contract/job.js';
import type { DepositFile, FileFacts } from '../../core/deposit-file.js';
import { fail, type ErrorCode, type Finding, type OpcoviaError } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import { PipelineRunner } from '../../pipeline/pipeline.runner.js';
import type { DepositToAccept } from '../../queue/accept-columns.js';
import { AcceptDeposit, type AcceptedDeposit } from '../../queue/accept-deposit.js';
import { Backlog } from '../../queue/backlog.js';
import type { DepositType } from '../../queue/deposit-types.js';
import { FileStore } from '../../queue/file-store.js';
import type { StagedFiles } from '../../queue/staging.js';
import { readIdempotencyKey } from '../../queue/idempotency.js';
import { sourceOf } from '../author-of.js';
import { wantsDryRun } from './dry-run.js';

/** Refusals of the body itself: a dry run answers them instead of failing. */
const foundWanting: ReadonlySet<ErrorCode> = new Set(['VALIDATION_ERROR', 'BUSINESS_RULE']);

/** The end of every deposit route: a judged question becomes a durable job and a ticket, or, in a dry run, a list of findings. */
@Injectable()
export class DepositDoor {
  constructor(
    private readonly acceptDeposit: AcceptDeposit,
    private readonly store: FileStore,
    private readonly runner: PipelineRunner,
    private readonly backlog: Backlog,
  ) {}

  /** 202 with `Location` for a new job, 200 `duplicate` for one already seen with the same content (product.md 2.4). */
  async accept(
    type: DepositType,
    exchange: Exchange,
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<JobTicket | Preflight> {
    if (wantsDryRun(request.query)) {
      if (!exchange.failure) this.#stepsServed(exchange);
      void reply.status(200);
      return preflight(exchange);
    }
    if (exchange.failure) throw exchange.failure;
    this.#stepsServed(exchange);
    const idempotencyKey = readIdempotencyKey(request.headers['idempotency-key']);
    const { jobId, status } = await this.#take(type, exchange, { request, idempotencyKey });
    const statusUrl = `/${exchange.call.opcoId}/jobs/${jobId}`;
    void reply.status(status === 'duplicate' ? 200 : 202).header('location', statusUrl);
    return { jobId, status, statusUrl };
  }

  async #take(
    type: DepositType,
    exchange: Exchange,
    { request, idempotencyKey }: { request: FastifyRequest; idempotencyKey: string | undefined },
  ): Promise<AcceptedDeposit> {
    const { opcoId, tenant, requestId } = exchange.call;
    const staged = await this.#staged(exchange, request);
    const accepted = await this.acceptDeposit.accept({
      ...{ tenant, opcoId, type, idempotencyKey, requestId },
      route: `/:opcoId/${exchange.call.composite ? 'dossiers/complet' : type}`,
      body: exchange.read('question').body,
      ...sourceOf(request),
      warnings: warningsOf(exchange),
      ...this.#natureOf(exchange),
      ...(staged && { staged }),
    });
    if (accepted.status === 'pending') {
      this.backlog.noteAccepted(tenant.hash);
      // Of a duplicate, what came now belongs to nobody, and is dropped after the answer.
      request.received?.staging?.settle();
    }
    return accepted;
  }

  /** What tells this deposit from another, and what it is made of. */
  #natureOf(exchange: Exchange): Pick<DepositToAccept, 'naturalKey' | 'steps'> {
    const { naturalKey, composite } = exchange.read('endpoint');
    const question = exchange.read('question');
    const key = naturalKey?.(question);
    const steps = composite?.steps(question.body).map(({ type, label }) => ({ type, label }));
    return { ...(key && { naturalKey: key }), ...(steps && { steps }) };
  }

  /** Each step of a composite deposit is a deposit that the OPCO must serve: 501 before anything is taken in. */
  #stepsServed(exchange: Exchange): void {
    const { composite } = exchange.read('endpoint');
    for (const { endpoint } of composite?.steps(exchange.read('question').body) ?? []) {
      this.runner.served({ opcoId: exchange.call.opcoId, endpoint });
    }
  }

  /** A form is staged already; files out of JSON are stored now, where nothing else can refuse them any more. */
  async #staged({ call }: Exchange, request: FastifyRequest): Promise<StagedFiles | undefined> {
    const { received } = request;
    if (!received || received.files.length === 0) return undefined;
    if (received.staging) return received.staging.staged();
    const staging = this.store.stage(call.tenant.hash);
    request.received = { ...received, staging };
    for (const file of received.files) await staging.add(file.name, file.open(), factsOf(file));
    return staging.staged();
  }
}

/** Known since the body was read: nobody weighs ten mebibytes twice. */
function factsOf({ open: _, ...facts }: DepositFile): FileFacts {
  return facts;
}

function warningsOf(exchange: Exchange): readonly Finding[] {
  return exchange.read('endpoint').warn?.(exchange.read('question')) ?? [];
}

function preflight(exchange: Exchange): Preflight {
  const { failure } = exchange;
  if (failure && (!foundWanting.has(failure.code) || isMisaddressed(failure))) throw failure;
  if (failure && !failure.details.findings) throw fail('VALIDATION_ERROR', failure.details);
  const errors = failure?.details.findings ?? [];
  const warnings = failure ? [] : warningsOf(exchange);
  return {
    valid: !failure,
    findings: [
      ...errors.map((finding) => ({ ...finding, severity: 'error' as const })),
      ...warnings.map((finding) => ({ ...finding, severity: 'warning' as const })),
    ],
  };
}

/** A parameter that no deposit has: with it the address is wrong, not the deposit. */
function isMisaddressed({ details }: OpcoviaError): boolean {
  return details.findings?.some(({ pointer }) => pointer.startsWith('/query/')) ?? false;
}
