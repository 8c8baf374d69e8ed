import type { PipeTransform } from '@nestjs/common';
import type { TSchema } from 'typebox';
import { compileContract } from '../../core/contract/check.js';
import { fail } from '../../core/errors.js';

/** Judges the body of one of our own routes; a wrong one is 400 with a pointer for each fault, and nothing is altered. */
export class ContractPipe implements PipeTransform {
  constructor(private readonly schema: TSchema) {}

  transform(body: unknown): unknown {
    const findings = compileContract(this.schema).check(body);
    if (findings.length > 0) throw fail('VALIDATION_ERROR', { findings });
    return body;
  }
}
