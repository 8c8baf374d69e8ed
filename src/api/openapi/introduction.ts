/** What an integrator reads first; French, CommonMark. */
export const introduction = `Une seule API pour les onze OPCO.

**Accès.** Chaque appel porte la clé du CFA dans \`X-API-KEY\`. Sans clé, ou avec une clé inconnue, révoquée ou expirée, toute adresse
répond 403. Les clés \`opv_test_\` n'atteignent que le bac à sable ou une recette. La clé du CFA chez chaque OPCO s'enregistre une fois
(\`PUT /{opcoId}/credentials\`).

**Lectures.** Une seule forme pour tous les OPCO, gardée en cache pour vous seul : \`ETag\` et \`If-None-Match\`, \`Cache-Control\` et
\`Cache-Status\` disent et règlent la fraîcheur. Ce qu'un OPCO ne propose pas répond 501 avec la raison ; \`GET /capabilities\` en donne
la liste.

**Dépôts.** 202 et un job, enregistré avant la réponse ; suivez \`statusUrl\` ou recevez un webhook \`job.completed\`. Rien n'est perdu ni
envoyé deux fois : avec une \`Idempotency-Key\`, renvoyez sans crainte la même requête, vous retrouverez le même job (200, \`duplicate\`) ;
la même clé avec un autre contenu est refusée (422).

**À blanc.** \`?dryRun=true\` juge un dépôt sans rien enregistrer ni envoyer, et liste tout ce qui n'irait pas.

**Fichiers.** En JSON, \`_files\` : nom et contenu en base64. Ou un formulaire \`multipart/form-data\`, à préférer : la partie \`body\` est le
JSON sans \`_files\`, toute autre partie un fichier du nom de la partie. 10 Mio par fichier, 25 Mio par requête.

**Erreurs.** \`application/problem+json\` (RFC 9457) : un \`code\` stable, un \`detail\` en français, \`errors[]\` avec un pointeur par
champ. Les 429 et 503 disent quand revenir (\`Retry-After\`). Un client devrait s'attendre aussi à 405, 408 et 431, que toute adresse peut
répondre.`;

/** The sections of the page, in the order in which an integrator needs them. */
export const tags: Readonly<Record<string, string>> = {
  Dépôts: 'Contrats, conventions, factures, certificats, documents et ruptures : reçus, puis envoyés à l’OPCO',
  Jobs: 'Ce que deviennent les dépôts',
  Dossiers: 'Ce que l’OPCO sait des contrats',
  Factures: 'Ce que l’OPCO sait des factures',
  Synchronisation: 'Lire d’un coup tous les dossiers d’un OPCO',
  Suivi: 'Surveiller les dossiers d’un OPCO : en pause, en marche, et ce qui a été vu',
  OPCO: 'Santé et capacités des OPCO, validité d’une clé',
  Identifiants: 'La clé du CFA chez chaque OPCO',
  Compte: 'Le CFA et ses clés d’accès à Opcovia',
  Webhooks: 'Être prévenu au lieu de demander',
  Événements: 'Les mêmes événements, à lire',
  Santé: 'L’état d’Opcovia même, sans clé',
};
