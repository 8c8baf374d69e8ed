import type { Exchange } from '../../core/exchange.js';
import { advance } from '../../core/stage.js';
import { aCall, aDeposit, aDepositCall, anExchange, aRead } from '../../../test/support/an-exchange.js';
import { ValidateRequestStage } from './validate-request.stage.js';

async function judged(query: Record<string, unknown>): Promise<Exchange> {
  const exchange = anExchange({ endpoint: aRead }, aCall({ query }));
  await advance(new ValidateRequestStage(), exchange);
  return exchange;
}

async function judgedBody(body: unknown): Promise<Exchange> {
  const exchange = anExchange({ endpoint: aDeposit }, aDepositCall({ body }));
  await advance(new ValidateRequestStage(), exchange);
  return exchange;
}

const pointers = (exchange: Exchange) => exchange.failure?.details.findings?.map((finding) => finding.pointer);

describe('validate-request', () => {
  it('turns the digits of a URL into numbers where the contract wants them, and only there', async () => {
    const exchange = await judged({ numeroInterne: '0012', page: '3' });
    expect(exchange.read('question').query).toEqual({ numeroInterne: '0012', page: 3 });
  });

  it.each(['0', 'x', '', '1e3', ' 1', '1.5'])('refuses the page %j with its pointer', async (page) => {
    const exchange = await judged({ numeroInterne: 'N-1', page });
    expect(exchange.failure?.code).toBe('VALIDATION_ERROR');
    expect(pointers(exchange)).toEqual(['/query/page']);
  });

  it('names every unknown parameter, escaped', async () => {
    const exchange = await judged({ numeroInterne: 'N-1', 'a/b~': '1', other: '2' });
    expect(pointers(exchange)).toEqual(['/query/a~1b~0', '/query/other']);
  });

  it('refuses a parameter given twice', async () => {
    const exchange = await judged({ numeroInterne: ['a', 'b'] });
    expect(pointers(exchange)).toEqual(['/query/numeroInterne']);
  });

  it('refuses a body of the wrong shape with 400, a broken rule with 422', async () => {
    const shape = await judgedBody({ montant: 'dix' });
    expect(shape.failure?.code).toBe('VALIDATION_ERROR');
    expect(pointers(shape)).toEqual(['/montant']);
    const rule = await judgedBody({ montant: -1 });
    expect(rule.failure?.code).toBe('BUSINESS_RULE');
    expect(pointers(rule)).toEqual(['/montant']);
  });

  it.each([undefined, null, [], 'text'])('refuses %j as a body', async (body) => {
    expect((await judgedBody(body)).failure?.code).toBe('VALIDATION_ERROR');
  });

  it('hands the body on as it came', async () => {
    const body = { montant: 10 };
    expect((await judgedBody(body)).read('question').body).toBe(body);
  });
});
