import { RouteConfig } from '@nestjs/platform-fastify';

/** What staff may do, least first: look, operate, everything. Each role may what those before it may. */
export const staffRoles = ['viewer', 'operator', 'admin'] as const;
/** One of them, as a token names it. */
export type StaffRole = (typeof staffRoles)[number];

/** A member of staff, as the token says. */
export interface Staff {
  readonly subject: string;
  readonly role: StaffRole;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks at the staff door; absent on its open routes only. */
    staff?: Staff;
  }
  interface FastifyContextConfig {
    /** The least role that may use a route of the staff listener; `open`: no token. A route that says nothing is for admins. */
    staff?: StaffRole | 'open';
  }
}

/** Says who may use a route of the staff listener. */
export function ForStaff(role: StaffRole | 'open'): MethodDecorator {
  return RouteConfig({ staff: role });
}

/** Whether a role includes another one. */
export function includesRole(role: StaffRole, needed: StaffRole): boolean {
  return staffRoles.indexOf(role) >= staffRoles.indexOf(needed);
}

/** The highest role that a claim names: a word, or a list of words among which ours may stand. */
export function roleIn(claims: Readonly<Record<string, unknown>>, path: string): StaffRole | undefined {
  const claim = Object.hasOwn(claims, path) ? claims[path] : path.split('.').reduce<unknown>(memberOf, claims);
  const words: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return staffRoles.findLast((role) => words.includes(role));
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
