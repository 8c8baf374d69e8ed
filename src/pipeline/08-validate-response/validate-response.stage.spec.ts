import type { Drift } from '../../core/contract/drift.js';
import { advance } from '../../core/stage.js';
import { anExchange, readSlots } from '../../../test/support/an-exchange.js';
import { ValidateResponseStage } from './validate-response.stage.js';

async function judged(candidate: unknown) {
  const exchange = anExchange({ ...readSlots(), candidate, response: { status: 200, headers: {}, body: {} } });
  const noted: Drift[] = [];
  const stage = new ValidateResponseStage({ note: (_opcoId, _environment, { drifts }) => noted.push(...drifts) });
  await advance(stage, exchange);
  return { exchange, noted };
}

describe('validate-response', () => {
  it('lets a candidate through that keeps the contract', async () => {
    const candidate = { numeroInterne: 'N-1', etat: 'ENGAGE' };
    const { exchange, noted } = await judged(candidate);
    expect(exchange.read('answer')).toEqual(candidate);
    expect(noted).toEqual([]);
  });

  it('puts up with drift that does not matter, and reports it', async () => {
    const { exchange, noted } = await judged({ numeroInterne: 4711, etat: 'ENGAGE', nouveau: { champ: 1 } });
    expect(exchange.read('answer')).toEqual({ numeroInterne: '4711', etat: 'ENGAGE', nouveau: { champ: 1 } });
    expect(noted).toEqual([
      { kind: 'type', path: '/numeroInterne' },
      { kind: 'unknown', path: '/nouveau' },
    ]);
  });

  it('refuses what cannot be trusted, naming the place and never the value', async () => {
    const { failure } = (await judged({ numeroInterne: { secret: 12345678 }, etat: 'ENGAGE' })).exchange;
    expect(failure).toMatchObject({ code: 'UPSTREAM_INVALID', details: { sent: 'answered' } });
    expect(failure?.details.detail).toContain('/numeroInterne');
    expect(JSON.stringify(failure?.details)).not.toContain('12345678');
  });
});
