import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { asOpcoviaError, fail } from '../../core/errors.js';
import type { Tenant } from '../../core/tenant.js';
import { PUBLIC_ROUTE } from './public.decorator.js';

/** The closed-by-default proof: a route without `@Public()` is reached by an admitted tenant or not at all. */
@Injectable()
export class TenantGuard extends AuthGuard('api-key') {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const open = this.reflector.get<boolean | undefined>(PUBLIC_ROUTE, context.getHandler());
    return open === true || ((await super.canActivate(context)) as boolean);
  }

  override handleRequest<T>(error: unknown, user: T | false, _info: unknown, context: ExecutionContext): T {
    if (error) throw asOpcoviaError(error);
    const tenant = user as Tenant | false;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    // The hook and the guard must speak of the same tenant; anything else is a defect, and closed.
    if (!tenant || request.tenant?.hash !== tenant.hash) throw fail('HTTP_ERROR');
    return user as T;
  }
}
