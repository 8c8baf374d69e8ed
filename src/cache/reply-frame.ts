import type { StoredReply } from '../core/response-cache.js';

/** An answer and what it speaks of, as one value of the store. */
export interface KeptReply {
  readonly reply: StoredReply;
  readonly entities: readonly string[];
}

interface Head {
  readonly etag: string;
  readonly storedAt: number;
  readonly ttlSeconds: number;
  readonly entities: readonly string[];
}

/** `length of head (4 bytes) | head as JSON | body`: one value, one round trip, and the body is never parsed. */
export function frameReply({ reply, entities }: KeptReply): Buffer {
  const { etag, storedAt, ttlSeconds } = reply;
  const head = Buffer.from(JSON.stringify({ etag, storedAt, ttlSeconds, entities } satisfies Head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.byteLength);
  return Buffer.concat([length, head, reply.body]);
}

/** The reverse of `frameReply`; the bytes were authenticated before. */
export function unframeReply(frame: Buffer): KeptReply {
  const bodyAt = 4 + frame.readUInt32BE(0);
  const { entities, ...reply } = JSON.parse(frame.toString('utf8', 4, bodyAt)) as Head;
  return { reply: { ...reply, body: frame.subarray(bodyAt) }, entities };
}
