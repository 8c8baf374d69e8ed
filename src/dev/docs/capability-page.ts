import { endpointNames, type Capability, type OpcoAdapter } from '../../core/endpoint.js';
import { adapters } from '../../opco/adapters.js';

const marks: Readonly<Record<Capability['state'], string>> = {
  supported: 'oui',
  test: 'test',
  unknown: '?',
  absent: 'non',
};

/** `docs/opcos.md`: what each OPCO can do, from the data that the product itself goes by. */
export function capabilityPage(): string {
  const head = ['OPCO', ...endpointNames.map((name) => `\`${name}\``)];
  const rows = adapters.map((adapter) => [
    `\`${adapter.id}\``,
    ...endpointNames.map((name) => cell(adapter.capabilities[name])),
  ]);
  return `# What each OPCO can do

Generated from the adapters by \`npm run docs\`; do not edit. Only what says \`oui\` is served; everything else answers 501
\`NOT_SUPPORTED\` with the note. The same data answers \`GET /capabilities\`.

${line(head)}
${line(head.map(() => '---'))}
${rows.map(line).join('\n')}

## Notes

${adapters.map(notesOf).join('\n\n')}
`;
}

function cell({ state, norm }: Capability): string {
  return state === 'supported' && norm ? `${marks[state]} (${norm})` : marks[state];
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function notesOf(adapter: OpcoAdapter): string {
  const notes = endpointNames.flatMap((name) => {
    const { note, since } = adapter.capabilities[name];
    const text = [note, since && `depuis ${since}`].filter(Boolean).join(' ; ');
    return text ? [`- \`${name}\` : ${text}`] : [];
  });
  return [`### ${adapter.label} (\`${adapter.id}\`)`, '', ...(notes.length > 0 ? notes : ['Rien à signaler.'])].join(
    '\n',
  );
}
