import { type ChildProcess, spawn } from 'node:child_process';

const ANSWER_MS = 300_000;

/**
 * Runs a program at a terminal of 80 columns and types an answer whenever the screen shows what it belongs to. `enter` is how a
 * program is run there (`nsenter` and its arguments). Returns what the screen showed, and the exit code.
 */
export function atATerminal(
  enter: readonly string[],
  command: string,
  answers: readonly (readonly [shown: RegExp, typed: string])[],
): Promise<{ screen: string; code: number | null }> {
  const [program, ...args] = [...enter, 'script', '-qec', `stty cols 80; ${command}`, '/dev/null'];
  const child: ChildProcess = spawn(program!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const left = [...answers];
  let screen = '';
  let from = 0;
  child.stdout!.on('data', (data) => {
    screen += data;
    const [next] = left;
    const found = next?.[0].exec(screen.slice(from));
    if (!next || !found) return;
    from += found.index + found[0].length;
    left.shift();
    child.stdin!.write(`${next[1]}\r`);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(timer);
      const text = screen.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '');
      resolve({ screen: text, code });
    }),
  );
}
