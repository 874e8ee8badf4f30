import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Pbx } from '../../support/pbx/pbx.js';
import type { Phone } from '../../support/pbx/phone.js';
import { until, seconds as wait } from '../../support/recorder.js';
import { processorTime } from '../processor.js';

const run = promisify(execFile);

/** Seconds of processor time of a process and all its children, also of those that run. */
export function familyTime(pid: number): number {
  const { own, children } = processorTime(pid);
  const alive = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return own + children + alive.reduce((sum, child) => sum + timeOf(Number(child)), 0);
}

function timeOf(pid: number): number {
  try {
    return familyTime(pid);
  } catch {
    return 0; // it has ended, and is among the children that have
  }
}

/** % of a core for each second of each call. */
export type Cost = { asterisk: number; recorder: number; encoding: number };

/**
 * Calls with two parties through the PBX, one after the other way of recording them. `dial` places one. What Asterisk needs
 * with no call is left out.
 */
export async function costOf(
  pbx: Pbx,
  dial: () => ReturnType<Phone['call']>,
  { calls, seconds }: { calls: number; seconds: number },
  way: { recorder?: number; begin?: () => Promise<void>; end?: () => Promise<number> },
): Promise<Cost> {
  const now = () => ({
    at: performance.now() / 1_000,
    asterisk: processorTime(pbx.pid!).own,
    recorder: way.recorder === undefined ? 0 : familyTime(way.recorder),
  });
  const still = now();
  await wait(8);
  const idle = now();
  const per = (what: 'asterisk' | 'recorder') => (idle[what] - still[what]) / (idle.at - still.at);
  const quiet = { asterisk: per('asterisk'), recorder: per('recorder') };
  const placed = await Promise.all(Array.from({ length: calls }, dial));
  await Promise.all(placed.map((call) => call.answered));
  await way.begin?.();
  const before = now();
  await wait(seconds);
  const full = now();
  await Promise.all(placed.map((call) => call.hangup()));
  const encoding = (await way.end?.()) ?? 0;
  const after = now();
  const sound = calls * (full.at - before.at);
  const used = (what: 'asterisk' | 'recorder', until: ReturnType<typeof now>) =>
    ((until[what] - before[what] - quiet[what] * (until.at - before.at)) / sound) * 100;
  return {
    asterisk: used('asterisk', full),
    recorder: used('recorder', after),
    encoding: (encoding / sound) * 100,
  };
}

/** Encodes one of MixMonitor's files as admins of FreePBX do it, and as Tapedeck encodes. Nothing is kept of it. */
export async function encode(wav: string): Promise<void> {
  await run('opusenc', ['--quiet', '--speech', '--bitrate', '24', '--comp', '3', wav, `${wav}.opus`]);
  rmSync(`${wav}.opus`);
}

/** Has Asterisk's MixMonitor record each call that is up, and encodes its files afterwards. */
export const mixMonitor = (pbx: Pbx, caller: string) => {
  const folder = join(pbx.spoolDir, 'monitor');
  const ours = () => readdirSync(folder).filter((file) => file.startsWith('bench-'));
  return {
    async begin(): Promise<void> {
      const channels = await pbx.ask<{ name: string }[]>('/channels');
      const callers = channels.filter(({ name }) => name.startsWith(`PJSIP/${caller}-`));
      for (const [n, { name }] of callers.entries())
        await pbx.cli(`mixmonitor start ${name} ${join(folder, `bench-${n}.wav`)}`);
    },
    /** Seconds of processor time that encoding takes. */
    async end(): Promise<number> {
      await until(
        'the end of the calls',
        async () => (await pbx.ask<unknown[]>('/channels')).length === 0,
        30_000,
      );
      const before = processorTime(process.pid).children;
      for (const file of ours()) {
        const wav = join(folder, file);
        await encode(wav);
        rmSync(wav);
      }
      return processorTime(process.pid).children - before;
    },
  };
};
