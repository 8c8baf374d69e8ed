import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Readiness } from '../platform/health/readiness.js';
import { ForStaff } from './staff/staff-role.js';

/** Health for probes that reach the staff listener only; the same facts as for integrators. */
@Controller('health')
export class StaffHealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get(['', 'startup'])
  @ForStaff('open')
  alive(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @ForStaff('open')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    const report = await this.readiness.look();
    if (report.status === 'error') void reply.status(503).header('retry-after', '5');
    return report;
  }
}
