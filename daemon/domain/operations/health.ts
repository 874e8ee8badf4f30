import { FIRST, type PbxId } from '../pbx.js';
import type { NamedPbx } from '../place.js';
import type { Alarm, Severity } from './alarm.js';
import type { AlarmWhy, NewAlarmWhy } from './alarm-codes.js';
import { keyOf, named, pbxOfKey } from './alarm-pbx.js';

/** What health is judged by. Ages and times in ms; null where it is not known. */
export type HealthFacts = {
  pbxes: readonly PbxFacts[];
  eventLoopP99Ms: number | null;
  /** How long ago the call that waits longest for its recording to be made has ended. */
  preserveOldestMs: number | null;
  disk: { daysLeft: number | null } | null;
  catalogueFails: boolean;
  alarms: readonly Alarm[];
};
export type PbxFacts = NamedPbx & {
  ari: Link;
  ami: Link;
  /** Calls of the last quarter of an hour that should have been captured and could not be. */
  capturesFailed: number;
  testCall: { ok: boolean } | null;
};
/** Why something wrong might not be noticed, although nothing is known to be wrong. */
export type Reminder = { code: 'alerts_off' | 'test_calls_off'; message: string; hint: string };

/** `withoutTestCalls`: names of the PBXs that have no context for test calls. */
export function remindersOf(given: {
  channels: number;
  testCalls: 'on' | 'off';
  withoutTestCalls: readonly string[];
  several: boolean;
}): Reminder[] {
  const found: Reminder[] = [];
  if (given.channels === 0)
    found.push({
      code: 'alerts_off',
      message: 'Nobody is alerted when something goes wrong: no alert channel is configured.',
      hint: 'Configure [alerts] in tapedeck.toml, restart the recorder and run "tapedeck alert test".',
    });
  if (given.testCalls === 'off')
    found.push({
      code: 'test_calls_off',
      message: 'Test calls are off: nothing verifies end to end that calls are recorded and can be played.',
      hint: 'Set enabled = true in [test_calls] of tapedeck.toml and restart the recorder.',
    });
  const without = given.withoutTestCalls.join(', ');
  if (given.testCalls === 'on' && without !== '')
    found.push({
      code: 'test_calls_off',
      message: given.several
        ? `Test calls do not run on ${without}: the dialplan there has no context for them.`
        : 'Test calls do not run: the PBX has no context for them.',
      hint: 'Add the [tapedeck-test] context from asterisk-conf to the dialplan, and run "tapedeck test-call".',
    });
  return found;
}

/** `error`: what the link says is wrong, by its code; null where it does not. */
type Link = { up: boolean; error: string | null };

/** `pbx`: which one it is about; that of a problem of the machine is the first. */
export type Problem<W = AlarmWhy> = { code: ProblemCode; severity: Severity; pbx: PbxId; why: W };
export type Level = 'green' | 'amber' | 'red';

/** One fixed sentence for each, without a name, a number or an address: these are told to anybody who asks. */
const SAID = {
  daemon_down: 'The recorder is not responding: new calls may not be recorded.',
  pbx_down: 'The PBX is not responding: new calls are not recorded.',
  pbx_ari_down: 'The PBX is not responding over ARI: new calls are not recorded.',
  pbx_ami_down: 'The PBX is not responding over AMI: Tapedeck cannot see transfers, queues and busy lines.',
  event_loop_slow: 'The recorder is slow to react: recordings may lack the first words of a call.',
  captures_fail: 'Calls could not be captured in the last 15 minutes.',
  preserve_behind: 'Recordings are taking long to process.',
  disk_low: 'The disk will be full soon.',
  test_call_failed: 'The last test call failed.',
  recordings_damaged: 'Recordings failed the integrity check.',
  catalogue_fails: 'The catalogue cannot be read or written.',
  alarm: 'An alarm is active. Sign in to see it.',
} as const;
export type ProblemCode = keyof typeof SAID;

export const problemCodes = Object.keys(SAID) as ProblemCode[];

export const publicMessage = (code: ProblemCode): string => SAID[code];

/** What an alarm that somebody raised is about, by how its key begins; the first that fits. */
const TOPICS: readonly (readonly [prefix: string, code: ProblemCode])[] = [
  ['pbx_link', 'pbx_down'],
  ['disk', 'disk_low'],
  ['capture', 'captures_fail'],
  ['preserve', 'preserve_behind'],
  ['test', 'test_call_failed'],
  ['recording_', 'recordings_damaged'],
];
export const topicOf = (key: string): ProblemCode =>
  TOPICS.find(([prefix]) => key.startsWith(prefix))?.[1] ?? 'alarm';

/** Alarms that were raised because of a problem have keys that begin with this word. */
const OWN = 'health';
/** However the PBX fails, and whichever link comes back first, it is one alarm. */
const PBX: readonly ProblemCode[] = ['pbx_down', 'pbx_ari_down', 'pbx_ami_down'];

/** The key of the alarm that is raised because of a problem. */
export const alarmKey = (code: ProblemCode, pbx: PbxId): string =>
  keyOf(`${OWN} ${PBX.includes(code) ? 'pbx' : code}`, pbx);

/** The keys of all alarms that problems can raise where there are these PBXs. */
export const alarmKeys = (pbxes: readonly { id: PbxId }[]): ReadonlySet<string> =>
  new Set(problemCodes.flatMap((code) => pbxes.map(({ id }) => alarmKey(code, id))));

const isOwnAlarm = (key: string): boolean => key.split(' ')[0] === OWN;

const LOOP_MS = { warning: 250, critical: 1_000 };
const PRESERVE_MS = { warning: 30 * 60_000, critical: 6 * 3_600_000 };
const DISK_DAYS = { warning: 14, critical: 2 };
const CAPTURES = { warning: 1, critical: 3 };

/**
 * What is wrong, the worst first: the alarms that others have raised, and what the facts show besides. Red when anything
 * critical is among them, amber when anything is.
 */
export function judge(facts: HealthFacts): { level: Level; problems: Problem[] } {
  const others = facts.alarms
    .filter((a) => !isOwnAlarm(a.key))
    .map(({ key, severity, why }): Problem => ({ code: topicOf(key), severity, pbx: pbxOfKey(key), why }));
  const problems = [...unsaid(facts), ...others].sort((a, b) => rank(a) - rank(b));
  return { level: levelOf(problems), problems };
}

/** What the facts show and nobody has raised an alarm for. */
export function unsaid(facts: HealthFacts): Problem<NewAlarmWhy>[] {
  const others = facts.alarms.filter((a) => !isOwnAlarm(a.key));
  const said = new Set(others.map(({ key }) => alarmKey(topicOf(key), pbxOfKey(key))));
  return problemsOf(facts).filter((p) => !said.has(alarmKey(p.code, p.pbx)));
}

function levelOf(problems: readonly { severity: Severity }[]): Level {
  if (problems.some((p) => p.severity === 'critical')) return 'red';
  return problems.length > 0 ? 'amber' : 'green';
}

const rank = (p: Problem) => (p.severity === 'critical' ? 0 : 1);

/** The problems that the facts show, whatever alarms stand. */
function problemsOf(facts: HealthFacts): Problem<NewAlarmWhy>[] {
  const found: Problem<NewAlarmWhy>[] = [];
  type Wrong = NewAlarmWhy & { code: ProblemCode };
  const add = (severity: Severity | null, why: Wrong, pbx: NamedPbx | null = null) => {
    if (!severity) return;
    const said = pbx ? named(why, pbx, facts.pbxes.length > 1) : why;
    found.push({ code: why.code, severity, pbx: pbx?.id ?? FIRST, why: said });
  };
  for (const pbx of facts.pbxes) {
    const { ari, ami } = pbx;
    const down = ami.up ? 'pbx_ari_down' : 'pbx_down';
    add(ari.up ? null : 'critical', { code: down, params: { error: ari.error } }, pbx);
    const deaf = ami.up || !ari.up ? null : 'warning';
    add(deaf, { code: 'pbx_ami_down', params: { error: ami.error } }, pbx);
  }
  add(facts.catalogueFails ? 'critical' : null, { code: 'catalogue_fails', params: {} });
  for (const pbx of facts.pbxes)
    add(over(pbx.capturesFailed, CAPTURES), { code: 'captures_fail', params: {} }, pbx);
  add(over(facts.eventLoopP99Ms, LOOP_MS), { code: 'event_loop_slow', params: {} });
  add(over(facts.preserveOldestMs, PRESERVE_MS), { code: 'preserve_behind', params: {} });
  add(under(facts.disk?.daysLeft ?? null, DISK_DAYS), { code: 'disk_low', params: {} });
  for (const pbx of facts.pbxes)
    add(pbx.testCall?.ok === false ? 'critical' : null, { code: 'test_call_failed', params: {} }, pbx);
  return found;
}

type Limits = { warning: number; critical: number };
function over(value: number | null, limits: Limits): Severity | null {
  if (value === null || value < limits.warning) return null;
  return value < limits.critical ? 'warning' : 'critical';
}
function under(value: number | null, limits: Limits): Severity | null {
  if (value === null || value > limits.warning) return null;
  return value > limits.critical ? 'warning' : 'critical';
}
