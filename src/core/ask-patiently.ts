import type { Exchange } from './exchange.js';

/** How long one question may wait for its turn. */
const longestWaitSeconds = 30;

/** Asks again as long as only the share of the OPCO's budget is lacking, half a minute at most; `wait` may throw to end it. */
export async function askPatiently<Answer extends Pick<Exchange, 'failure'>>(
  ask: () => Promise<Answer>,
  wait: (ms: number) => Promise<void>,
): Promise<Answer> {
  for (let waited = 0; ;) {
    const answer = await ask();
    const seconds = answer.failure?.details.retryAfterSeconds ?? 1;
    if (answer.failure?.code !== 'RATE_LIMITED' || waited + seconds > longestWaitSeconds) return answer;
    await wait(seconds * 1000);
    waited += seconds;
  }
}
