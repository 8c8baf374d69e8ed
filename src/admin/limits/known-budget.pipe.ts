import type { PipeTransform } from '@nestjs/common';
import { opcoIds } from '../../core/endpoint.js';
import { fail } from '../../core/errors.js';
import { opcoNotServed } from '../../core/opco-not-served.js';
import type { Environment } from '../../core/tenant.js';
import { environments } from './limits-view.js';

/** The words of a path that name a budget. */
export interface BudgetWords {
  readonly opcoId: (typeof opcoIds)[number];
  readonly environment: Environment;
}

/** The budget that a path names; any other word is refused as an unknown OPCO, or as an unknown address. */
export class KnownBudgetPipe implements PipeTransform<Readonly<Record<string, string>>, BudgetWords> {
  transform(words: Readonly<Record<string, string>>): BudgetWords {
    const opcoId = opcoIds.find((id) => id === words['opcoId']);
    if (!opcoId) throw opcoNotServed();
    const environment = environments.find((word) => word === words['environment']);
    if (!environment) throw fail('NOT_FOUND', { detail: 'Un environnement est test ou live.' });
    return { opcoId, environment };
  }
}
