import type { Capability } from '../../core/endpoint.js';

/** Served in protocol V1; `note` is French. */
export const v1 = (note?: string): Capability => ({ state: 'supported', norm: 'v1', ...(note && { note }) });

/** Served in protocol V2. */
export const v2 = (note?: string): Capability => ({ state: 'supported', norm: 'v2', ...(note && { note }) });

/** The OPCO does not offer it (norm.md 3.4). */
export const absent = (note: string): Capability => ({ state: 'absent', note });

/** The OPCO offers it and this version does not serve it: `unknown`, so that the matrix never promises what does not run. */
export const notServedYet = (norm: 'v1' | 'v2', since?: string): Capability => ({
  state: 'unknown',
  norm,
  ...(since && { since }),
  note: 'Pas encore servi par cette version.',
});
