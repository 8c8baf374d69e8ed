import { advance } from '../../core/stage.js';
import { anExchange, readSlots } from '../../../test/support/an-exchange.js';
import { ValidateResponseStage } from './validate-response.stage.js';

async function judged(candidate: unknown) {
  const exchange = anExchange({ ...readSlots(), candidate, response: { status: 200, headers: {}, body: {} } });
  await advance(new ValidateResponseStage(), exchange);
  return exchange;
}

describe('validate-response', () => {
  it('lets a candidate through that keeps the contract', async () => {
    const candidate = { numeroInterne: 'N-1', etat: 'ENGAGE' };
    expect((await judged(candidate)).read('answer')).toBe(candidate);
  });

  it('refuses drift, naming the place and never the value', async () => {
    const { failure } = await judged({ numeroInterne: 12345678, etat: 'ENGAGE' });
    expect(failure).toMatchObject({ code: 'UPSTREAM_INVALID', details: { sent: 'answered' } });
    expect(failure?.details.detail).toContain('/numeroInterne');
    expect(JSON.stringify(failure?.details)).not.toContain('12345678');
  });
});
