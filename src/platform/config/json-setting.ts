/** A setting that is written as JSON; throws an Error fit for the list of configuration faults. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
}

/** Names and values of an object out of such a setting; throws on anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it must be an object');
  return Object.entries(value);
}
