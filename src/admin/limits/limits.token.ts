/** The injected `LimitSources`. */
export const LIMIT_SOURCES = Symbol('LIMIT_SOURCES');
