import type { RunningOpcovia } from '../app.start.js';
import type { DemoTenant } from './demo-tenant.js';

/** What the welcome tells of. */
export interface Welcome {
  readonly running: RunningOpcovia;
  /** Absent where there is no sandbox. */
  readonly demo: DemoTenant | undefined;
  readonly sandboxUrl: string | undefined;
  /** OPCOVIA_WEBHOOK_ALLOWED_NETWORKS; empty where webhooks reach public addresses alone. */
  readonly allowedNetworks: string;
  readonly seconds: number;
}

/** Printed once all is ready: where to click, and three lines to paste. */
export function welcome({ running, demo, sandboxUrl, allowedNetworks, seconds }: Welcome): string {
  const { apiUrl, staffUrl } = running;
  const lines = [
    '',
    `Opcovia est prêt (${seconds.toFixed(1)} s)`,
    ...(apiUrl ? [`  Documentation et essais : ${apiUrl}/docs`, `  API                     : ${apiUrl}`] : []),
    `  Équipe (santé, mesures) : ${staffUrl}/metrics`,
    ...(sandboxUrl ? [`  Bac à sable             : ${sandboxUrl}`] : []),
    ...(allowedNetworks
      ? [`  Webhooks permis aussi vers : ${allowedNetworks} (OPCOVIA_WEBHOOK_ALLOWED_NETWORKS)`]
      : []),
    ...(apiUrl && demo ? trial(apiUrl, demo) : []),
    '',
  ];
  return lines.join('\n');
}

function trial(apiUrl: string, { apiKey, numeros }: DemoTenant): string[] {
  const call = `curl -s -H 'X-API-KEY: ${apiKey}'`;
  const body = `{"typeFichier":"convention","objets":[{"typeObjet":"dossier","idObjet":"${numeros['opco-ep']}"}],"_files":{"convention.pdf":"JVBERi0xLjQKJSVFT0YK"}}`;
  return [
    `  Clé de démonstration : ${apiKey}`,
    '',
    'À essayer :',
    `  ${call} '${apiUrl}/akto/dossiers/etats?limit=3'`,
    `  ${call} -H 'Content-Type: application/json' -d '${body}' '${apiUrl}/opco-ep/documents'`,
    `  ${call} '${apiUrl}/opco-ep/jobs?limit=1'`,
    '',
    'Ctrl-C arrête tout ; les données restent dans le dossier .opcovia.',
  ];
}
