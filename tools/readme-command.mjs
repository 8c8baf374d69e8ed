import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Prints the command that README.md shows in the fenced block after `<!-- command:NAME -->`.

const name = process.argv[2] ?? '';
const readme = join(dirname(fileURLToPath(import.meta.url)), '../README.md');
const text = existsSync(readme) ? readFileSync(readme, 'utf8') : '';
const block = new RegExp(`<!-- command:${name} -->\\s*\`\`\`[a-z]*\\n([\\s\\S]*?)\\n\\s*\`\`\``).exec(text);
if (!block) {
  process.stderr.write(`README.md shows no block after <!-- command:${name} -->\n`);
  process.exit(1);
}
process.stdout.write(`${block[1].trim()}\n`);
