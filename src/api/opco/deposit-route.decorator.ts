import { applyDecorators, Post } from '@nestjs/common';
import type { TSchema } from 'typebox';
import { JobTicket, Preflight } from '../../core/contract/job.js';
import type { EndpointName } from '../../core/endpoint.js';
import { ThroughPipeline } from '../../pipeline/through-pipeline.decorator.js';
import { TakesFiles } from '../admission/takes-files.decorator.js';
import { Describe } from '../openapi/describe.decorator.js';
import { toItsJob } from '../openapi/links.js';
import { depositErrors } from '../openapi/route-errors.js';
import { askDeposit, DepositQuery } from './dry-run.js';

/** What one deposit route is, beyond being one. */
export interface DepositRouteNote {
  readonly endpoint: EndpointName;
  /** Judges a composite deposit as a whole. */
  readonly composite?: true;
  /** Below the controller's own path. */
  readonly path?: string;
  readonly summary: string;
  readonly about?: string;
  readonly body: {
    /** As JSON, `_files` included where there are files. */
    readonly schema: TSchema;
    /** The part `body` of a form; absent where no file comes along. */
    readonly fields?: TSchema;
    readonly example: unknown;
  };
}

const promise =
  "Enregistré durablement avant la réponse, puis envoyé à l'OPCO ; suivez `statusUrl`. Avec `dryRun=true`, rien n'est enregistré ni envoyé.";

/** A deposit under HTTP: judged by the first two rooms, then taken in by `DepositDoor`; the other rooms run in the worker. */
export function DepositRoute({
  endpoint,
  composite,
  path = '',
  summary,
  about,
  body,
}: DepositRouteNote): MethodDecorator {
  return applyDecorators(
    Post(path),
    TakesFiles(),
    ThroughPipeline({ endpoint, upTo: 'validate-request', ask: askDeposit, ...(composite && { composite }) }),
    Describe({
      ...{ tag: 'Dépôts', summary, body, errors: depositErrors, query: DepositQuery, asks: ['Idempotency-Key'] },
      about: about === undefined ? promise : `${about} ${promise}`,
      answers: { 202: JobTicket, 200: [JobTicket, Preflight] },
      locates: [200, 202],
      links: { 202: toItsJob },
    }),
  );
}
