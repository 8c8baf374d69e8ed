import type { Asked } from './product.js';
import type { RawAnswer } from './raw-http.js';

/** An error as the client sees it, by whichever client it asked. */
export interface Seen {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** What `ask` brought. */
export function ofAsked({ status, headers, text }: Asked): Seen {
  return { status, text, header: (name) => headers.get(name) ?? undefined };
}

/** What a bare connection brought; only the problem of its body counts. */
export function ofRaw({ status, head, problem }: RawAnswer): Seen {
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  return { status, text: JSON.stringify(problem), header };
}
