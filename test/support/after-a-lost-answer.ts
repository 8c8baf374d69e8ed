/** How a deposit ends whose answer was lost, where the OPCO lists what it took: it is looked up (reliability.md R1.3). */
export const endWhereListed = 'completed';
