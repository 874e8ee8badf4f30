import { createInterface, type Interface } from 'node:readline/promises';
import { fail } from '../../../domain/error.js';
import { printable } from '../../../domain/printable.js';
import { plainTerminal } from '../../../ops/process/environment.js';
import { ask } from '../../common/ask.js';

const LABEL = 14;
const WIDTH = 78;

/** How setup speaks with an administrator: plain text, with bold and dim only on a terminal that has them. */
export function createTerminal({
  out = (text: string) => void process.stdout.write(text),
  input = process.stdin,
  tty = Boolean(process.stdin.isTTY && process.stdout.isTTY),
  plain = plainTerminal(),
} = {}) {
  const style = (code: number) => (text: string) =>
    plain ? printable(text) : `\u001b[${code}m${printable(text)}\u001b[0m`;
  const bold = style(1);
  const dim = style(2);
  let lines: Interface | null = null;
  /** That there are no more questions: Ctrl-C ends the process again. */
  function answered(): void {
    lines?.close();
    lines = null;
  }

  return {
    tty,
    /** A line of its own. */
    say: (text = ''): void => out(`${printable(text)}\n`),
    title: (text: string): void => out(`\n${bold(text)}\n\n`),
    /** A sentence under something, in lines that an 80-column terminal holds. */
    note(text: string): void {
      for (const line of wrapped(text, WIDTH - 2)) out(`  ${dim(line)}\n`);
    },
    /** What something is, and its value in a column of its own. */
    row(label: string, value: string): void {
      const [first = '', ...rest] = wrapped(value, WIDTH - 2 - LABEL);
      out(`  ${dim(label.padEnd(LABEL))}${printable(first)}\n`);
      for (const line of rest) out(`  ${' '.repeat(LABEL)}${printable(line)}\n`);
    },
    step(done: string, detail = ''): void {
      out(`  ${done.padEnd(32)}${detail === '' ? '' : dim(detail)}\n`);
    },
    /** A line of a unified diff. */
    diff(line: string): void {
      const code = line.startsWith('+') ? 32 : line.startsWith('-') ? 31 : 2;
      out(`  ${style(code)(line)}\n`);
    },
    /** Asks, and returns what was typed, or the default. Throws `setup_answers` when nobody answers. */
    async ask(question: string, otherwise = ''): Promise<string> {
      lines ??= createInterface({ input, output: process.stdout });
      const asked = lines;
      let refuse = () => {};
      const ended = new Promise<never>((_, reject) => {
        refuse = () => reject(fail('setup_answers', 'The input ended before all was answered.'));
        asked.once('close', refuse);
      });
      const shown = otherwise === '' ? '' : ` [${otherwise}]`;
      try {
        return (await Promise.race([asked.question(`  ${question}${shown}: `), ended])).trim() || otherwise;
      } finally {
        asked.off('close', refuse);
      }
    },
    /** Asks for what is not shown while it is typed. */
    secret(question: string): Promise<string> {
      answered();
      return ask(`  ${question}: `);
    },
    answered,
    /** Removes what stands on the screen, and what was scrolled out of it. */
    clear: (): void => void (tty && out('\u001b[2J\u001b[3J\u001b[H')),
  };
}
export type Terminal = ReturnType<typeof createTerminal>;

export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
