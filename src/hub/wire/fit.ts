import type { ToHub } from '../messages.js';
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
