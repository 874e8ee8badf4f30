import { fail } from '../error.js';
import type { Limit, RetentionRule } from '../retention/rule.js';
import type { Override, Telling } from '../telling/schema.js';
import { CONDITIONS } from './conditions.js';
import type { KeepRule, Policy, RecordRule } from './policy.js';

export const controlledActs = ['shorten_retention', 'erase'] as const;
export type ControlledAct = (typeof controlledActs)[number];

/** The acts that need a second person by one policy and no longer by the next. */
export const controlsOff = (before: Policy, after: Policy): ControlledAct[] =>
  controlledActs.filter((act) => before.approvals?.[act] === true && after.approvals?.[act] !== true);

/**
 * What is different, one line each. Rules are known by their names. Numbers of outside parties that stand in a rule are
 * counted, not written: these lines go where they stay for good.
 */
export function policyChanges(before: Policy, after: Policy): string[] {
  const lines: string[] = [];
  for (const part of ['record', 'retention', 'keep'] as const)
    lines.push(...listChanges(part, before[part] ?? [], after[part] ?? [], ruleChanges, 'rules'));
  lines.push(...listChanges('limits', before.limits ?? [], after.limits ?? [], ruleChanges, 'limits'));
  const kept = [before, after].map(({ metadata_days: days }) =>
    days === undefined ? 'forever' : `${days} days`,
  );
  if (kept[0] !== kept[1]) lines.push(`metadata_days: names and numbers stay ${kept[0]} -> ${kept[1]}`);
  for (const act of controlledActs) {
    const [was, is] = [before, after].map(({ approvals }) => approvals?.[act] === true);
    if (was !== is) lines.push(`approvals: ${act} ${is ? 'needs' : 'no longer needs'} a second person`);
  }
  lines.push(...listChanges('groups', before.groups ?? [], after.groups ?? [], partChanges, 'groups'));
  const days = [before, after].map(({ holidays = [] }) =>
    holidays.map(({ date, name }) => `${date} ${name}`),
  );
  const [was, is] = days as [string[], string[]];
  for (const day of is.filter((one) => !was.includes(one))) lines.push(`holidays: "${day}" is new`);
  for (const day of was.filter((one) => !is.includes(one))) lines.push(`holidays: "${day}" is gone`);
  if (before.telling && !after.telling) lines.push('telling: people are told in another way now');
  if (after.telling && !before.telling) lines.push('telling: Tapedeck tells people now');
  const told = tellingChanges(before.telling ?? {}, after.telling ?? {});
  if (after.telling && told.length > 0) lines.push(`telling: ${told.join(', ')}`);
  const limits = [before, after].map(({ mask }) => (mask ? `${mask.resume_after_s} s` : 'the default'));
  if (limits[0] !== limits[1]) lines.push(`mask: ends by itself after ${limits[0]} -> ${limits[1]}`);
  const older = [before, after].map(({ redaction }) => redaction?.older ?? 'as each redaction says');
  if (older[0] !== older[1]) lines.push(`redaction: earlier versions ${older[0]} -> ${older[1]}`);
  const numbers = [before, after].map((p) => p.emergency_numbers.join(', '));
  if (numbers[0] !== numbers[1]) lines.push(`emergency_numbers: ${numbers[0]} -> ${numbers[1] || 'none'}`);
  return lines;
}

function listChanges<R extends { name: string }>(
  part: string,
  before: readonly R[],
  after: readonly R[],
  changes: (was: R, is: R) => string[],
  what: string,
): string[] {
  const lines: string[] = [];
  const old = new Map(before.map((r) => [r.name, r]));
  const now = new Map(after.map((r) => [r.name, r]));
  for (const [name, rule] of now) {
    const was = old.get(name);
    if (!was) lines.push(`${part}: "${name}" is new`);
    else if (JSON.stringify(was) !== JSON.stringify(rule))
      lines.push(`${part}: "${name}" is changed: ${changes(was, rule).join(', ')}`);
  }
  for (const name of old.keys()) if (!now.has(name)) lines.push(`${part}: "${name}" is gone`);
  if (lines.length === 0 && JSON.stringify(before) !== JSON.stringify(after))
    lines.push(`${part}: the order of the ${what} is changed`);
  return lines;
}

/**
 * Throws `emergency_unconfirmed` when a change takes away the last emergency number: a slip of the hand would have calls to
 * them recorded.
 */
export function confirmEmergency(before: Policy, after: Policy, confirmed: boolean): void {
  if (confirmed || before.emergency_numbers.length === 0 || after.emergency_numbers.length > 0) return;
  throw fail('emergency_unconfirmed', `Numbers now: ${before.emergency_numbers.join(', ')}.`);
}

/** What is different of how people are told. Which calls have a language of their own is counted: conditions may name outsiders. */
function tellingChanges(before: Telling, after: Telling): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Telling)[];
  const kept = (of: Telling) => new Set(of.overrides?.map((one) => JSON.stringify(one)));
  const both = [kept(before), kept(after)] as const;
  const changedOf = ({ overrides = [] }: Telling) =>
    overrides.filter((one) => !both.every((has) => has.has(JSON.stringify(one))));
  const shown = (telling: Telling, key: keyof Telling): string => {
    if (key === 'languages') return `${telling.languages?.length ?? 0} rules`;
    if (key === 'overrides') return changedOf(telling).map(overrideText).join('/') || 'none';
    if (key === 'refused')
      return telling.refused
        ? `list "${telling.refused.list}" ${telling.refused.days ? `for ${telling.refused.days} days` : 'without an end'}`
        : 'none';
    return String(telling[key] ?? 'default');
  };
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => `${key} ${shown(before, key)} -> ${shown(after, key)}`);
}

/** Of a note, in an entry of the log. */
const NOTE_CHARS = 60;

/** An own rule for a place, with everything that two of them can differ in, but the end of a long note. */
function overrideText({
  id,
  least,
  prompt_in_recording: inRecording,
  purpose_and_identity: purpose,
  stated_is_enough: stated,
  note,
}: Override): string {
  const more = [
    ...(inRecording === undefined
      ? []
      : [inRecording ? 'prompt in the recording' : 'prompt not in the recording']),
    ...(purpose === undefined ? [] : [`who and why ${purpose ? 'said' : 'not needed'}`]),
    ...(stated ? ['stated is enough'] : []),
    `"${note.slice(0, NOTE_CHARS)}${note.length > NOTE_CHARS ? `…, ${note.length} characters` : ''}"`,
  ];
  return `${id} ${least} (${more.join(', ')})`;
}

type Rule = RecordRule | RetentionRule | KeepRule | Limit;

const ruleChanges = (was: Rule, is: Rule): string[] => partChanges(flat(was), flat(is));

function partChanges(was: Record<string, unknown>, is: Record<string, unknown>): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const changed = keys.filter((key) => said(was[key]) !== said(is[key]));
  const lines = changed.map((key) =>
    namesOutsiders(key)
      ? `${key} ${count(was[key])} -> ${count(is[key])} numbers`
      : `${key} ${said(was[key], key)} -> ${said(is[key], key)}`,
  );
  return lines.length > 0 ? lines : ['the order of its words'];
}

const isCondition = (key: string): key is keyof typeof CONDITIONS => Object.hasOwn(CONDITIONS, key);
const namesOutsiders = (key: string): boolean =>
  isCondition(key) && 'outsiders' in CONDITIONS[key] && CONDITIONS[key].outsiders === true;
const flat = ({ when, ...rule }: Rule): Record<string, unknown> => ({ ...rule, ...when });
/** A condition that is left out fits any call; anything else that is left out is as if it were not there. */
const said = (value: unknown, key = ''): string =>
  value === undefined
    ? isCondition(key) || key === ''
      ? 'any'
      : 'default'
    : Array.isArray(value)
      ? value.join('/')
      : String(value);
const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);
