import { Env } from '../../platform/config/env.js';
import { settingNotes, type SettingNote } from '../../platform/config/setting.js';

/** `docs/configuration.md`: every variable, its default and its sentence. */
export function configurationPage(): string {
  const rows = settingNotes().map(
    (note) => `| \`${note.name}\` | ${defaultOf(note)} | ${note.about}${fileNote(note)} |`,
  );
  return `# Configuration

Generated from \`src/platform/config/env.ts\` by \`npm run docs\`; do not edit. A bad value stops the start with its name, never
its value; all faults are listed at once. An empty variable counts as absent. Secrets may come from a file instead.

| Variable | Default | Meaning |
|---|---|---|
${rows.join('\n')}

The sandbox alone (\`npm run sandbox\`) also reads the variables of [sandbox.md](sandbox.md).
`;
}

/** `.env.example`: the same variables, commented out with their defaults. */
export function envExample(): string {
  const blocks = settingNotes().map((note) => `# ${note.about}\n# ${note.name}=${plainDefault(note)}`);
  return `# Generated from src/platform/config/env.ts by npm run docs; do not edit. See docs/configuration.md.\n\n${blocks.join('\n\n')}\n`;
}

const defaults = new Env();

function plainDefault({ name }: SettingNote): string {
  const value: unknown = defaults[name as keyof Env];
  return value === undefined ? '' : String(value);
}

function defaultOf(note: SettingNote): string {
  const value = plainDefault(note);
  return value === '' ? '' : `\`${value}\``;
}

function fileNote({ name, secret }: SettingNote): string {
  return secret ? ` Secret; or a file named by \`${name}_FILE\`.` : '';
}
