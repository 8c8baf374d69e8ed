import Type from 'typebox';

/** Query of `GET /:opcoId/dossiers`, for the documentation; stage 02 judges it against the endpoint's own contract. */
export const NumeroInterneQuery = Type.Object({
  numeroInterne: Type.String({ minLength: 1, maxLength: 64, description: "Numéro interne donné par l'OPCO" }),
});
