import { Body, Controller, Delete, Get, Header, HttpCode, Inject, Param, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type LimitsView, OverrideBody, type OverrideView } from '../../core/contract/limits.js';
import { ContractPipe } from '../../platform/http/contract.pipe.js';
import { authorOfStaff } from '../staff/author-of-staff.js';
import { ForStaff } from '../staff/staff-role.js';
import { ChangeOverride } from './change-override.js';
import { KnownBudgetPipe, type BudgetWords } from './known-budget.pipe.js';
import { LIMIT_SOURCES } from './limits.token.js';
import { type LimitSources, lookAtLimits, viewOf } from './limits-view.js';

/** The budgets of the OPCOs: what is believed of them, and what staff says for a while. */
@Controller('admin/limits')
export class LimitsController {
  constructor(
    @Inject(LIMIT_SOURCES) private readonly sources: LimitSources,
    private readonly change: ChangeOverride,
  ) {}

  @Get()
  @ForStaff('viewer')
  @Header('cache-control', 'private, no-store')
  list(): LimitsView {
    return lookAtLimits(this.sources);
  }

  @Put(':opcoId/:environment/override')
  @ForStaff('operator')
  @Header('cache-control', 'private, no-store')
  async set(
    @Param(KnownBudgetPipe) name: BudgetWords,
    @Body(new ContractPipe(OverrideBody)) body: OverrideBody,
    @Req() request: FastifyRequest,
  ): Promise<OverrideView> {
    return viewOf(await this.change.set(name, body, authorOfStaff(request)));
  }

  @Delete(':opcoId/:environment/override')
  @ForStaff('operator')
  @HttpCode(204)
  async end(@Param(KnownBudgetPipe) name: BudgetWords, @Req() request: FastifyRequest): Promise<void> {
    await this.change.end(name, authorOfStaff(request));
  }
}
