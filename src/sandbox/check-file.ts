import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bodies, ControlFault, demandFit } from './control-bodies.js';
import { checkInvariants, type InvariantDemand, type InvariantReport, type QuotaWindow } from './invariants.js';
import type { LedgerLine } from './ledger.js';

/** How the check of a ledger's file is asked for. */
export const checkUsage =
  'check <ledger file> [--expected <file: JSON array of effects>] [--window [opcoId:]limit:windowMs]... [--per-key]';

/** Reads what `checkUsage` shows and checks the file; throws `ControlFault` on words that make no sense. */
export async function checkFile(words: readonly string[]): Promise<InvariantReport> {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      expected: { type: 'string' },
      window: { type: 'string', multiple: true },
      'per-key': { type: 'boolean', default: false },
    },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new ControlFault(checkUsage);
  const windows = (values.window ?? []).map((word) => windowOf(word, values['per-key']));
  const expected: unknown = values.expected === undefined ? [] : JSON.parse(await readFile(values.expected, 'utf8'));
  const demand: unknown = { expected, windows };
  demandFit(bodies.invariants, demand);
  return checkInvariants(await linesOf(path), demand as InvariantDemand);
}

function windowOf(word: string, perKey: boolean): QuotaWindow {
  const [windowMs, limit, opcoId, ...more] = word.split(':').reverse();
  if (!limit || !windowMs || more.length > 0)
    throw new ControlFault(`--window ${word}: [opcoId:]limit:windowMs is expected`);
  return { limit: Number(limit), windowMs: Number(windowMs), perKey, ...(opcoId !== undefined && { opcoId }) };
}

/** A last line that was cut in the middle, as a kill leaves it, is passed over. */
async function linesOf(path: string): Promise<readonly LedgerLine[]> {
  const lines: LedgerLine[] = [];
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (text.endsWith('}')) lines.push(JSON.parse(text) as LedgerLine);
  }
  return lines;
}
