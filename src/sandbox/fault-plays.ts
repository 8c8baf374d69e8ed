import type { FastifyReply } from 'fastify';
import { refuse, routeOf, type Asked, type Decision } from './asked.js';
import type { Word } from './fault-words.js';
import { disfigured, viewOf } from './fault-views.js';
import { presentedToken, unauthorized, type Judged } from './gate.js';
import { record, type Visit } from './ledger-lines.js';
import { cut, drip, send, truncate, type Line } from './wire.js';
import type { World } from './world.js';

/** A request in the hands of a fault. */
export interface Play {
  readonly world: World;
  readonly word: Word;
  readonly asked: Asked;
  readonly visit: Visit;
  readonly line: Line;
  /** What the OPCO would do, with all its effects. */
  readonly decide: () => Promise<Judged>;
}

/**
 * Plays one word. The ledger has the line before the caller notices anything.
 *
 *     prevented ──────────────────────────▶ answered, no effect
 *     decided ──disfigured──▶ written down ──▶ answered, late, in pieces, otherwise, or never
 *     commit-late: answered ──ms──▶ decided ──▶ written down
 */
export async function play(scene: Play): Promise<FastifyReply> {
  const { world, word, asked, visit, line } = scene;
  if (word.kind === 'commit-late') return commitLate(scene, word);
  const prevention = prevented(world, asked, word);
  if (prevention) {
    record(world, visit, { decision: prevention, cfa: undefined });
    return send(line.reply, prevention);
  }
  const judged = await scene.decide();
  const view = viewOf(world, asked, judged);
  const decision = view ? await disfigured(view, word) : judged.decision;
  const told = toldBy(word);
  record(world, visit, { ...judged, decision: { ...decision, ...told } });
  return answer(scene, decision);
}

/** The decision of a word that keeps the request from taking effect; undefined for all others. */
function prevented(world: World, asked: Asked, word: Word): Decision | undefined {
  const no = (status: number, code: string, text: string) =>
    refuse(asked.dialect, routeOf(asked)?.name ?? 'other', [status, code, text]);
  switch (word.kind) {
    case 'status':
      return statusAnswer(word, `fault ${word.status}`);
    case 'lookup-5xx':
      return statusAnswer({ status: word.status ?? 503 }, `fault ${word.status ?? 503}`);
    case 'reject':
      return no(word.status ?? 400, word.code, word.description ?? 'Demande refusée.');
    case '429':
      return {
        ...no(429, 'QUOTA', 'Limite de requêtes atteinte.'),
        ...(word.retryAfterSeconds !== undefined && { headers: { 'retry-after': String(word.retryAfterSeconds) } }),
      };
    case '501':
    case 'lookup-501':
      return no(501, 'INDISPONIBLE', 'Route non ouverte chez cet OPCO à ce jour.');
    case 'expire-token':
      world.tokens.revoke(presentedToken(asked).token);
      return unauthorized(asked, 'Jeton expiré.');
    default:
      return undefined;
  }
}

/** What the ledger says of a caller who did not get the OPCO's own answer. */
function toldBy(word: Word): Partial<Decision> {
  if (word.kind === 'commit-then-reset' || word.kind === 'truncate') return { status: 0, decision: word.named };
  return word.kind === 'commit-then-status' ? { status: word.status, decision: word.named } : {};
}

async function answer({ world, word, line }: Play, decision: Decision): Promise<FastifyReply> {
  switch (word.kind) {
    case 'commit-then-reset':
      return cut(line);
    case 'truncate':
      return truncate(line, decision);
    case 'commit-then-status':
      return send(line.reply, statusAnswer(word, word.named));
    case 'commit+invalid':
      return send(line.reply, { ...decision, body: Buffer.from('<html><body>Une erreur est survenue') });
    case 'commit+slow-drip':
      return drip(line.reply, decision, { octets: word.octets ?? 16, wait: () => world.pause(word.ms) });
    case 'hold':
      return (await world.pause(word.ms)) ? send(line.reply, decision) : cut(line);
    default:
      return send(line.reply, decision);
  }
}

/** A gateway that gives up on a request which the OPCO then takes all the same. */
function commitLate({ world, visit, line, decide }: Play, word: Word & { readonly kind: 'commit-late' }): FastifyReply {
  const given = statusAnswer({ status: word.status ?? 504 }, word.named);
  const seq = record(world, visit, { decision: given, cfa: undefined });
  const { era } = world;
  const take = async () => {
    if (!(await world.pause(word.ms)) || world.era !== era) return;
    const judged = await decide();
    // The line is about the effect: its caller has an answer already.
    record(world, { ...visit, late: seq }, { ...judged, decision: { ...judged.decision, status: 0 } });
  };
  void take();
  return send(line.reply, given);
}

function statusAnswer(
  word: { readonly status: number; readonly body?: unknown; readonly retryAfterSeconds?: number },
  decision: string,
): Decision {
  return {
    status: word.status,
    body: word.body ?? { message: `fault ${word.status}` },
    decision,
    ...(word.retryAfterSeconds !== undefined && { headers: { 'retry-after': String(word.retryAfterSeconds) } }),
  };
}
