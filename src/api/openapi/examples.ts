/**
 * The numeroInterne that examples cite: the first dossier that AKTO's demo data get in the sandbox, so that an example can be
 * executed as it stands. A test keeps it true.
 */
export const exampleNumeroInterne = '1516432';
