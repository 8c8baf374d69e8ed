import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import type { Tenant } from '../../core/tenant.js';
import type { Admission } from '../../tenancy/admission.js';
import { callerAddress } from './caller-address.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Who decides for this server. */
    admission: Admission;
  }
}

/**
 * Passport's view of admission: the same function as the hook, so that the guard proves what the hook decided. Passport knows one
 * strategy of a name in a process; the server that took the request says whose admission counts.
 */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(Strategy, 'api-key') {
  async validate(request: FastifyRequest): Promise<Tenant> {
    const presented = request.headers['x-api-key'];
    const { admission } = request.server;
    return admission.peek(presented) ?? (await admission.admitTenant(presented, callerAddress(request)));
  }
}
