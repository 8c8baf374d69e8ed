import { Agent } from 'undici';
import type { Clock } from '../core/clock.js';
import type { OpcoviaEvent } from '../core/contract/webhook.js';
import { isTaken, nextAttempt } from '../webhooks/next-attempt.js';
import { eventHeaders } from '../webhooks/sign.js';
import { fixedHeaders } from '../webhooks/webhook-client.js';

/** The fast attempts of a real delivery; the long tail is for receivers that nobody watches. */
const scheduleMs = [0, 1000, 5000, 15_000];
const timeoutMs = 10_000;

/** What forwarding works with. `wait` ends early, without an error, once the command is stopped. */
export interface ForwardPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly wait: (ms: number) => Promise<void>;
}

/** Hands events to the developer's own receiver, one after the other, as a real delivery would. */
export class ListenForward {
  readonly #agent = new Agent({ keepAliveTimeout: 2000, keepAliveMaxTimeout: 2000 });

  constructor(
    private readonly to: { readonly url: URL; readonly secret: string },
    private readonly ports: ForwardPorts,
  ) {}

  /** Returns once the event was taken, or given up; false when the command was stopped before. */
  async forward(event: OpcoviaEvent): Promise<boolean> {
    const { signal, print, wait } = this.ports;
    for (let made = 1; !signal.aborted; made++) {
      const { status, told } = await this.#attempt(event);
      if (signal.aborted && status === null) break;
      const after = nextAttempt({ status, made }, scheduleMs, 0.5);
      if (after.status === 'pending') print(`${told}, nouvel essai dans ${after.retryInMs / 1000} s`);
      else print(isTaken(status) ? told : `${told}, abandonné après ${made} essai(s)${ending(status)}`);
      if (after.status !== 'pending') return true;
      await wait(after.retryInMs);
    }
    return false;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #attempt(event: OpcoviaEvent): Promise<{ readonly status: number | null; readonly told: string }> {
    const { clock, signal } = this.ports;
    const { url, secret } = this.to;
    const begun = clock.elapsed();
    const body = Buffer.from(JSON.stringify(event));
    const told = eventHeaders({ event: event.event, id: event.id, body, atMs: clock.now() }, [secret]);
    const status = await this.#agent
      .request({
        ...{ origin: url.origin, path: `${url.pathname}${url.search}`, method: 'POST', body },
        headers: { ...fixedHeaders, ...told },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      .then(async (answer) => {
        await answer.body.dump({ limit: 65_536 });
        return answer.statusCode;
      })
      .catch(() => null);
    return { status, told: `    ${status ?? 'pas de réponse'} en ${Math.round(clock.elapsed() - begun)} ms` };
  }
}

function ending(status: number | null): string {
  return status === 410 ? ' : un vrai webhook serait désactivé' : '';
}
