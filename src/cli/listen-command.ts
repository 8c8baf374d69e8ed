import { setTimeout as after } from 'node:timers/promises';
import { systemClock } from '../core/clock.js';
import type { EventPage, OpcoviaEvent } from '../core/contract/webhook.js';
import { opcoIds } from '../core/endpoint.js';
import { type EventType, eventTypes, noOpco } from '../core/events.js';
import { newSecret } from '../webhooks/secret.js';
import { type Command, type Given, oneOf, optional, type Workplace } from './command.js';
import { CommandError, UsageError } from './command-errors.js';
import { FeedUnavailable, ListenFeed } from './listen-feed.js';
import { ListenForward } from './listen-forward.js';
import { lineOf } from './listen-line.js';
import { lackingIn } from './listen-numbers.js';

const pauseMs = 1000;
const defaultUrl = 'http://127.0.0.1:3000';

/** `listen`: the events of a CFA on a developer's machine, which no webhook could reach. */
export const listenCommand: Command = {
  name: 'listen',
  usage: '[--forward <url>] [--types <a,b>] [--opco <opcoId>] [--after <numéro>] [--url <adresse>]',
  about: `Écoute les événements du CFA dont OPCOVIA_API_KEY est la clé (à partir de maintenant, sinon après --after) ; --forward les transmet, signés, à votre machine. Ctrl-C arrête. Sans --url : ${defaultUrl}.`,
  options: {
    forward: { type: 'string' },
    types: { type: 'string' },
    opco: { type: 'string' },
    after: { type: 'string' },
    url: { type: 'string' },
  },
  async run(given, work) {
    const wish = readWish(given);
    const apiKey = work.apiKey()?.trim();
    if (!apiKey) throw new CommandError('Donnez la clé du CFA dans la variable OPCOVIA_API_KEY.');
    const signal = work.stopped();
    const { print } = work.terminal;
    const feed = new ListenFeed({ url: wish.url, apiKey, signal });
    const forward = wish.forward && forwardTo(wish.forward, { work, signal });
    try {
      const last = await new Listening(wish, { feed, forward, print, signal }).run();
      print(last === undefined ? 'Arrêt.' : `Arrêt. Pour reprendre : --after ${last}`);
      return 0;
    } finally {
      await forward?.close();
    }
  },
};

interface Wish {
  readonly url: URL;
  readonly forward: URL | undefined;
  readonly types: readonly EventType[];
  readonly opcoId: string | undefined;
  readonly after: number | undefined;
}

function readWish(given: Given): Wish {
  const [types, opco, from] = ['types', 'opco', 'after'].map((name) => optional(given, name));
  if (from !== undefined && !/^\d{1,15}$/.test(from))
    throw new UsageError("L'option --after attend le numéro d'un événement.");
  return {
    url: addressOf(given, 'url') ?? new URL(defaultUrl),
    forward: addressOf(given, 'forward'),
    types: (types?.split(',') ?? []).map((each) => oneOf(eventTypes, 'types', each.trim())),
    opcoId: opco === undefined ? undefined : oneOf([...opcoIds, noOpco], 'opco', opco),
    after: from === undefined ? undefined : Number(from),
  };
}

function addressOf(given: Given, name: string): URL | undefined {
  const text = optional(given, name);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(`L'option --${name} attend une adresse http:// ou https://.`);
  return url;
}

/** Waits, or less when the command is stopped meanwhile. */
const pause = (ms: number, signal: AbortSignal) => after(ms, undefined, { signal }).catch(() => undefined);

function forwardTo(url: URL, { work, signal }: { readonly work: Workplace; readonly signal: AbortSignal }) {
  const { print } = work.terminal;
  const secret = newSecret();
  print(`Transmis à ${url.href}, secret de cette session : ${secret}`);
  return new ListenForward({ url, secret }, { clock: systemClock, signal, print, wait: (ms) => pause(ms, signal) });
}

interface ListeningPorts {
  readonly feed: ListenFeed;
  readonly forward: ListenForward | undefined;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** One run of the command: page after page, until it is stopped. */
class Listening {
  /** The last event that was handled to its end. */
  #last: number | undefined;

  constructor(
    private readonly wish: Wish,
    private readonly ports: ListeningPorts,
  ) {
    this.#last = wish.after;
  }

  /** Gives the number to go on from; undefined when the feed never answered. */
  async run(): Promise<number | undefined> {
    const { feed, print, signal } = this.ports;
    this.#last ??= await this.#patiently(() => feed.newest());
    if (this.#last !== undefined) print(`À l'écoute après le n° ${this.#last}.`);
    while (!signal.aborted && this.#last !== undefined) {
      const from = this.#last;
      const page = await this.#patiently(() => feed.after(from));
      if (!page) break;
      await this.#show(from, page);
      if (page.nextCursor === null) await pause(pauseMs, signal);
    }
    return this.#last;
  }

  async #show(from: number, page: EventPage): Promise<void> {
    const { forward, print, signal } = this.ports;
    if (page.missed > 0)
      print(`Attention : ${page.missed} événement(s) ont dépassé leur durée de conservation ; relisez vos dossiers.`);
    const lacking = lackingIn(from, page);
    if (lacking !== 0)
      print(`ANOMALIE : ${lacking} événement(s) manquent dans le flux entre les n° ${from + 1} et ${page.upTo}.`);
    for (const event of page.data) {
      if (signal.aborted) return;
      if (this.#wants(event)) {
        print(lineOf(event));
        if (forward && !(await forward.forward(event))) return;
      }
      this.#last = event.sequence;
    }
    this.#last = page.upTo;
  }

  #wants({ event, opcoId }: OpcoviaEvent): boolean {
    const { types, opcoId: wanted } = this.wish;
    return (types.length === 0 || types.includes(event as EventType)) && (wanted ?? opcoId) === opcoId;
  }

  /** Asks until there is an answer, telling once why there is none; undefined when the command was stopped. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const { print, signal } = this.ports;
    let told = '';
    while (!signal.aborted) {
      try {
        return await ask();
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof FeedUnavailable)) throw error;
        if (error.message !== told) print(`${error.message} Nouvel essai bientôt.`);
        told = error.message;
        await pause(Math.max(pauseMs, error.waitMs ?? 0), signal);
      }
    }
    return undefined;
  }
}
