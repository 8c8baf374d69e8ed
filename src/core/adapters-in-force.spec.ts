import { aRead, anAdapter } from '../../test/support/an-exchange.js';
import { AdaptersInForce } from './adapters-in-force.js';

const pages = { kind: 'pages', size: 50 } as const;
const trial = { capability: { state: 'test', norm: 'v2', note: 'essai' }, endpoint: aRead, paging: pages } as const;
const trying = anAdapter({ trials: { etats: trial } });
const plain = anAdapter({ id: 'afdas' });

describe('the adapters in force', () => {
  it('page as the trial of the states does once the operator enables it, and else as in production', () => {
    const enabled = new AdaptersInForce([trying, plain], (id, name) => id === 'akto' && name === 'etats-v2');
    expect(enabled.of('akto')).toEqual({ ...trying, paging: pages });
    expect(enabled.of('afdas')).toBe(plain);
    for (const name of ['etats', 'dossier-v2']) {
      const usual = new AdaptersInForce([trying], (_id, asked) => asked === name);
      expect(usual.list).toEqual([trying]);
    }
  });

  it('are nobody under a slug that is none', () => {
    const none = new AdaptersInForce([trying], () => true);
    expect([none.of('AKTO'), none.of('__proto__')]).toEqual([undefined, undefined]);
  });
});
