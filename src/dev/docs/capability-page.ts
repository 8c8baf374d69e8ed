import { capabilityLines, type CapabilityLine } from '../../core/contract/capability.js';
import { endpointNames, type Capability, type EndpointName, type OpcoAdapter } from '../../core/endpoint.js';
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
  const rows = adapters.map((adapter) => [`\`${adapter.id}\``, ...endpointNames.map((name) => cellsOf(adapter, name))]);
  return `# What each OPCO can do

Generated from the adapters by \`npm run docs\`; do not edit. What says \`oui\` is served. What says \`test\` or \`?\` (nobody said) is
served only where the operator names it in \`OPCOVIA_ENABLED_CAPABILITIES\`, as \`opco-2i:depositDocument\`, or as
\`opco-ep:dossier-v2\` for a version on trial beside the one in production. Everything else answers 501 \`NOT_SUPPORTED\` with the
note. The same data answers \`GET /capabilities\`.

${line(head)}
${line(head.map(() => '---'))}
${rows.map(line).join('\n')}

## Notes

${adapters.map(notesOf).join('\n\n')}
`;
}

function cellsOf(adapter: OpcoAdapter, name: EndpointName): string {
  const lines = capabilityLines(adapter).filter(({ endpoint }) => endpoint === name);
  return lines.map(cell).join(', ');
}

function cell({ state, norm }: CapabilityLine): string {
  return state !== 'absent' && norm ? `${marks[state]} (${norm})` : marks[state];
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function notesOf(adapter: OpcoAdapter): string {
  const notes = capabilityLines(adapter).flatMap(({ endpoint, state, norm, note, since }) => {
    const text = [note, since && `Depuis ${since}.`].filter(Boolean).join(' ');
    const version = state === 'test' && norm ? ` (${norm}, test)` : '';
    return text ? [`- \`${endpoint}\`${version} : ${text}`] : [];
  });
  return [`### ${adapter.label} (\`${adapter.id}\`)`, '', ...(notes.length > 0 ? notes : ['Rien à signaler.'])].join(
    '\n',
  );
}
