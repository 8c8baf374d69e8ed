/** An operation as it comes over the wire. */
interface Operation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

/** Applies a JSON Patch as RFC 6902 says, for `add`, `remove` and `replace`; written apart from what makes the patches. */
export function applyPatch(document: unknown, operations: readonly Operation[]): unknown {
  const root = { '': structuredClone(document) };
  for (const operation of operations) {
    const names = operation.path.split('/').map((name) => name.replace(/~1/g, '/').replace(/~0/g, '~'));
    const last = names.pop() ?? '';
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any JSON may stand there
    const holder: any = names.reduce((node: any, name) => node[name], root);
    const place = (value: unknown) =>
      Object.defineProperty(holder, last, { value, enumerable: true, configurable: true, writable: true });
    if (operation.op === 'replace') place(operation.value);
    else if (!Array.isArray(holder)) {
      if (operation.op === 'add') place(operation.value);
      else delete holder[last];
    } else if (operation.op === 'add') holder.splice(Number(last), 0, operation.value);
    else holder.splice(Number(last), 1);
  }
  return root[''];
}
