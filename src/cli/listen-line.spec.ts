import { eventCatalogue } from '../core/contract/event-catalogue.js';
import type { OpcoviaEvent } from '../core/contract/webhook.js';
import { lineOf } from './listen-line.js';

const examples = (eventCatalogue() as unknown as { example: OpcoviaEvent }[]).map(({ example }) => example);
const example = (event: string) => examples.find((each) => each.event === event) as OpcoviaEvent;

describe('lineOf', () => {
  it('says every event of the catalogue on one line, without a hole in it', () => {
    for (const each of examples) {
      expect(lineOf(each)).toContain(`n° ${each.sequence}  ${each.timestamp}  ${each.event}  ${each.opcoId}  `);
      expect(lineOf(each)).not.toMatch(/undefined|null|NaN|\[object|\n/);
    }
  });

  it('says what moved', () => {
    expect(lineOf(example('dossier.etat_changed'))).toMatch(/dossier INT-0001 : TRANSMIS → ENGAGE$/);
    expect(lineOf(example('job.completed'))).toMatch(/dépôt dossiers 550e8400-\S+ pris en compte/);
  });

  it('lets no OPCO steer the terminal', () => {
    const data = { numeroInterne: '\u001b[2J\r\n\u202e', before: 'A', after: 'B', changes: [] };
    expect(lineOf({ ...example('dossier.etat_changed'), data })).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('names a type that it does not know', () => {
    const unknown = { ...example('webhook.test'), event: 'dossier.enchanted', data: {} } as unknown as OpcoviaEvent;
    expect(lineOf(unknown)).toMatch(/dossier\.enchanted {2}opcovia$/);
  });
});
