import type { Refusal, UpstreamResponse } from '../../core/endpoint.js';
import { isLoose, type Loose } from './words.js';

/** Longer texts help nobody and may be a whole HTML page. */
const longest = 500;

/** Where the eleven put their text when `errors` says nothing, most telling first (norm.md 3.13). */
const textNames = [
  'description',
  'Description',
  'comment',
  'message',
  'error_description',
  'error',
  'detail',
  'title',
] as const;

/** The reason out of any of the norm's known variants; empty when the body says nothing that can be read. */
export function readRefusal({ body }: UpstreamResponse): Refusal {
  if (!isLoose(body)) return {};
  const errors = Array.isArray(body['errors']) ? body['errors'].filter(isLoose) : [];
  const message =
    errors
      .map(textOf)
      .filter((text) => text !== undefined)
      .join(' ; ') || textOf(body);
  const code = [...errors, body].map((each) => short(each['code'])).find((text) => text !== undefined);
  return { ...(code !== undefined && { code }), ...(message && { message: message.slice(0, longest) }) };
}

function textOf(value: Loose): string | undefined {
  return textNames.map((name) => short(value[name])).find((text) => text !== undefined);
}

function short(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, longest) : undefined;
}
