import Type, { type Static } from 'typebox';
import { catalogue, type ErrorCode } from '../errors.js';

/** One thing wrong with a request. */
export const FindingSchema = Type.Object(
  {
    pointer: Type.String({ description: 'Pointeur JSON (RFC 6901) dans le corps, ou /query/<nom>' }),
    code: Type.String(),
    message: Type.String(),
  },
  { $id: 'Finding' },
);

/** What an OPCO answered, as far as the owner of the request may read it. */
export const UpstreamFaultSchema = Type.Object(
  {
    opcoId: Type.String(),
    status: Type.Integer(),
    code: Type.Optional(Type.String()),
    message: Type.Optional(Type.String()),
  },
  { $id: 'UpstreamFault' },
);

/** The body of every error answer (RFC 9457). */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String(),
    code: Type.Enum(Object.keys(catalogue) as ErrorCode[], { type: 'string' }),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(FindingSchema)),
    upstream: Type.Optional(UpstreamFaultSchema),
  },
  { $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;
