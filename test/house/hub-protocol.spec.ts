import { fromHub } from '../../src/hub/wire/from-hub-schema.js';
import { closeCodes } from '../../src/hub/wire/instance-socket.js';
import { toHub } from '../../src/hub/wire/to-hub-schema.js';
import { toleranceSeconds } from '../../src/hub/wire/tokens.js';
import { read } from './repository.js';

const page = read('docs/hub-protocol.md');

/** Types and fields of the table under a heading. */
function tableUnder(heading: string): Record<string, string[]> {
  const [, text = ''] = page.split(`### ${heading}\n`);
  const rows =
    text
      .split('\n\n## ')[0]
      ?.split('\n### ')[0]
      ?.matchAll(/^\| `(\w+)` \|([^|]*)\|/gm) ?? [];
  const fieldsOf = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '');
  return Object.fromEntries([...rows].map(([, type = '', cell = '']) => [type, fieldsOf(cell).sort()]));
}

const tableOf = (schemas: Readonly<Record<string, { readonly properties: object }>>) =>
  Object.fromEntries(
    Object.entries(schemas).map(([type, { properties }]) => [
      type,
      Object.keys(properties)
        .filter((name) => name !== 'type')
        .sort(),
    ]),
  );

describe('docs/hub-protocol.md', () => {
  it('names every message and every field, and no other', () => {
    expect(tableUnder('What an instance says')).toEqual(tableOf(toHub));
    expect(tableUnder('What the hub says')).toEqual(tableOf(fromHub));
  });

  it('names every code with which a line is closed, and how far clocks may be apart', () => {
    const codes = [...page.matchAll(/^\| (4\d{3}) \|/gm)].map((match) => Number(match[1]));
    expect(codes).toEqual(Object.values(closeCodes));
    expect(page).toContain(`clocks may be ${toleranceSeconds} seconds`);
  });
});
