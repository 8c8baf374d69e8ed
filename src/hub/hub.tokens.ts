/** The injected `Permits`: this process's share of every OPCO's budget. */
export const PERMITS = Symbol('PERMITS');
