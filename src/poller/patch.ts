/** One operation of a JSON Patch (RFC 6902); those that we write. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

type Members = Readonly<Record<string, unknown>>;

/**
 * What turns one JSON document into another: applied to `before` it gives `after`, noise included. Lists are compared from both
 * ends, so that a row that comes in or goes says no more than itself.
 */
export function patchOf(before: unknown, after: unknown, path = ''): PatchOperation[] {
  if (isSame(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after, path);
  if (isObject(before) && isObject(after)) return objectPatch(before, after, path);
  return [{ op: 'replace', path, value: after }];
}

function objectPatch(before: Members, after: Members, path: string): PatchOperation[] {
  const operations: PatchOperation[] = [];
  for (const name of Object.keys(before).sort()) {
    const at = `${path}/${escaped(name)}`;
    if (!Object.hasOwn(after, name)) operations.push({ op: 'remove', path: at });
    else operations.push(...patchOf(before[name], after[name], at));
  }
  for (const name of Object.keys(after).sort()) {
    if (!Object.hasOwn(before, name)) {
      operations.push({ op: 'add', path: `${path}/${escaped(name)}`, value: after[name] });
    }
  }
  return operations;
}

function listPatch(before: readonly unknown[], after: readonly unknown[], path: string): PatchOperation[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && isSame(before[head], after[head])) head++;
  let tail = 0;
  while (tail < most - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const [oldEnd, newEnd] = [before.length - tail, after.length - tail];
  const paired = Math.min(oldEnd, newEnd);
  const operations: PatchOperation[] = [];
  for (let at = head; at < paired; at++) operations.push(...patchOf(before[at], after[at], `${path}/${at}`));
  for (let at = oldEnd - 1; at >= paired; at--) operations.push({ op: 'remove', path: `${path}/${at}` });
  for (let at = paired; at < newEnd; at++) operations.push({ op: 'add', path: `${path}/${at}`, value: after[at] });
  return operations;
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((each, at) => isSame(each, other[at]));
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const escaped = (name: string) => name.replace(/~/g, '~0').replace(/\//g, '~1');
