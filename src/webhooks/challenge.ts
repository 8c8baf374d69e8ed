import { noOpco } from '../core/events.js';

/** The word that proves the ownership of an address: whoever can give it back has read the request. */
export interface Challenge {
  readonly webhookId: string;
  readonly challenge: string;
}

/** The body of a challenge, like that of any event; it is no event of the log, hence the number 0. */
export function challengeBody(id: string, at: Date, data: Challenge): Buffer {
  return Buffer.from(
    JSON.stringify({
      ...{ event: 'webhook.test', opcoId: noOpco, timestamp: at.toISOString(), data, id, sequence: 0 },
    }),
  );
}

/** Whether an answer gives the word back: alone, or as JSON `{"challenge": "<word>"}`. */
export function givesBack(answer: Buffer, challenge: string): boolean {
  const text = answer.toString('utf8').trim();
  return text === challenge || wordIn(text) === challenge;
}

function wordIn(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'challenge' in value ? value.challenge : undefined;
  } catch {
    return undefined;
  }
}
