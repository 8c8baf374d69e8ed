/** The result of a composite deposit: the numbers of its dossier, and what each step gave. */
export function wholeAnswer(steps: readonly { readonly type: string }[], answers: readonly unknown[]): unknown {
  const [first] = answers;
  const etapes = steps.map(({ type }, index) => ({ type, result: answers[index] ?? null }));
  return { ...(typeof first === 'object' && first !== null && first), etapes };
}
