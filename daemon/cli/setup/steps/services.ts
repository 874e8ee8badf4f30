import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { fail } from '../../../domain/error.js';
import type { Run } from '../../../ops/process/run-program.js';
import { probeAmi, probeAri } from '../../../pbx/probe.js';
import type { Plan } from '../plan/change.js';
import type { Secrets } from '../plan/plan-asterisk.js';

/** In the order in which they start. */
export const UNITS = [
  'tapedeck-encoder.socket',
  'tapedeck-encoder.service',
  'tapedeck-web-restart.path',
  'tapedeck.service',
  'tapedeck-web.service',
];
const START_MS = 180_000;
const REACH_MS = 20_000;
const AGAIN_MS = 500;

/** Waits until ARI and AMI take the accounts that setup has made. Returns ARI's version. Throws `setup_failed`. */
export async function reachPbx(reach: Plan['reach'], secrets: Secrets, running: boolean): Promise<string> {
  const until = Date.now() + REACH_MS;
  const log = pino({ level: 'silent' });
  let why = '';
  do {
    const ari = await probeAri(reach.ariUrl, 'tapedeck', secrets.ari);
    if (ari.status === 200) {
      const { amiHost: host, amiPort: port } = reach;
      const failed = await probeAmi({ host, port, user: 'tapedeck', secret: secrets.ami, log }).then(
        () => '',
        (e: Error) => e.message,
      );
      if (failed === '') return ari.version;
      why = `AMI at ${host}:${port}: ${failed}`;
    } else why = `ARI at ${reach.ariUrl}: ${ari.error || `status ${ari.status}`}.`;
    await delay(AGAIN_MS);
  } while (Date.now() < until);
  throw fail(
    'setup_failed',
    `The PBX does not answer as it was set up. ${why} ${
      running
        ? "Look at \"asterisk -rx 'http show status'\" and Asterisk's log."
        : 'Asterisk does not run: start it.'
    }`,
  );
}

/** Enables and starts the units. They are restarted if they run: what they read has changed. Throws `setup_failed`. */
export async function startUnits(run: Run, changed: boolean): Promise<void> {
  const must = async (...args: string[]) => {
    const { code, out } = await run('systemctl', args, START_MS);
    if (code !== 0) throw fail('setup_failed', `"systemctl ${args.join(' ')}": ${out.trim()}`);
  };
  await must('daemon-reload');
  await must('enable', ...UNITS);
  await must(changed ? 'restart' : 'start', ...UNITS);
}

/** Stops and disables the units, those that are there. */
export async function stopUnits(run: Run): Promise<void> {
  await run('systemctl', ['disable', '--now', ...UNITS.toReversed()], START_MS);
}

/** Runs `tapedeck` in a process of its own, which may give up root. */
export const tapedeckCommand =
  (run: Run, config: string) =>
  (args: readonly string[], timeoutMs = 120_000) =>
    run(process.execPath, [...process.execArgv, process.argv[1]!, '--config', config, ...args], timeoutMs);
export type Tapedeck = ReturnType<typeof tapedeckCommand>;

export type Checked = { passed: number; warned: string[]; failed: string[] };

/** Returns what `tapedeck doctor` finds. */
export async function runDoctor(tapedeck: Tapedeck): Promise<Checked> {
  const { out } = await tapedeck(['doctor', '--json']);
  type Found = { check: string; state: string; says: string; todo: string };
  const found = jsonIn<Found[]>(out) ?? [];
  if (found.length === 0) return { passed: 0, warned: [], failed: [out.trim().slice(0, 400)] };
  const of = (state: string) =>
    found.filter((one) => one.state === state).map((one) => `${one.check}: ${one.says} ${one.todo}`);
  return { passed: of('ok').length, warned: of('warn'), failed: of('fail') };
}

/** Makes a test call once recorder and dashboard are there. Returns whether it was good, and what was said. */
export async function makeTestCall(tapedeck: Tapedeck): Promise<{ good: boolean; says: string }> {
  const until = Date.now() + REACH_MS;
  for (;;) {
    const { code, out } = await tapedeck(['test-call']);
    const says = out.trim().split('\n')[0] ?? '';
    if (code === 0 || Date.now() > until) return { good: code === 0, says };
    await delay(AGAIN_MS * 4);
  }
}

/** Returns the JSON in what a program printed, warnings before it left out. */
export function jsonIn<T>(out: string): T | null {
  const at = out.search(/[[{]/);
  if (at < 0) return null;
  try {
    return JSON.parse(out.slice(at)) as T;
  } catch {
    return null;
  }
}
