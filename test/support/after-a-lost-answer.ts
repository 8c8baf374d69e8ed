/**
 * How a deposit ends whose answer was lost, where the OPCO lists what it took. One place for every test that loses one:
 * `completed` from the day on which ambiguous outcomes are looked up (reliability.md R1.3), until then a person has to look.
 */
export const endWhereListed: 'completed' | 'needs_review' = 'needs_review';
