import type { EventData, JobEventData } from '../core/contract/event-data.js';
import type { OpcoviaEvent } from '../core/contract/webhook.js';
import type { EventType } from '../core/events.js';

const dossier = (numero: string) => `dossier ${numero}`;
const move = (before: string | null, after: string) => `${before ?? '(inconnu)'} → ${after}`;
const job = ({ jobId, type, numeroInterne }: JobEventData, what: string) =>
  `dépôt ${type} ${jobId} ${what}${numeroInterne === undefined ? '' : `, ${dossier(numeroInterne)}`}`;
const sync = ({ syncId }: { readonly syncId: string }, what: string) => `synchronisation ${syncId} ${what}`;

/** What each event says, in one French phrase. */
const phrases: { readonly [T in EventType]: (data: EventData[T]) => string } = {
  'dossier.etat_changed': ({ numeroInterne, before, after }) => `${dossier(numeroInterne)} : ${move(before, after)}`,
  'dossier.updated': ({ numeroInterne, changes, changesOmitted = 0 }) =>
    `${dossier(numeroInterne)} : ${changes.length + changesOmitted} champ(s) changé(s)`,
  'dossier.discovered': ({ numeroInterne, etat }) => `${dossier(numeroInterne)} découvert, ${etat}`,
  'dossier.deleted': ({ numeroInterne }) => `${dossier(numeroInterne)} disparu`,
  'dossier.incoherent': ({ numeroInterne, findings }) =>
    `${dossier(numeroInterne)} : ${findings.length} incohérence(s)`,
  'facture.etat_changed': ({ numero, before, after }) => `facture ${numero} : ${move(before, after)}`,
  'job.completed': (data) => job(data, 'pris en compte'),
  'job.failed': (data) => job(data, 'en échec'),
  'job.progress': (data) => job(data, data.progress ? `étape ${data.progress.step}/${data.progress.total}` : 'avance'),
  'job.needs_review': (data) => job(data, 'à vérifier par vous'),
  'sync.started': (data) => sync(data, 'commencée'),
  'sync.batch': (data) => sync(data, `${data.done}/${data.total}`),
  'sync.completed': (data) => sync(data, `terminée, ${data.seen} dossier(s) vus, ${data.changed} changé(s)`),
  'sync.failed': (data) => sync(data, `en échec : ${data.reason}`),
  'incident.raised': ({ kind }) => `incident ${kind}`,
  'webhook.test': ({ webhookId }) => `essai du webhook ${webhookId}`,
  'webhook.disabled': ({ webhookId, reason }) => `webhook ${webhookId} désactivé (${reason})`,
  'credentials.expiring': ({ expiresAt }) => `la clé chez l'OPCO expire le ${expiresAt.slice(0, 10)}`,
};

/** An event on one line; what an OPCO wrote cannot steer the terminal. */
export function lineOf({ sequence, timestamp, event, opcoId, data }: OpcoviaEvent): string {
  // A product newer than this command may know types that it does not.
  const phrase = (phrases as Partial<Record<string, (told: unknown) => string>>)[event]?.(data);
  const parts = [`n° ${sequence}`, timestamp, event, opcoId, ...(phrase === undefined ? [] : [phrase])];
  return parts.join('  ').replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
}
