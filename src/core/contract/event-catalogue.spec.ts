import { EventJudge } from '../../../test/support/event-judge.js';
import { eventTypes } from '../events.js';
import { compileContract } from './check.js';
import { eventCatalogue, eventNotes, eventSchema } from './event-catalogue.js';
import { eventData } from './event-data.js';

describe('the catalogue of events', () => {
  const catalogue = eventCatalogue();

  it('knows every type, each once, and no other', () => {
    expect(catalogue.map(({ event }) => event)).toEqual(eventTypes);
    expect(Object.keys(eventData).sort()).toEqual([...eventTypes].sort());
    expect(Object.keys(eventNotes)).toEqual(eventTypes);
  });

  it.each(catalogue.map((each) => [each.event, each] as const))('shows an example of %s that holds', (type, each) => {
    expect(new EventJudge().faults(each.example)).toEqual([]);
    expect(compileContract(eventSchema(type)).check(each.example)).toEqual([]);
    expect(Object.keys(each.example)).toEqual(['event', 'opcoId', 'timestamp', 'data', 'id', 'sequence']);
  });

  it('publishes schemas that stand alone, refuse an event of another type, and let new members in', () => {
    for (const { event, schema, example } of catalogue) {
      expect(JSON.stringify(schema)).not.toMatch(/"\$(ref|id)"|"x-/);
      const { holds } = compileContract(schema);
      expect(holds({ ...example, event: 'other' })).toBe(false);
      expect(holds({ ...example, data: { ...(example['data'] as object), later: 1 } })).toBe(true);
      expect([event, holds({ ...example, data: {} })]).toEqual([event, false]);
    }
  });
});
