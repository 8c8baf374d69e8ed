import Type from 'typebox';
import { reference } from '../../core/contract/scalars.js';

/** Query of `GET /:opcoId/dossiers`, for the documentation; stage 02 judges it against the endpoint's own contract. */
export const NumeroInterneQuery = Type.Object({
  numeroInterne: reference("Numéro interne donné par l'OPCO"),
});
