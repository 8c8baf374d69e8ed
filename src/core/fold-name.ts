/** A name without accents, case or punctuation: two systems rarely agree on those. */
export function foldName(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toUpperCase();
}
