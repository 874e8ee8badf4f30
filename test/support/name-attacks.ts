import { rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Attacker, type Kind, kinds, type Names } from './names.js';
import type { Lab } from './pbx/pbx.js';
import { tone } from './pbx/sources.js';
import { seconds, until } from './recorder.js';

export const allKinds = Object.keys(kinds) as Kind[];
export type Attack = { who: Attacker; kind: Kind; path: string };

/** The dashboard makes and replaces what it serves, so nobody can tell that it was somebody in its place. */
const ownCertificate = ({ who, kind, path }: Attack): boolean =>
  who === 'dashboard' && kind === 'replaced' && basename(dirname(path)) === 'tls';

/** Makes calls from outside that last until they have been captured for a second. Each returns whether that was so. */
export function createCaller(carrier: Awaited<ReturnType<Lab['carrier']>>, names: Names) {
  return async (during = () => {}): Promise<boolean> => {
    const made = await carrier.call('5551000', { caller: { number: '+15550100' }, source: tone(700) });
    await made.answered;
    const captured = await names.captured();
    await seconds(1);
    during();
    await made.hangup();
    return captured;
  };
}

/**
 * Tries each of these on a recorder that runs. What the user may not do has changed nothing, and counts as tried. After what
 * they may do: nothing that is the recorder's is destroyed, a call is captured while it runs on or once its unit has started it
 * again, it starts again after a kill, and an alarm names the file. Returns the findings: what was not so.
 */
export async function tryNames(
  names: Names,
  /** Of the names that there are once something was recorded. */
  choose: (paths: string[]) => Attack[],
  { call, say = () => {} }: { call: () => Promise<boolean>; say?: (text: string) => void },
): Promise<{ tried: number; done: number; findings: string[] }> {
  const findings: string[] = [];
  let done = 0;
  await names.start();
  await call();
  const recorded = await until('a recording', () => names.treasure().length > 1 && names.treasure());
  const attacks = choose(names.names());
  await names.stop();
  const putBack = names.keep();
  await names.start();

  for (const { who, kind, path } of attacks) {
    const what = `${path.slice(names.data.length + 1) || 'the data directory'}, ${kind}, by the user of ${who}`;
    if (!names.attack(who, kind, path)) continue;
    done += 1;
    const add = (fault: string) => findings.push(`${what}: ${fault}`);
    const restart = async () => {
      const code = await names.start();
      if (code !== null) add(`it does not start again: ${code}: ${names.lastWords()}`);
      return code === null;
    };
    // Its sound is what has to be kept; a catalogue that was cut to nothing cannot say whose it is.
    if (!(await call())) add('a call was not captured');
    const told = async () => {
      const alarms = (await names.status())?.alarms ?? [];
      return alarms.some((alarm) => alarm.message.includes(basename(path)));
    };
    let named = await told();
    await names.kill();
    const up = await restart();
    named ||= up && (await until('the alarm', told).catch(() => false));
    if (!named && !ownCertificate({ who, kind, path })) add('no alarm names it');
    const now = new Set(names.treasure());
    for (const one of recorded) if (!now.has(one)) add(`destroyed: ${one}`);
    say(`${what}: ${findings.filter((f) => f.startsWith(what)).join('; ') || 'stood'}`);
    await names.kill();
    putBack();
    await names.start();
  }
  await names.stop();
  return { tried: attacks.length, done, findings };
}

/** The journal of a capture is no name of ours, so nobody has to be told of it. */
const nobodys: Kind = 'journal beside it';

/**
 * Tries each kind on a capture in Asterisk's spool while it is being written. After what the user may do: nothing that is the
 * recorder's is destroyed, the recorder runs on and captures the next call, and an alarm names the file or the call counts as
 * partial. Returns the findings: what was not so.
 */
export async function trySpool(
  names: Names,
  who: Attacker,
  chosen: readonly Kind[],
  { call, say = () => {} }: { call: (during?: () => void) => Promise<boolean>; say?: (text: string) => void },
): Promise<{ tried: number; done: number; findings: string[] }> {
  const findings: string[] = [];
  let done = 0;
  await names.start();
  await call();
  const recorded = await until('a recording', () => names.treasure().length > 1 && names.treasure());
  for (const kind of chosen) {
    const emptied = () => names.captures().length === 0;
    await until('an empty spool', emptied);
    let path = '';
    let possible = false;
    await call(() => {
      path = names.captures()[0]!;
      possible = names.attack(who, kind, path);
    });
    if (!possible) continue;
    done += 1;
    const what = `a capture, ${kind}, by the user of ${who}`;
    const told = async () => {
      const alarms = (await names.status())?.alarms ?? [];
      return alarms.some(({ message }) => message.includes(basename(path))) || names.newest() === 'partial';
    };
    if (kind !== nobodys && !(await until('it is told', told).catch(() => false)))
      findings.push(`${what}: nobody is told`);
    if (!names.running()) findings.push(`${what}: the recorder ended: ${names.lastWords()}`);
    rmSync(path, { recursive: true, force: true });
    rmSync(`${path}-journal`, { force: true });
    await until('an empty spool', emptied).catch(() => findings.push(`${what}: captures are left over`));
    if (!(await call())) findings.push(`${what}: the next call was not captured`);
    const now = new Set(names.treasure());
    for (const one of recorded) if (!now.has(one)) findings.push(`${what}: destroyed: ${one}`);
    say(`${what}: ${findings.filter((f) => f.startsWith(what)).join('; ') || 'stood'}`);
  }
  await names.stop();
  return { tried: chosen.length, done, findings };
}
