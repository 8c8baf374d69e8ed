/** The check key of a NIR: 97 - (13 characters mod 97), Corsica's 2A read as 19 and 2B as 18 (norm.md 3.8). Two digits. */
export function nirKey(thirteen: string): string {
  const digits = thirteen.replace('2A', '19').replace('2B', '18');
  return String(97 - Number(BigInt(digits) % 97n)).padStart(2, '0');
}

/** Whether the key of a fifteen-character NIR is right; thirteen characters carry no key and pass. */
export function nirHolds(nir: string): boolean {
  return (
    nir.length !== 15 || !/^[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8}$/.test(nir) || nirKey(nir.slice(0, 13)) === nir.slice(13)
  );
}
