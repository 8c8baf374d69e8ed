import type { TSchema } from 'typebox';
import { compileContract } from '../../core/contract/check.js';
import { protocolVersion, type FromHub, type ToHub } from '../messages.js';
import { fromHub } from './from-hub-schema.js';
import { longestMessage, toHub } from './to-hub-schema.js';

/** What comes over the line besides what the hub itself hears: a fresh token, before the one in force ends. */
export type WireToHub = ToHub | { readonly type: 'token'; readonly token: string };

/** Why a frame is not taken; goes back in an error frame. */
export type Fault = 'TOO_LONG' | 'BAD_JSON' | 'UNKNOWN_TYPE' | 'VERSION' | 'BAD_MESSAGE';

/** A message, or what is wrong with the frame. */
export type Read<T> = { readonly message: T } | { readonly fault: Fault };

/** Reads what an instance sent; whatever the text, it throws nothing. */
export function readToHub(text: string): Read<WireToHub> {
  const read = readBy(toHub, text);
  const hello = 'message' in read && read.message.type === 'hello' ? (read.message as { v?: unknown }) : undefined;
  if (hello && hello.v !== protocolVersion) return { fault: 'VERSION' };
  return read as Read<WireToHub>;
}

/** Reads what a hub sent; whatever the text, it throws nothing. */
export function readFromHub(text: string): Read<FromHub> {
  return readBy(fromHub, text) as Read<FromHub>;
}

function readBy(schemas: Readonly<Record<string, TSchema>>, text: string): Read<{ readonly type: string }> {
  if (Buffer.byteLength(text) > longestMessage) return { fault: 'TOO_LONG' };
  const value = parsed(text);
  if (value === undefined) return { fault: 'BAD_JSON' };
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) return { fault: 'UNKNOWN_TYPE' };
  const schema = schemas[type];
  if (!schema || !compileContract(schema).holds(value)) return { fault: 'BAD_MESSAGE' };
  return { message: value as { type: string } };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
