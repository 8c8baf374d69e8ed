/** La Poste numbers its establishments so that the digits add up to a multiple of five instead of holding Luhn's sum. */
const laPoste = '356000000';

/** Whether the check digit of a SIRET of fourteen digits is right (Luhn; La Poste's own rule for its SIREN). */
export function siretHolds(siret: string): boolean {
  const digits = [...siret].map(Number);
  if (siret.startsWith(laPoste) && sum(digits) % 5 === 0) return true;
  return sum(digits.map((digit, index) => (index % 2 === 0 ? doubled(digit) : digit))) % 10 === 0;
}

const doubled = (digit: number) => (digit > 4 ? digit * 2 - 9 : digit * 2);

function sum(digits: readonly number[]): number {
  return digits.reduce((total, digit) => total + digit, 0);
}

/** Whether the check digits of an IBAN without blanks are right (ISO 13616: modulo 97 is 1). */
export function ibanHolds(iban: string): boolean {
  const turned = iban.slice(4) + iban.slice(0, 4);
  const digits = [...turned].map((character) => String(Number.parseInt(character, 36))).join('');
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}
