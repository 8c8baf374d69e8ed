import type { Endpoint, Question } from '../../core/endpoint.js';
import { fail, type Finding } from '../../core/errors.js';
import type { Exchange } from '../../core/exchange.js';
import type { Stage } from '../../core/stage.js';
import { compileContract } from '../../core/contract/check.js';
import { coerceQuery } from '../../core/coerce-query.js';
import { countFiles, judgeFiles } from './judge-files.js';

/**
 * Judges the canonical question: parameters, then the body's shape, then the business rules.
 * Settles: 400 VALIDATION_ERROR for a shape, 422 BUSINESS_RULE for a rule; each finding points at its place.
 * Never alters a body: what it lets through is what the caller sent.
 */
export class ValidateRequestStage implements Stage {
  readonly name = 'validate-request';
  readonly reads = ['endpoint'] as const;
  readonly writes = ['question'] as const;

  run(exchange: Exchange): void {
    const endpoint = exchange.read('endpoint');
    const { query, unknown } = coerceQuery(endpoint.query, exchange.call.query);
    const { body, files = [], fileFindings = [] } = exchange.call;
    const findings = [...unknown, ...queryFindings(endpoint, query), ...bodyFindings(endpoint, body), ...fileFindings];
    // A file that came in a wrong way is not counted.
    if (fileFindings.length === 0) findings.push(...countFiles(files, endpoint.files));
    if (findings.length > 0) throw fail('VALIDATION_ERROR', { findings });
    // The contract has just proved that every value is a string or a number.
    const parameters = query as Question['query'];
    const question: Question = endpoint.body ? { query: parameters, body, files } : { query: parameters };
    const broken = [...judgeFiles(files), ...(endpoint.judge?.(question) ?? [])];
    if (broken.length > 0) throw fail('BUSINESS_RULE', { findings: broken });
    exchange.write('question', question);
  }
}

function queryFindings(endpoint: Endpoint, query: Record<string, unknown>): Finding[] {
  return compileContract(endpoint.query)
    .check(query)
    .map((finding) => ({ ...finding, pointer: `/query${finding.pointer}` }));
}

function bodyFindings(endpoint: Endpoint, body: unknown): readonly Finding[] {
  return endpoint.body ? compileContract(endpoint.body).check(body) : [];
}
