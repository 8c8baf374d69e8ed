import type { TSchema } from 'typebox';
import { compileContract } from '../../core/contract/check.js';
import { protocolVersion, type FromHub, type ToHub } from '../messages.js';
import { fromHub } from './from-hub-schema.js';
import { longestMessage, toHub } from './to-hub-schema.js';

/** What comes over the line besides what the hub itself hears: a fresh token, before the one in force ends. */
export type WireToHub = ToHub | { readonly type: 'token'; readonly token: string };

/** Why a frame is not taken; goes back in an error frame. */
export type Fault = 'too_long' | 'bad_json' | 'unknown_type' | 'unsupported_version' | 'bad_message';

/** A message, or what is wrong with the frame. */
export type Read<T> = { readonly message: T } | { readonly fault: Fault };

/** Reads what an instance sent; whatever the text, it throws nothing. */
export function readToHub(text: string): Read<WireToHub> {
  const read = readBy(toHub, text);
  const hello = 'message' in read && read.message.type === 'hello' ? (read.message as { v?: unknown }) : undefined;
  if (hello && hello.v !== protocolVersion) return { fault: 'unsupported_version' };
  return read as Read<WireToHub>;
}

/** Reads what a hub sent; whatever the text, it throws nothing. */
export function readFromHub(text: string): Read<FromHub> {
  return readBy(fromHub, text) as Read<FromHub>;
}

function readBy(schemas: Readonly<Record<string, TSchema>>, text: string): Read<{ readonly type: string }> {
  if (Buffer.byteLength(text) > longestMessage) return { fault: 'too_long' };
  const value = parsed(text);
  if (value === undefined) return { fault: 'bad_json' };
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) return { fault: 'unknown_type' };
  const schema = schemas[type];
  if (!schema || !compileContract(schema).holds(value)) return { fault: 'bad_message' };
  return { message: value as { type: string } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
