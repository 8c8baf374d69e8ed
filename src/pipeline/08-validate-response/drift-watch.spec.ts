import type { Drift } from '../../core/contract/drift.js';
import { ManualClock } from '../../../test/support/an-exchange.js';
import { DriftWatch } from './drift-watch.js';

const drift = (path: string, kind: Drift['kind'] = 'unknown'): Drift => ({ kind, path });

function aWatch() {
  const clock = new ManualClock();
  const told: string[] = [];
  const counted: string[] = [];
  const watch = new DriftWatch(clock, {
    firstSeen: (opcoId, endpoint, { kind, path }) => told.push(`${opcoId} ${endpoint} ${kind} ${path}`),
    counted: (opcoId, endpoint, kind) => counted.push(`${opcoId} ${endpoint} ${kind}`),
  });
  const note = (...drifts: Drift[]) => watch.note('akto', 'test', { endpoint: 'dossier', drifts });
  return { clock, told, counted, watch, note };
}

describe('the watch over drift', () => {
  it('tells each shape once and counts each answer once a kind', () => {
    const { told, counted, note } = aWatch();
    note(drift('/a'), drift('/b'));
    note(drift('/a'));
    expect(told).toEqual(['akto dossier unknown /a', 'akto dossier unknown /b']);
    expect(counted).toEqual(['akto dossier unknown', 'akto dossier unknown']);
  });

  it('shows the latest first, apart for each OPCO and environment', () => {
    const { clock, watch, note } = aWatch();
    note(drift('/a'), drift('/b', 'type'));
    clock.pass(1);
    note(drift('/a'));
    expect(watch.observed('akto', 'test')).toMatchObject([
      { endpoint: 'dossier', kind: 'unknown', path: '/a', answers: 2 },
      { kind: 'type', path: '/b', answers: 1 },
    ]);
    expect(watch.observed('akto', 'live')).toEqual([]);
    expect(watch.observed('afdas', 'test')).toEqual([]);
  });

  it('holds a bounded number of shapes', () => {
    const { watch, note } = aWatch();
    for (let n = 0; n < 200; n++) note(drift(`/x${n}`));
    expect(watch.observed('akto', 'test')).toHaveLength(50);
  });
});
