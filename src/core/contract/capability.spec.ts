import { anAdapter, aRead } from '../../../test/support/an-exchange.js';
import { capabilityLines } from './capability.js';

describe('the lines of the capability matrix', () => {
  const trials = { dossier: { capability: { state: 'test', norm: 'v2' }, endpoint: aRead } } as const;

  it('say which trial the operator has enabled, and only that', () => {
    const lines = capabilityLines(anAdapter({ trials }), (opcoId, name) => opcoId === 'akto' && name === 'dossier-v2');
    expect(lines.filter(({ enabled }) => enabled)).toEqual([
      { endpoint: 'dossier', state: 'test', norm: 'v2', enabled: true },
    ]);
  });

  it('say nothing of it where nothing is enabled', () => {
    expect(capabilityLines(anAdapter({ trials })).some((line) => 'enabled' in line)).toBe(false);
  });
});
