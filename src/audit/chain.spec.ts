import { chainStart, linkOf, type ChainedRow } from './chain.js';

const row: ChainedRow = {
  id: '1',
  tenant_hash: 'a'.repeat(64),
  at: '2026-11-22T06:32:57.123456Z',
  actor: 'cli',
  action: 'job.completed',
  object: 'job:1',
  result: 'ok',
  request_id: null,
  details: '{}',
  source: null,
};

describe('a link of the audit chain', () => {
  it('is the sha256 that docs/audit.md describes', () => {
    expect(linkOf(chainStart, row).toString('hex')).toBe(
      '90b3e0f1210a1cccefc64baf847db7ed5d0bd450d349bc037bd408f5d80882cf',
    );
  });

  it('of the first form knows no source', () => {
    const first = 'e57d3d8ca9adc248b3dd9e64e501db7fb9cb3d0c0486a7df7a8cf7021c35325b';
    for (const source of [null, '10.0.0.0/24']) {
      expect(linkOf(chainStart, { ...row, source }, 1).toString('hex')).toBe(first);
    }
  });

  it.each(Object.keys(row))('changes with %s', (field) => {
    expect(linkOf(chainStart, { ...row, [field]: 'x' })).not.toEqual(linkOf(chainStart, row));
  });

  it('changes with the link before', () => {
    expect(linkOf(Buffer.alloc(32, 1), row)).not.toEqual(linkOf(chainStart, row));
  });

  it('tells an absent field from an empty one, and where one field ends and the next begins', () => {
    const link = (actor: string, action: string, request_id: string | null) =>
      linkOf(chainStart, { ...row, actor, action, request_id }).toString('hex');
    expect(
      new Set([link('ab', 'c', null), link('a', 'bc', null), link('ab', 'c', ''), link('ab', 'c', '-')]).size,
    ).toBe(4);
  });
});
