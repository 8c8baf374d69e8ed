import { asyncApiDocument } from '../../core/contract/asyncapi.js';
import { eventCatalogue, type PublishedEvent } from '../../core/contract/event-catalogue.js';

/** `docs/events.md`: every type of event, from the schemas that the product itself goes by. */
export function eventsPage(): string {
  const events = eventCatalogue();
  return `# Events

Generated from \`src/core/contract/event-data.ts\` by \`npm run docs\`; do not edit. The same catalogue answers \`GET /events/types\`, as JSON
Schema; [asyncapi.json](asyncapi.json) is the AsyncAPI 3.0 document, also at \`GET /doc/asyncapi\`. How events are signed and delivered:
[webhooks.md](webhooks.md).

Every event is \`{"event", "opcoId", "timestamp", "data", "id", "sequence"}\`; \`opcoId\` is \`opcovia\` where no OPCO is meant. New members may
appear in \`data\`: ignore what you do not know. *(later)* marks a type that this version does not make yet.

| Event | When |
|---|---|
${events.map(({ event, about, emitted }) => `| [\`${event}\`](#${anchorOf(event)}) | ${about}${emitted ? '' : ' *(later)*'} |`).join('\n')}

${events.map(section).join('\n')}`;
}

/** `docs/asyncapi.json`, as `GET /doc/asyncapi` serves it. */
export function asyncApiPage(): string {
  return `${JSON.stringify(asyncApiDocument(), null, 2)}\n`;
}

const anchorOf = (event: string) => event.replaceAll('.', '');

interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

function section({ event, about, schema, example }: PublishedEvent): string {
  const data = (schema['properties'] as Record<string, Field>)['data'] ?? {};
  return `## ${event}

${about}

| \`data\` | Type | |
|---|---|---|
${fieldsOf(data, '').join('\n')}

\`\`\`json
${JSON.stringify(example)}
\`\`\`
`;
}

/** One row per field, those of an object or of the rows of a list below it. */
function fieldsOf({ properties = {}, required = [] }: Field, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = required.includes(name) ? '' : ', may be absent';
    const row = `| \`${path}\` | ${typeOf(field)}${optional} | ${describe(field)} |`;
    return [row, ...fieldsOf(field, `${path}.`), ...(field.items ? fieldsOf(field.items, `${path}[].`) : [])];
  });
}

function typeOf({ type, format, anyOf, items }: Field): string {
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (items) return 'list';
  return format ? `${type} (${format})` : (type ?? 'any');
}

function describe(field: Field): string {
  const codes = field.enum && field.enum.length > 1 ? field.enum.map((each) => `\`${String(each)}\``).join(', ') : '';
  const text = field.description ?? field.anyOf?.find(({ description }) => description)?.description ?? '';
  return [text, codes].filter(Boolean).join(' : ');
}
