import { advance } from '../../core/stage.js';
import { anExchange, depositSlots, readSlots } from '../../../test/support/an-exchange.js';
import { TransformRequestStage } from './transform-request.stage.js';

describe('transform-request', () => {
  it("says a read in the OPCO's words", async () => {
    const exchange = anExchange(readSlots());
    await advance(new TransformRequestStage(), exchange);
    expect(exchange.read('request')).toEqual({
      method: 'GET',
      segments: ['v1', 'dossiers'],
      query: { numeroInterne: 'N-1' },
    });
  });

  it("says a deposit in the OPCO's words", async () => {
    const exchange = anExchange(depositSlots());
    await advance(new TransformRequestStage(), exchange);
    expect(exchange.read('request').body).toEqual({ kind: 'json', value: { montant: 10 } });
  });
});
