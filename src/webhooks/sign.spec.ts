import { createHmac, timingSafeEqual } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { signatureHeaders } from './sign.js';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const body = Buffer.from(
  '{"event":"job.completed","opcoId":"opco-ep","timestamp":"2026-01-02T03:04:05.678Z","data":{"jobId":"550e8400-e29b-41d4-a716-446655440000","nom":"Zoé"}}',
);

describe('signatureHeaders', () => {
  it('reproduces the published vector', () => {
    expect(body.length).toBe(152);
    expect(signatureHeaders({ id: 'msg_01', timestampSeconds: 1_767_323_045, body }, [secret])).toEqual({
      'opcovia-signature': '54de8b96e449fa7a205f3a589d24fc76b77b9e5a8f8e6d364abf9bd1a5550f24',
      'webhook-id': 'msg_01',
      'webhook-timestamp': '1767323045',
      'webhook-signature': 'v1,1Ktkj0fyDfldqDtFP39gRjWMwifMgsk9ktYzLHjZ+TU=',
    });
  });

  it('is accepted by the Standard Webhooks library for any body and secret', () => {
    const timestampSeconds = Math.floor(Date.now() / 1000);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.jsonValue(), fc.uuid(), (bytes, value, id) => {
        const any = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const sent = Buffer.from(JSON.stringify({ value }));
        const headers = signatureHeaders({ id, timestampSeconds, body: sent }, [any]);
        expect(new Webhook(any).verify(sent, headers)).toEqual(JSON.parse(sent.toString()));
        const legacy = createHmac('sha256', any).update(sent).digest();
        expect(timingSafeEqual(legacy, Buffer.from(headers['opcovia-signature'] ?? '', 'hex'))).toBe(true);
      }),
    );
  });

  it('carries both signatures during a rotation, the current secret first', () => {
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const [current, previous] = [Buffer.alloc(32, 7), Buffer.alloc(32, 9)].map(
      (each) => `whsec_${each.toString('base64')}`,
    ) as [string, string];
    const attempt = { id: 'msg_02', timestampSeconds, body };
    const headers = signatureHeaders(attempt, [current, previous]);
    const [first, second, ...rest] = (headers['webhook-signature'] ?? '').split(' ');
    expect(rest).toEqual([]);
    expect(first).toBe(signatureHeaders(attempt, [current])['webhook-signature']);
    expect(second).toBe(signatureHeaders(attempt, [previous])['webhook-signature']);
    for (const each of [current, previous]) expect(() => new Webhook(each).verify(body, headers)).not.toThrow();
    expect(headers['opcovia-signature']).toBe(createHmac('sha256', current).update(body).digest('hex'));
  });
});
