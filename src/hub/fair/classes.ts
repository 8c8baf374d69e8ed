import type { TrafficClass } from '../../core/exchange.js';

/** Kinds of traffic, the most urgent first; `ahead` is what an instance takes in store when nobody else wants it. */
export const lanes = ['interactive', 'job', 'poll', 'bulk', 'ahead'] as const;

/** One of them. */
export type Lane = TrafficClass | 'ahead';

/** The part of the calls that a class has for certain while it wants them; what it leaves, the others borrow. */
export const guarantees: Readonly<Record<Lane, number>> = {
  interactive: 0.4,
  job: 0.3,
  poll: 0.15,
  bulk: 0.1,
  ahead: 0,
};

/** The part of a full bucket that a class leaves to those before it. */
export const reserves: Readonly<Record<Lane, number>> = { interactive: 0, job: 0.1, poll: 0.25, bulk: 0.4, ahead: 0.5 };

/** About so many calls back reaches the memory of what each class has had. */
const memory = 50;

/** The part of the latest calls that each class had. */
export type Usage = Readonly<Record<Lane, number>>;

/** Nobody has had anything. */
export const unused: Usage = { interactive: 0, job: 0, poll: 0, bulk: 0, ahead: 0 };

/** One more call for a class. */
export function used(usage: Usage, lane: Lane): Usage {
  const keep = 1 - 1 / memory;
  const next = (each: Lane) => usage[each] * keep + (each === lane ? 1 - keep : 0);
  return {
    interactive: next('interactive'),
    job: next('job'),
    poll: next('poll'),
    bulk: next('bulk'),
    ahead: next('ahead'),
  };
}

/** The order in which classes may go next: first those that have had less than they are guaranteed, then the others; urgent first. */
export function turnOrder(usage: Usage): readonly Lane[] {
  return [
    ...lanes.filter((lane) => usage[lane] < guarantees[lane]),
    ...lanes.filter((lane) => usage[lane] >= guarantees[lane]),
  ];
}
