import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fail } from '../../domain/error.js';

/**
 * A new password: from a file, from standard input when that is not a terminal, or typed twice without an echo.
 * One line end at the end does not belong to it. Throws `request_invalid`.
 */
export async function newPassword(file: string | undefined): Promise<string> {
  if (file !== undefined || !process.stdin.isTTY) {
    try {
      // As a stream: a pipe that does not block has nothing to read yet, which is no fault.
      const given = file === undefined ? await text(process.stdin) : readFileSync(file, 'utf8');
      return given.replace(/\r?\n$/, '');
    } catch (e) {
      throw fail('request_invalid', `The password cannot be read: ${(e as Error).message}`, e);
    }
  }
  const first = await ask('Password: ');
  if ((await ask('Once more: ')) !== first) throw fail('request_invalid', 'The two are not the same.');
  return first;
}

/** Asks at the console; what is typed is not shown. */
export async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question); // only now does the terminal show nothing of what is typed
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(fail('request_invalid', 'No password was given.')));
    });
  } finally {
    lines.removeAllListeners('close');
    lines.close();
    process.stderr.write('\n');
  }
}

/**
 * Says what is about to happen and has `word` typed before it does. Throws `request_invalid` when something else was typed,
 * or when there is nobody to ask.
 */
export async function confirm(word: string, what: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw fail('request_invalid', `Nothing was changed. ${what}\nTo go on without being asked, add --yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(`${what}\nType "${word}" to go on: `);
    if (typed.trim() !== word) throw fail('request_invalid', 'Nothing was changed.');
  } finally {
    lines.close();
  }
}
