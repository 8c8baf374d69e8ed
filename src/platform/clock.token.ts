/** The injected `Clock`. */
export const CLOCK = Symbol('CLOCK');
