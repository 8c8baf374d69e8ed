import Type, { type Static } from 'typebox';
import { opcoIds } from '../endpoint.js';

/** The slug of an OPCO as it stands in our paths. */
export const OpcoIdSchema = Type.Enum([...opcoIds], { type: 'string', $id: 'OpcoId', examples: ['opco-ep'] });
export type OpcoIdSchema = Static<typeof OpcoIdSchema>;
