import type { Exchange } from '../../core/exchange.js';
import { intend } from './intend.js';

/** An exchange whose intent takes so long by each clock. */
const asleepFor = (elapsedMs: number, wallMs: number) => {
  let written = false;
  const clock = { elapsed: () => (written ? elapsedMs : 0), now: () => (written ? wallMs : 0) };
  const beforeSend = async () => void (written = true);
  return { clock, call: { beforeSend } } as unknown as Exchange;
};

describe('an intent', () => {
  it('that was written at once lets the deposit go', async () => {
    await expect(intend(asleepFor(20, 20))).resolves.toBeUndefined();
  });

  it.each([
    ['that this process slept over', 60_000, 60_000],
    ['that the whole machine slept over', 10, 60_000],
    ['during which the wall clock was set back', 60_000, -60_000],
  ])('%s lets nothing go', async (_, elapsedMs, wallMs) => {
    await expect(intend(asleepFor(elapsedMs, wallMs))).rejects.toMatchObject({ details: { sent: 'not-sent' } });
  });
});
