import type { EventType, NewEvent } from '../../src/core/events.js';

/** What a test says of an event; the order of events and their delivery care nothing for what stands in `data`. */
export interface LooseEvent {
  readonly type?: EventType;
  readonly opcoId?: string;
  readonly subject?: string;
  readonly data?: Record<string, unknown>;
}

/** An event of a job at OPCO EP, unless told otherwise. */
export function anEvent(event: LooseEvent = {}): NewEvent {
  return { type: 'job.completed', opcoId: 'opco-ep', subject: 'job:1', data: {}, ...event } as unknown as NewEvent;
}
