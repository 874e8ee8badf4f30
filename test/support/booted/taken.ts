import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Machine } from './machine.js';

export type Tried = { name: string; came: string; told?: unknown };

const triesOf = (text: string): Tried[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Tried);

/** A word of a unit's ExecStart= line: specifiers, variables, quotes and backslashes stand for themselves. */
const quoted = (word: string): string =>
  `"${word.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/**
 * Runs another program as a unit: a drop-in takes the place of its program and changes nothing else but how it is waited for.
 * Returns what was tried. The unit is stopped afterwards, and is what it was.
 */
export async function tryInUnit(
  machine: Machine,
  unit: string,
  program: string[],
  given: object,
): Promise<Tried[]> {
  const { path, must, inside } = machine;
  const dir = path(`/run/systemd/system/${unit}.d`);
  mkdirSync(dir, { recursive: true });
  mkdirSync(path('/run/lab'), { recursive: true, mode: 0o700 });
  const dropIn = `${dir}/taken.conf`;
  // What its own program is started by, which takes something away too.
  const text = readFileSync(path(`/usr/lib/systemd/system/${unit}`), 'utf8');
  const before = (/^ExecStart=(.*?)\/usr\/lib\/tapedeck\/bin\/node /m.exec(text)?.[1] ?? '')
    .split(' ')
    .filter(Boolean);
  // systemd opens the file before it takes anything away.
  const lines = [
    ...['Type=oneshot', 'Restart=no', 'WatchdogSec=0', 'TimeoutStartSec=5min', 'ExecStart='],
    `ExecStart=${[...before, ...program].join(' ')} ${quoted(JSON.stringify(given))}`,
    ...['StandardOutput=truncate:/run/lab/tries', 'StandardError=journal'],
  ];
  writeFileSync(dropIn, `[Service]\n${lines.join('\n')}\n`);
  await must('systemctl', 'stop', unit);
  await must('systemctl', 'daemon-reload');
  const { code, out } = await inside('systemctl', 'start', unit);
  const tries = triesOf(readFileSync(path('/run/lab/tries'), 'utf8'));
  const log = code === 0 ? '' : (await inside('journalctl', '-u', unit, '-n', '30', '-o', 'cat')).out;
  rmSync(dropIn);
  await must('systemctl', 'daemon-reload');
  await inside('systemctl', 'reset-failed', unit);
  if (code !== 0) throw new Error(`${unit} did not run the tries to their end: ${out}${log}`);
  return tries;
}

/** The same program as root, without a unit's restrictions: what can be done at all. */
export async function tryAsRoot(machine: Machine, argv: string[], given: object): Promise<Tried[]> {
  const unconfined = ['systemd-run', '--quiet', '--pipe', '--wait', '--collect'];
  return triesOf(await machine.must(...unconfined, ...argv, JSON.stringify(given)));
}
