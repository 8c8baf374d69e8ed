import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Terminal } from './command.js';

/** The terminal of a person, or the pipe of a script: a secret is one line of standard input, never shown. */
export function standardTerminal(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Terminal {
  return {
    print: (line) => void output.write(`${line}\n`),
    readSecret: async (question) => {
      if (input.isTTY) output.write(question);
      // The line editor writes what is typed: into nothing.
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      const lines = createInterface({ input, output: nowhere, terminal: input.isTTY });
      try {
        for await (const line of lines) return line.trim();
        return '';
      } finally {
        lines.close();
        if (input.isTTY) output.write('\n');
      }
    },
  };
}
