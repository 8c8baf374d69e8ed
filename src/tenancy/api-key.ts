import { randomBytes } from 'node:crypto';
import type { Environment } from '../core/tenant.js';

/**
 * What may be an API key at all: 16 to 512 visible ASCII characters. The comma is left out, so that two header lines that a
 * proxy has joined can never pass for one key.
 */
const shape = /^[\x21-\x2b\x2d-\x7e]{16,512}$/;

/** True for text that could be a key; says nothing of whether it is registered. */
export function looksLikeApiKey(text: string): boolean {
  return shape.test(text);
}

/** Makes a key with 256 random bits: `opv_test_` or `opv_live_` and 43 base64url characters. */
export function makeApiKey(environment: Environment): string {
  return `opv_${environment}_${randomBytes(32).toString('base64url')}`;
}

/** The environment that the text of a key of ours claims; undefined for an imported one. */
export function claimedEnvironment(apiKey: string): Environment | undefined {
  if (apiKey.startsWith('opv_test_')) return 'test';
  return apiKey.startsWith('opv_live_') ? 'live' : undefined;
}

/** What may be shown of a key for ever. An imported key may be short and guessable: two characters of it at most. */
export function visiblePrefix(apiKey: string): string {
  return claimedEnvironment(apiKey) ? apiKey.slice(0, 13) : apiKey.slice(0, 2);
}
