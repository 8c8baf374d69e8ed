import fc from 'fast-check';
import { challengeBody, givesBack } from './challenge.js';

const given = (text: string) => givesBack(Buffer.from(text), 'mot-42');

describe('a challenge', () => {
  it('is a signed test event without a number of the log', () => {
    const data = { webhookId: 'w', challenge: 'mot-42' };
    expect(JSON.parse(challengeBody('id', new Date(0), data).toString())).toEqual({
      ...{
        event: 'webhook.test',
        opcoId: 'opcovia',
        timestamp: '1970-01-01T00:00:00.000Z',
        data,
        id: 'id',
        sequence: 0,
      },
    });
  });

  it.each(['mot-42', ' mot-42\r\n', '{"challenge":"mot-42"}', '{"ok":true,"challenge":"mot-42"}'])('is given back by %p', (text) =>
    expect(given(text)).toBe(true),
  ); // prettier-ignore

  it.each(['', 'mot-4', 'mot-42 mot-42', '"mot-42"', '{"challenge":["mot-42"]}', '[1]', 'null', '{'])('is not by %p', (text) =>
    expect(given(text)).toBe(false),
  ); // prettier-ignore

  it('is given back by nothing that lacks it, and never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => !given(text) || text.includes('mot-42')));
  });
});
