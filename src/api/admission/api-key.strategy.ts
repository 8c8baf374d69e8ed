import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import type { Tenant } from '../../core/tenant.js';
import { Admission } from '../../tenancy/admission.js';
import { callerAddress } from './caller-address.js';

/** Passport's view of admission: the same function as the hook, so that the guard proves what the hook decided. */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(Strategy, 'api-key') {
  constructor(private readonly admission: Admission) {
    super();
  }

  async validate(request: FastifyRequest): Promise<Tenant> {
    const presented = request.headers['x-api-key'];
    return this.admission.peek(presented) ?? (await this.admission.admitTenant(presented, callerAddress(request)));
  }
}
