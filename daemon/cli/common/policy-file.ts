import { parse, stringify, TomlError } from 'smol-toml';
import { type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { StoredPolicy } from '../../catalogue/policy.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import { CONDITIONS, type When } from '../../domain/policy/conditions.js';
import { Group, Holiday, KeepRule, Policy, RecordRule } from '../../domain/policy/policy.js';
import { policyFaults } from '../../domain/policy/policy-faults.js';
import { Limit, RetentionRule } from '../../domain/retention/rule.js';

const FOR_EVER = 'for ever';

const hints: Record<string, string> = {
  name: 'Give the rule a name of 1 to 80 characters.',
  reason: 'Say why in up to 300 characters; people read it beside every decision.',
  when: `Write conditions such as when.direction = ["in"], of ${Object.keys(CONDITIONS).join(', ')}; when = {} fits every call.`,
  outcome: 'Write "record", "skip", "on_demand" or "ask".',
  keep: 'Write keep = "whole" or "from_now" in a [[record]] rule, and [[keep]] for each rule for the end of a call.',
  capture_before: 'Write true or false.',
  while_open: 'Write "capture" or "wait".',
  on_hold: 'Write "record" or "mask".',
  longer_than_s: 'Write seconds from 1 to 86400.',
  asked_for: 'Write true or false.',
  extensions: 'Write a list of extensions such as ["201", "warehouse/204"].',
  date: 'Write a day such as "2026-12-24", or "12-25" for every year.',
  from: 'Write "call_end", "month_end" or "year_end".',
  kind: 'Write "min" (never erased earlier) or "max" (never kept longer).',
  days: 'Write days from 1 to 36500.',
  as_of: 'Write the day on which the source was checked, such as "2026-03-02".',
  beats: 'Write a list of names of limits such as ["Office"].',
  keep_days: `Write days from 1 to 36500, or "${FOR_EVER}".`,
  metadata_days: 'Write days from 1 to 36500, or leave it out to keep names and numbers.',
  emergency_numbers: 'Write a list such as ["112", "911"]: digits, *, # and +, 2 to 15 of them.',
  ...Object.fromEntries(Object.entries(CONDITIONS).map(([name, { hint }]) => [name, hint])),
};
const parts = [
  'record',
  'retention',
  'emergency_numbers',
  'keep',
  'limits',
  'approvals',
  'groups',
  'holidays',
  'mask',
  'metadata_days',
  'telling',
] as const;
/** Of these a policy may have none. */
const schemas = {
  ...{ record: RecordRule, retention: RetentionRule },
  ...{ keep: KeepRule, limits: Limit, groups: Group, holidays: Holiday },
};
const REQUIRED = ['record', 'retention'] as const;

/** A policy as a file that people can edit and `readPolicy` reads. */
export function writePolicy({ version, changedAt, changedBy, policy }: Omit<StoredPolicy, 'fault'>): string {
  const when = changedAt === null ? 'as it comes with Tapedeck' : `${iso(changedAt)}, ${changedBy}`;
  const rule = ({ when, ...rest }: { when: When }) =>
    Object.entries(when).length === 0
      ? `${stringify(rest)}when = {}\n`
      : stringify(rest) +
        Object.entries(when)
          .map(([key, value]) => `when.${stringify({ [key]: value })}`)
          .join('');
  return [
    `# Tapedeck policy, version ${version}: ${when.replace(/[\r\n]/g, ' ')}`,
    '# Rules are tried in order and the first that fits decides. Without one, a call is recorded and kept for ever.',
    '# Retention rules and limits apply to recordings made from now on, unless it is imported with --apply-to all.',
    '# Put it into force with "tapedeck policy import FILE".',
    '',
    '# Never recorded, whatever the rules say.',
    stringify({ emergency_numbers: policy.emergency_numbers }),
    ...REQUIRED.filter((part) => policy[part].length === 0).map((part) => `${part} = []\n`),
    ...(policy.metadata_days === undefined ? [] : [stringify({ metadata_days: policy.metadata_days })]),
    ...(policy.mask ? [stringify({ mask: policy.mask })] : []),
    ...(policy.approvals ? [stringify({ approvals: policy.approvals })] : []),
    ...(policy.groups ?? []).map((group) => `[[groups]]\n${stringify(group)}`),
    ...(policy.holidays ?? []).map((day) => `[[holidays]]\n${stringify(day)}`),
    ...policy.record.map((r) => `[[record]]\n${rule(r)}`),
    ...policy.retention.map(
      (r) => `[[retention]]\n${rule({ ...r, keep_days: r.keep_days ?? FOR_EVER } as typeof r)}`,
    ),
    ...(policy.limits ?? []).map((limit) => `[[limits]]\n${rule(limit)}`),
    ...(policy.keep ?? []).map((r) => `[[keep]]\n${rule(r)}`),
    ...(policy.telling ? [stringify({ telling: tellingOf(policy.telling) })] : []),
  ].join('\n');
}

/** TOML has no null: numbers that refuse stay on their list for good where no days are written. */
const tellingOf = ({ refused, ...telling }: NonNullable<Policy['telling']>) => ({
  ...telling,
  ...(refused && { refused: refused.days == null ? { list: refused.list } : refused }),
});

/** Reads TOML or JSON. Throws `policy_invalid` with one line a fault: where, what, and what to do. */
export function readPolicy(source: string): Policy {
  const json = source.trimStart().startsWith('{');
  const value = json ? fromJson(source) : fromToml(source);
  const line = (path: readonly (string | number)[]) => (json ? '' : lineOf(source, path));
  // As earlier versions wrote it.
  for (const rule of Array.isArray(value.record) ? value.record : [])
    if (typeof rule?.record === 'boolean') {
      rule.outcome ??= rule.record ? 'record' : 'skip';
      delete rule.record;
    }
  for (const part of ['keep', 'limits', 'groups', 'holidays'])
    if (Array.isArray(value[part]) && value[part].length === 0) delete value[part];
  for (const rule of Array.isArray(value.retention) ? value.retention : [])
    if (rule?.keep_days === FOR_EVER || rule?.keep_days === 'forever') rule.keep_days = null;
  const faults = faultsOf(value).map(({ path, text }) => `${line(path)}${named(path)}: ${text}`);
  if (faults.length > 0) throw fail('policy_invalid', `\n${faults.join('\n')}`);
  return value as unknown as Policy;
}

// biome-ignore lint/suspicious/noExplicitAny: nothing is known of it yet
type Unknown = Record<string, any>;

function fromJson(source: string): Unknown {
  try {
    return JSON.parse(source);
  } catch (e) {
    throw fail('policy_invalid', `This is not JSON: ${(e as Error).message}`, e);
  }
}

function fromToml(source: string): Unknown {
  try {
    return parse(source);
  } catch (e) {
    if (!(e instanceof TomlError)) throw e;
    throw fail('policy_invalid', `line ${e.line}: this is not TOML: ${e.message.split('\n')[0]}`, e);
  }
}

type Fault = { path: (string | number)[]; text: string };

/** Rule by rule, because a look at the whole would name only the first few faults. */
function faultsOf(value: Unknown): Fault[] {
  const faults: Fault[] = Object.keys(value)
    .filter((key) => !(parts as readonly string[]).includes(key))
    .map((key) => ({ path: [key], text: `is not known. A policy has ${parts.join(', ')}.` }));
  for (const [part, schema] of Object.entries(schemas)) {
    if (value[part] === undefined && !(REQUIRED as readonly string[]).includes(part)) continue;
    if (!Array.isArray(value[part]))
      faults.push({
        path: [part],
        text: `is missing or not a list. Write [[${part}]] for each, or ${part} = [].`,
      });
    else for (const [i, rule] of value[part].entries()) faults.push(...within(schema, rule, [part, i]));
  }
  const { emergency_numbers, mask, metadata_days, telling, approvals } = Policy.properties;
  faults.push(
    ...within(Type.Object({ emergency_numbers, mask, metadata_days, telling, approvals }), value, []),
  );
  if (faults.length > 0) return faults;
  if (!Value.Check(Policy, value)) return [{ path: [], text: 'has too many rules.' }];
  return policyFaults(value).map(({ path, text }) => ({ path, text: `${text}. ${hintFor(path)}`.trim() }));
}

function within(schema: TSchema, value: unknown, base: (string | number)[]): Fault[] {
  const seen = new Map<string, Fault>();
  for (const { keyword, instancePath, params, message } of Value.Errors(schema, value)) {
    if (keyword === 'boolean') continue;
    const at = instancePath
      .split('/')
      .slice(1)
      .map((p) => (/^\d+$/.test(p) ? Number(p) : p));
    const { requiredProperties: missing = [], additionalProperties: unknown = [] } = params as Unknown;
    const named = [...missing, ...unknown];
    for (const path of named.length > 0 ? named.map((name) => [...base, ...at, name]) : [[...base, ...at]]) {
      const what =
        missing.length > 0 ? 'is missing' : unknown.length > 0 ? 'is not known' : plain(keyword, message);
      seen.set(path.join('/'), { path, text: `${what}. ${hintFor(path)}`.trim() });
    }
  }
  return [...seen.values()];
}

const plain = (keyword: string, message: string) =>
  keyword === 'const' || keyword === 'anyOf' || keyword === 'pattern' ? 'is not one that is known' : message;

function hintFor(path: (string | number)[]): string {
  const name = path.findLast((p) => typeof p === 'string') as string | undefined;
  if (name === undefined) return '';
  if (Object.hasOwn(hints, name)) return hints[name]!;
  return path.includes('when') ? hints.when! : '';
}

const LISTS_OF_RULES: unknown[] = ['record', 'retention', 'limits', 'keep'];

/** "retention rule 2, keep_days" */
function named(path: readonly (string | number)[]): string {
  const words = path.map((p, i) => {
    if (typeof p === 'string') return i === 0 ? p : `, ${p}`;
    return ` ${i === 1 && LISTS_OF_RULES.includes(path[0]) ? 'rule' : 'entry'} ${p + 1}`;
  });
  return words.join('') || 'the policy';
}

/** "line 7: ", or nothing where it cannot be told. */
export function lineOf(source: string, path: readonly (string | number)[]): string {
  const lines = source.split('\n');
  const header = (l: string) => /^\s*\[+\s*"?(\w+)/.exec(l)?.[1];
  const keys = (l: string) =>
    l
      .split('=')[0]!
      .split('.')
      .map((k) => k.trim().replace(/"/g, ''));
  const [part, index, ...rest] = path;
  let from = 0;
  let wanted: unknown[] = [part];
  if (typeof index === 'number' && part !== 'emergency_numbers') {
    from = lines.flatMap((l, i) => (header(l) === part && l.trim().startsWith('[[') ? [i] : []))[index] ?? -1;
    if (from < 0) return '';
    wanted = rest.filter((p) => typeof p === 'string').reverse();
  }
  const next = lines.findIndex((l, i) => i > from && l.trim().startsWith('[['));
  const block = lines.slice(from, next < 0 || typeof index !== 'number' ? undefined : next);
  for (const key of wanted) {
    const at = block.findIndex(
      (l) => (l.includes('=') && keys(l).includes(String(key))) || (from === 0 && header(l) === key),
    );
    if (at >= 0) return `line ${from + at + 1}: `;
  }
  return typeof index === 'number' ? `line ${from + 1}: ` : '';
}
