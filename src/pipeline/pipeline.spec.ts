import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Slot } from '../core/exchange.js';
import { stageNames, type Stage } from '../core/stage.js';
import { ManualClock } from '../../test/support/an-exchange.js';
import { aPipeline } from '../../test/support/a-pipeline.js';
import { pipeline } from './pipeline.js';

const root = join(__dirname, '../..');
const { stages } = aPipeline(new ManualClock());

/** The first stage that reads a slot nobody before it has written, as a sentence. */
function brokenFlow(list: readonly Stage[]): string | undefined {
  const written = new Set<Slot>();
  for (const stage of list) {
    const missing = stage.reads.find((slot) => !written.has(slot));
    if (missing) return `${stage.name} reads "${missing}" before it was written`;
    for (const slot of stage.writes) written.add(slot);
  }
  return undefined;
}

describe('the pipeline', () => {
  it('is the ten stages of the language, in their order', () => {
    expect(pipeline.map((room) => room.name)).toEqual([...stageNames]);
    expect(stages.map((stage) => stage.name)).toEqual([...stageNames]);
  });

  it('numbers its folders as the list says', () => {
    const folders = readdirSync(__dirname).filter((name) => /^\d\d-/.test(name));
    expect(folders.sort()).toEqual(pipeline.map((room, index) => `${String(index + 1).padStart(2, '0')}-${room.name}`));
  });

  it('writes every slot in one room, before it is read', () => {
    const writes = stages.flatMap((stage) => stage.writes);
    expect(new Set(writes).size).toBe(writes.length);
    expect(brokenFlow(stages)).toBeUndefined();
  });

  it('notices two rooms that have changed places', () => {
    const swapped = [...stages];
    [swapped[4], swapped[5]] = [swapped[5] as Stage, swapped[4] as Stage];
    expect(brokenFlow(swapped)).toBe('call reads "request" before it was written');
  });

  it('marks the same rooms as always running in the list and in the stages', () => {
    expect(pipeline.filter((room) => room.always).map((room) => room.name)).toEqual(
      stages.filter((stage) => stage.always).map((stage) => stage.name),
    );
  });

  it('is what docs/pipeline.md says', () => {
    const rows = [
      ...readFileSync(join(root, 'docs/pipeline.md'), 'utf8').matchAll(
        /^\| (\d\d) \| ([\w-]+) \|[^|]*\| ([^|]*) -> ([^|]*) \|/gm,
      ),
    ];
    const named = (cell: string | undefined) =>
      (cell ?? '')
        .split(',')
        .map((slot) => slot.trim())
        .filter((slot) => slot !== '-')
        .sort();
    expect(
      rows.map(([, number, name, reads, writes]) => ({ number, name, reads: named(reads), writes: named(writes) })),
    ).toEqual(
      stages.map((stage, index) => ({
        number: String(index + 1).padStart(2, '0'),
        name: stage.name,
        reads: [...stage.reads].sort(),
        writes: [...stage.writes].sort(),
      })),
    );
  });
});
