import type { FromHub, ToHub } from '../messages.js';
import { mostItems } from './to-hub-schema.js';

/** A message in pieces that the other end takes: of wants the first ones, for the others come when those are granted; reports in several. */
export function fitted(message: ToHub): readonly ToHub[] {
  if (message.type === 'lease' && message.wants.length > mostItems) {
    return [{ ...message, wants: message.wants.slice(0, mostItems) }];
  }
  if (message.type !== 'report' || message.became.length <= mostReported) return [message];
  const pieces: ToHub[] = [];
  for (let at = 0; at < message.became.length; at += mostReported) {
    const ahead = at === 0 ? message.ahead : 0;
    pieces.push({ ...message, ahead, became: message.became.slice(at, at + mostReported) });
  }
  return pieces;
}

/** With the rate fields of OPCOs, which are longer than a want. */
const mostReported = 50;

/** Tenants that wait for their own sake of which one word tells: with the longest names of budgets it stays below `longestMessage`. */
const mostOfOne = 300;

/** A word of a length that the other end takes: of many tenants that wait for their own sake, those that wait longest. The hub knows of the others. */
export function fittedWord(word: FromHub): FromHub {
  if (word.type !== 'limits') return word;
  const told = word.budgets.reduce((sum, { ofOne }) => sum + Object.keys(ofOne).length, 0);
  if (told <= mostOfOne) return word;
  const each = Math.floor(mostOfOne / word.budgets.length);
  const longest = (ofOne: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(ofOne)
        .sort(([, one], [, other]) => other - one)
        .slice(0, each),
    );
  return { ...word, budgets: word.budgets.map((budget) => ({ ...budget, ofOne: longest(budget.ofOne) })) };
}
