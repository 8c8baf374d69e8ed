import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JobTicket } from '../../core/contract/job.js';
import type { Exchange } from '../../core/exchange.js';
import { AcceptDeposit } from '../../queue/accept-deposit.js';
import type { DepositType } from '../../queue/deposit-types.js';
import { readIdempotencyKey } from '../../queue/idempotency.js';
import { sourceOf } from '../author-of.js';

/** The end of every deposit route: a judged question becomes a durable job and a ticket. */
@Injectable()
export class DepositDoor {
  constructor(private readonly acceptDeposit: AcceptDeposit) {}

  /** 202 with `Location` for a new job, 200 `duplicate` for one already seen with the same content (product.md 2.4). */
  async accept(
    type: DepositType,
    exchange: Exchange,
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<JobTicket> {
    if (exchange.failure) throw exchange.failure;
    const { opcoId, tenant, requestId } = exchange.call;
    const { jobId, status } = await this.acceptDeposit.accept({
      tenant,
      opcoId,
      type,
      route: `/:opcoId/${type}`,
      body: exchange.read('question').body,
      idempotencyKey: readIdempotencyKey(request.headers['idempotency-key']),
      requestId,
      ...sourceOf(request),
    });
    const statusUrl = `/${opcoId}/jobs/${jobId}`;
    void reply.status(status === 'duplicate' ? 200 : 202).header('location', statusUrl);
    return { jobId, status, statusUrl };
  }
}
