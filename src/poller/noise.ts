/** What two answers may differ in without a dossier having changed; data, so that a rule is added without code. */
export interface NoiseRules {
  /**
   * JSON pointers that never count, `*` for any one segment: what an OPCO says about its answer, not about the dossier.
   * Rows of lists are named as `rowNames` says.
   */
  readonly ignored: readonly string[];
  /** Lists whose order means something, as pointers; the order of all others is noise. */
  readonly ordered: readonly string[];
  /** The members that name a row of a list, the first set that all rows have and that tells them apart. */
  readonly rowNames: readonly (readonly string[])[];
  /** Members whose text is kept digit by digit: a code, though it may look like an amount. */
  readonly codes: ReadonlySet<string>;
}

/**
 * The rules in force. Besides these, the following never counts: the order of keys; a member that is absent, null or empty; spaces
 * around and between words; the Unicode spelling of an accent; a number written as text or with zeros at its end; a day written as
 * a midnight, with or without a zone.
 */
export const noiseRules: NoiseRules = {
  ignored: ['/comment'],
  ordered: [],
  rowNames: [['numero'], ['ordre'], ['numeroEcheance', 'nature'], ['natureFrais']],
  codes: new Set([
    'ordre',
    'codification',
    'versionCERFA',
    'numeroInterne',
    'numeroExterne',
    'numeroDeca',
    'telephone',
  ]),
};
