import type { ClaimedJob } from './attempt.repository.js';
import type { Decision } from './decision.js';
import type { OpenedDeposit } from './open-deposit.js';
import type { Settlement } from './settle.js';
import { wholeAnswer } from './whole-answer.js';

/** A completed step of a composite deposit leads to the next one; the last one completes the whole. */
export function ending(
  job: ClaimedJob,
  decision: Decision,
  { answer, opened }: { readonly answer: unknown; readonly opened?: OpenedDeposit },
): Pick<Settlement, 'job' | 'decision' | 'answer' | 'stepAnswer' | 'effect'> {
  if (decision.kind !== 'completed') return { job, decision };
  const effect = effectOf(opened, answer);
  if (!job.steps) return { job, decision, answer, ...(effect && { effect }) };
  if (job.step + 1 < job.steps.length) {
    return { job, decision: { kind: 'advance', why: 'step-completed' }, stepAnswer: answer, ...(effect && { effect }) };
  }
  return { job, decision, answer: wholeAnswer(job.steps, [...(opened?.earlier ?? []), answer]), stepAnswer: answer };
}

/** The number by which a look-up would find what was just brought about. */
function effectOf(opened: OpenedDeposit | undefined, answer: unknown): Settlement['effect'] {
  const lookUp = opened?.served?.endpoint.lookUp;
  const number = lookUp?.numberOf(answer);
  return lookUp && number !== undefined ? { list: lookUp.lists, number } : undefined;
}
