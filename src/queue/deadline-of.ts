import { addWorkingDays } from '../core/contract/working-days.js';
import type { DepositType } from './deposit-types.js';

/** C. trav. D6224-1: "au plus tard dans les cinq jours ouvrables qui suivent le début d'exécution du contrat". */
const contractWorkingDays = 5;

/**
 * The instant until which the law wants this deposit sent: for a contract, the end of the fifth working day after its start.
 * Undefined for every other deposit, and once it has passed: what can still be in time goes before what cannot.
 */
export function deadlineOf(type: DepositType, body: unknown, now: Date): Date | undefined {
  const start = type === 'dossiers' ? startOf(body) : type === 'complet' ? startOf(dossierOf(body)) : undefined;
  if (start === undefined) return undefined;
  // Midnight in Paris in summer, an hour before it in winter.
  const deadline = new Date(`${addWorkingDays(start, contractWorkingDays)}T22:00:00Z`);
  return deadline > now ? deadline : undefined;
}

/** Of a composite deposit the contract counts. */
function dossierOf(body: unknown): unknown {
  return ((body ?? {}) as { dossier?: unknown }).dossier;
}

function startOf(body: unknown): string | undefined {
  const { cerfa } = (body ?? {}) as { cerfa?: { contrat?: { dateDebutContrat?: unknown } } };
  const start = cerfa?.contrat?.dateDebutContrat;
  return typeof start === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(start) ? start : undefined;
}
