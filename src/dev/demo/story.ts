import { randomUUID } from 'node:crypto';
import { exampleCerfa } from '../../core/contract/cerfa-example.js';
import type { ReceivedEvent, WebhookReceiver } from './receiver.js';

/** What the story needs: a running product, its sandbox, a key, and somebody who listens. */
export interface Stage {
  readonly apiUrl: string;
  readonly sandboxUrl: string;
  readonly apiKey: string;
  readonly receiver: WebhookReceiver;
  readonly receiverUrl: string;
  readonly say: (text: string) => void;
}

interface JobView {
  readonly status: string;
  readonly outcome?: string;
  readonly result?: { readonly numeroInterne: string; readonly numeroExterne?: string };
  readonly timeline: readonly { readonly texte: string }[];
}

const opcoId = 'akto';
const oneDay = 86_400;

/** Tells the first paragraph of the product: a contract goes out, changes state there, and comes back as a signed webhook. */
export async function tellStory(stage: Stage): Promise<void> {
  const { receiver, say } = stage;
  say('1. Le CFA crée un webhook');
  const { secret } = await call<{ secret: string }>(stage, 'POST', '/webhooks', {
    url: stage.receiverUrl,
    events: ['job.completed', 'dossier.etat_changed'],
  });
  receiver.trust(secret);
  say('   secret reçu une seule fois, rangé chez le CFA');

  const numeroInterne = await deposit(stage);
  say('4. L’OPCO instruit le dossier (l’horloge du bac à sable avance)');
  for (const etat of ['EN_COURS_INSTRUCTION', 'ENGAGE']) {
    const change = await changeTo(stage, numeroInterne, etat);
    say(`   webhook dossier.etat_changed n° ${change.sequence} : ${etat}, signature ${verdict(change)}`);
  }
  await readBack(stage, numeroInterne);
  const genuine = receiver.received.filter(({ verified }) => verified).length;
  say('');
  say(
    `Résumé : 1 contrat déposé une fois, ${receiver.received.length} webhooks reçus, ${genuine} signatures vérifiées.`,
  );
  if (genuine !== receiver.received.length) throw new Error('a webhook was not genuine');
}

async function deposit(stage: Stage): Promise<string> {
  const { receiver, say } = stage;
  const body = { cerfa: exampleCerfa() };
  const key = `demo-${randomUUID()}`;
  say(`2. Il dépose un contrat complet chez ${opcoId}`);
  const ticket = await call<{ jobId: string; status: string; statusUrl: string }>(
    stage,
    'POST',
    `/${opcoId}/dossiers`,
    body,
    key,
  );
  say(`   202, job ${ticket.jobId} ; une coupure fait renvoyer la même requête :`);
  const again = await call<{ jobId: string; status: string }>(stage, 'POST', `/${opcoId}/dossiers`, body, key);
  say(`   200, status ${again.status}, ${again.jobId === ticket.jobId ? 'le même job' : 'UN AUTRE JOB'}`);

  say('3. Le job avance');
  const done = await receiver.next(({ event, data }) => event === 'job.completed' && data['jobId'] === ticket.jobId);
  const job = await call<JobView>(stage, 'GET', ticket.statusUrl);
  for (const { texte } of job.timeline) say(`   - ${texte}`);
  say(`   webhook job.completed n° ${done.sequence}, signature ${verdict(done)}`);
  if (!job.result) throw new Error(`the job ended as ${job.status}`);
  say(`   numeroInterne ${job.result.numeroInterne}`);
  return job.result.numeroInterne;
}

/** Lets days pass at the OPCO until the dossier is where the story wants it. */
async function changeTo(stage: Stage, numeroInterne: string, etat: string): Promise<ReceivedEvent> {
  const isIt = ({ event, data }: ReceivedEvent) =>
    event === 'dossier.etat_changed' && data['numeroInterne'] === numeroInterne && data['after'] === etat;
  for (let day = 0; day < 30; day++) {
    const change = await stage.receiver.next(isIt, 3000).catch(() => undefined);
    if (change) return change;
    await fetch(`${stage.sandboxUrl}/_sandbox/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ advanceSeconds: oneDay }),
    });
  }
  throw new Error(`the dossier never became ${etat}`);
}

async function readBack(stage: Stage, numeroInterne: string): Promise<void> {
  const path = `/${opcoId}/dossiers/${numeroInterne}`;
  stage.say('5. Il relit le dossier');
  for (const times of ['première lecture', 'seconde lecture']) {
    const response = await fetch(stage.apiUrl + path, { headers: { 'x-api-key': stage.apiKey } });
    const { cerfa, engagement, echeances } = (await response.json()) as {
      cerfa: { etat: string };
      engagement: number | null;
      echeances: unknown[] | null;
    };
    const content = `${cerfa.etat}, ${engagement} EUR, ${echeances?.length ?? 0} échéances`;
    // The poller may have read it a moment before: only the second reading is certainly one from the cache.
    const cached = times === 'seconde lecture' ? ` — ${response.headers.get('cache-status')}` : '';
    stage.say(`   ${times} : ${content}${cached}`);
  }
}

function verdict({ verified }: ReceivedEvent): string {
  return verified ? 'vérifiée' : 'FAUSSE';
}

// eslint-disable-next-line max-params -- a call over HTTP reads best in the order of its first line
async function call<T>(stage: Stage, method: string, path: string, body?: unknown, key?: string): Promise<T> {
  const response = await fetch(stage.apiUrl + path, {
    method,
    headers: {
      'x-api-key': stage.apiKey,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as T;
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer;
}
