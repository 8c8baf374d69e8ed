import Type, { type Static } from 'typebox';
import { numero } from './etats.js';
import { nullable } from './scalars.js';

const amount = (description: string) => Type.Optional(Type.Number({ description: `${description} (EUR)` }));

/** What the check may find; stable. */
export const incoherences = [
  'ENGAGEMENT_SUM',
  'INSTALMENT_SPLIT',
  'INSTALMENT_OVERPAID',
  'INSTALMENT_NEGATIVE',
  'INSTALMENT_REPEATED',
  'INSTALMENT_EARLY',
  'SCHEDULE_SHARES',
  'EXTRA_PRODUCT',
  'EXTRA_PRICE',
  'EQUIPMENT_CEILING',
  'PAID_WITHOUT_ENGAGEMENT',
  'SETTLED_UNPAID',
  'BALANCE_LOST',
  'INVOICES_OVER_PAYMENTS',
] as const;
/** The code of a finding. */
export type Incoherence = (typeof incoherences)[number];

const finding = {
  code: Type.Enum([...incoherences], { type: 'string', description: 'Ce qui ne va pas ; stable' }),
  severity: Type.Enum(['error', 'warning'], { type: 'string' }),
  pointer: Type.String({ description: 'Pointeur JSON dans le dossier', examples: ['/engagement'] }),
  expected: amount('Montant attendu'),
  actual: amount('Montant constaté'),
};

/** The same as an event tells it: code and place, without words. */
export const ToldIncoherence = Type.Object(finding);

/** One thing that does not add up. */
export const CoherenceFinding = Type.Object(
  { ...finding, message: Type.String({ description: 'Pour un humain' }) },
  { $id: 'CoherenceFinding' },
);
export type CoherenceFinding = Static<typeof CoherenceFinding>;

/** Answer of `GET /:opcoId/dossiers/:numeroInterne/coherence`. */
export const Coherence = Type.Object(
  {
    numeroInterne: numero("Identifiant technique chez l'OPCO"),
    coherent: Type.Boolean({ description: 'Vrai si rien de `severity: error` n’est trouvé' }),
    rules: nullable(
      Type.Enum(['before-2025-07-01', 'since-2025-07-01'], {
        type: 'string',
        description: 'Règles de financement, selon la date de conclusion ; null si elle manque',
      }),
    ),
    totals: Type.Object({
      engagement: nullable(Type.Number({ description: 'Engagé (EUR)' })),
      instalments: Type.Number({ description: 'Somme des échéances (EUR)' }),
      paid: Type.Number({ description: 'Réglé (EUR)' }),
      inInstruction: Type.Number({ description: "En cours d'instruction (EUR)" }),
      billable: Type.Number({ description: 'Ouvert et pas encore facturé (EUR)' }),
    }),
    invoices: Type.Enum(['checked', 'unavailable'], {
      type: 'string',
      description: "Si les factures ont été rapprochées ; `unavailable` là où l'OPCO n'en donne pas les états",
    }),
    findings: Type.Array(CoherenceFinding),
  },
  { $id: 'Coherence' },
);
export type Coherence = Static<typeof Coherence>;
