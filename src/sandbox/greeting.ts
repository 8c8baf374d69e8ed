import { opcoIds } from '../core/endpoint.js';
import { dialects } from './dialects.js';
import { demoClient } from './tokens.js';
import { demoCfaKey } from './world.js';

/** What a sandbox that just started tells its developer: addresses, demo identities, three lines to paste. */
export function greeting({
  url,
  seed,
  speed,
  ledgerFile,
}: {
  readonly url: string;
  readonly seed: string;
  readonly speed: number;
  readonly ledgerFile?: string;
}): string {
  const opco = 'opco-ep';
  const { clientId, clientSecret } = demoClient(opco);
  const identity = "-H 'EDITEUR: demo' -H 'LOGICIEL: demo' -H 'VERSION: 1'";
  return [
    `sandbox listening on ${url}`,
    `  page        ${url}/_sandbox/`,
    `  seed        ${seed}`,
    `  speed       ${speed} virtual second(s) a second`,
    `  ledger      ${ledgerFile ?? 'in memory (OPCOVIA_SANDBOX_LEDGER names a file)'}`,
    '',
    `  ${'OPCO base URL'.padEnd(url.length + 17)} ${'client_id'.padEnd(13)} ${'client_secret'.padEnd(31)} CFA key (X-API-KEY)`,
    ...opcoIds.map((opcoId) => {
      const client = demoClient(opcoId);
      const dpop = dialects[opcoId].dpop ? '  (DPoP)' : '';
      return `  ${`${url}/${opcoId}`.padEnd(url.length + 17)} ${client.clientId.padEnd(13)} ${client.clientSecret.padEnd(31)} ${demoCfaKey(opcoId)}${dpop}`;
    }),
    '',
    `curl -s -X POST ${url}/_sandbox/seed -d '{"opcoId":"${opco}","apiKey":"${demoCfaKey(opco)}","dossiers":25}'`,
    `TOKEN=$(curl -s ${url}/${opco}/oauth/token -d 'grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}' | sed 's/.*access_token":"\\([^"]*\\).*/\\1/')`,
    `curl -s ${url}/${opco}/v1/dossiers/etats -H "Authorization: Bearer $TOKEN" -H 'X-API-KEY: ${demoCfaKey(opco)}' ${identity}`,
    '',
  ].join('\n');
}
