/** How far a job is, as its owner reads it. */
export interface JobProgress {
  readonly step: number;
  readonly total: number;
  /** French. */
  readonly label: string;
}

const total = 2;

/** Accepted, or waiting for another attempt. */
export const waitingProgress: JobProgress = { step: 0, total, label: "En attente d'envoi" };

/** The intent is written, the OPCO is being called. */
export const sendingProgress: JobProgress = { step: 1, total, label: "Envoi à l'OPCO" };

/** Nothing more happens by itself. */
export const endedProgress: JobProgress = { step: total, total, label: 'Terminé' };

/** Where a composite deposit stands: `step` of its steps are done. */
export function stepProgress(steps: readonly { readonly label: string }[], step: number): JobProgress {
  return { step, total: steps.length, label: steps[step]?.label ?? endedProgress.label };
}

/** It may have had its effect: the OPCO is asked before anything else. */
export const checkingProgress: JobProgress = { step: 1, total, label: "Vérification chez l'OPCO" };

/** Somebody has to look. */
export const reviewProgress: JobProgress = { step: 1, total, label: 'En attente de vérification' };

/**
 * What happened and why, in French, by the code of the timeline entry. No text of the OPCO ever stands in a timeline: it is not
 * encrypted.
 */
export const timelineTexts = {
  sending: "Envoi à l'OPCO",
  completed: "Dépôt pris en compte par l'OPCO",
  rejected: "Dépôt refusé par l'OPCO ; il n'a pas été pris en compte",
  invalid: "Dépôt impossible à envoyer tel quel ; rien n'a été transmis à l'OPCO",
  exhausted: "Abandon après plusieurs tentatives ; rien n'a été transmis à l'OPCO",
  'unreachable-expired': "Abandon : l'OPCO est resté injoignable ; rien ne lui a été transmis",
  'credentials-expired': "Abandon : les identifiants n'ont pas été corrigés à temps ; rien n'a été pris en compte",
  credentials: "L'OPCO refuse les identifiants ; le dépôt attend qu'ils soient corrigés",
  quota: "Quota d'appels de l'OPCO atteint ; le dépôt attend son tour",
  unreachable: 'OPCO momentanément indisponible ; le dépôt attend son retour',
  unconfigured:
    "Aucune adresse n'est configurée pour cet OPCO dans cet environnement ; le dépôt attend qu'elle le soit",
  'handed-over': "Serveur en cours d'arrêt : rien n'a été transmis, un autre prend le relais",
  'not-sent': "L'envoi n'a pas pu partir ; nouvelle tentative prévue",
  ambiguous: "L'OPCO a pu recevoir le dépôt sans le confirmer ; vérification nécessaire avant tout nouvel envoi",
  'maybe-duplicate': "L'OPCO signale un dépôt déjà existant ; vérification nécessaire",
  'applied-unreadable': "L'OPCO a accepté le dépôt mais sa réponse est illisible ; numéro à retrouver",
  checking: "Recherche du dépôt chez l'OPCO : rien de certain encore, nouvelle recherche prévue",
  'check-goes-on': "Recherche du dépôt chez l'OPCO en cours",
  'check-found': "Dépôt retrouvé chez l'OPCO : il avait bien été pris en compte",
  'check-existing': "L'OPCO a déjà cet objet, déposé auparavant ; rien n'a été créé de nouveau",
  'check-other':
    "L'OPCO refuse le dépôt comme déjà existant, et aucun objet de cette clé n'y figure ; il n'a pas été pris en compte",
  'check-none': "Recherches complètes chez l'OPCO : le dépôt n'y figure pas, il peut être renvoyé",
  'check-unsupported': "L'OPCO ne permet pas de rechercher ce dépôt ; une vérification humaine est nécessaire",
  'check-unsure': "La recherche chez l'OPCO ne permet pas de trancher ; une vérification humaine est nécessaire",
  'check-expired': "La recherche chez l'OPCO n'a pas abouti à temps ; une vérification humaine est nécessaire",
  'same-object': 'Un autre dépôt du même objet est en cours ; celui-ci attend son issue',
  'step-completed': "Étape prise en compte par l'OPCO ; la suivante est prévue",
  'resolved-applied': "Vérifié par vos soins : l'OPCO a pris le dépôt en compte",
  'resolved-retry': "Vérifié par vos soins : l'OPCO n'a rien reçu ; nouvel envoi demandé",
  'resolved-cancelled': "Vérifié par vos soins : l'OPCO n'a rien reçu ; dépôt abandonné",
  'worker-lost': "L'envoi a été interrompu après avoir commencé ; vérification nécessaire avant tout nouvel envoi",
  'worker-lost-unsent': "L'envoi a été interrompu avant de commencer ; nouvelle tentative prévue",
  retried: 'Nouvel essai demandé',
  cancelled: 'Dépôt annulé avant envoi',
} as const;

/** A code of the timeline. */
export type TimelineCode = keyof typeof timelineTexts;
