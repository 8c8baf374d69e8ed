/** Version, trace, span, flags; the version after 00 may append more, which we would not know how to hand on. */
const shape = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The field as it came when it is a valid W3C `traceparent`, else undefined: what is no trace is handed on to nobody. */
export function validTraceparent(field: string | undefined): string | undefined {
  return field !== undefined && shape.test(field) ? field : undefined;
}
