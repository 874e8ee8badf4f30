import type { PresetId } from '../../../../daemon/domain/policy/presets.js';
import type { ReplayKind } from '../../../../daemon/domain/policy/replay.js';
import type { RuleFaultCode } from '../../../../daemon/domain/policy/rule-faults.js';
import { count, listAnd, plural } from '../locale.js';

const calls = (n: number) => plural(n, { one: '1 call', other: `${count(n)} calls` });

/** What is wrong with a rule; `said` names what both rules have, where that can be named. */
const faults: Record<RuleFaultCode, (about: { other: string; said: string }) => string> = {
  never_fits: () => 'Never matches a call: one of its conditions is empty.',
  unreachable: ({ other }) =>
    `Never reached: “${other}” above already matches every call this rule matches. Move it up or delete it.`,
  contradicts: ({ other }) =>
    `Contradicts “${other}” above, which has the same conditions. This rule is never reached.`,
  nothing_follows: ({ other }) =>
    `Numbers that refuse are put on the list “${other}”, but no recording rule uses it, so nothing follows. Add a rule that leaves out calls with numbers on this list.`,
  outside_limits: ({ other, said }) =>
    `The limit “${other}” (${said}) decides instead of this rule's days. Change the days.`,
  limits_conflict: ({ other }) =>
    `Cannot be met together with “${other}”: recordings to which both apply are kept forever. Change the days, or choose which limit wins.`,
  no_purpose: () => 'Says no purpose. Add what the recordings are kept for, so that anyone can check it.',
  overlaps: ({ other, said }) =>
    said
      ? `Overlaps “${other}” above, which decides calls with ${said}. Check the order.`
      : `Overlaps “${other}” above, which decides the calls that match both. Check the order.`,
};

const found: Record<ReplayKind, (n: number) => string> = {
  no_longer: (n) => `${calls(n)} a month would no longer be recorded.`,
  less: (n) => `${calls(n)} a month would be kept only on request or with consent.`,
  newly: (n) => `${calls(n)} a month would newly be recorded.`,
  more: (n) => `${calls(n)} a month would newly be kept on request or with consent.`,
  shorter: (n) => `${calls(n)} a month would be kept for a shorter time.`,
  longer: (n) => `${calls(n)} a month would be kept for a longer time.`,
};

/** The messages around the rules: what is wrong with them, what they would have done, versions, and where to start. */
export const rulesText = {
  faults,
  faultOf: ({ texts }: { texts: string[] }) => listAnd(texts),
  replay: {
    title: 'Last 30 days',
    intro: 'See what these rules would have decided about the calls of the last 30 days.',
    button: 'Check against the last 30 days',
    busy: 'Checking…',
    same: ({ n }: { n: number }) =>
      n === 0
        ? 'There were no answered calls in the last 30 days.'
        : plural(n, {
            one: 'Nothing would have changed for the 1 answered call of the last 30 days.',
            other: `Nothing would have changed for the ${count(n)} answered calls of the last 30 days.`,
          }),
    of: ({ n }: { n: number }) =>
      plural(n, {
        one: 'Of 1 answered call in the last 30 days:',
        other: `Of ${count(n)} answered calls in the last 30 days:`,
      }),
    found,
    part: ({ n }: { n: number }) => `Only the newest ${count(n)} calls were checked.`,
    unknown: ({ n, condition }: { n: number; condition: string }) =>
      plural(n, {
        one: `1 call was stored without what “${condition}” needs, so its result is uncertain.`,
        other: `${count(n)} calls were stored without what “${condition}” needs, so their results are uncertain.`,
      }),
    examples: ({ n }: { n: number }) =>
      plural(n, { one: 'Show 1 example', other: `Show ${count(n)} examples` }),
    outcomes: {
      record: 'recorded',
      skip: 'not recorded',
      on_demand: 'recorded on request',
      ask: 'recorded with consent',
    },
    kept: ({ days }: { days: number | null }) =>
      days === null
        ? 'kept forever'
        : plural(days, { one: 'kept for 1 day', other: `kept for ${count(days)} days` }),
    byRule: ({ what, name }: { what: string; name: string }) => `${what} by “${name}”`,
    byDefault: ({ what }: { what: string }) => `${what} by default`,
    instead: ({ before, after }: { before: string; after: string }) =>
      `Now: ${before}. With these rules: ${after}.`,
    confirm: 'Save these rules?',
    cancel: 'Keep editing',
    save: 'Save anyway',
  },
  versions: {
    title: 'Versions',
    none: 'The policy has not been changed yet.',
    columns: { version: 'Version', saved: 'Saved', who: 'By', act: 'Action' },
    version: ({ v }: { v: number }) => `Version ${v}`,
    first: 'As installed',
    inForce: 'In force',
    all: ({ n }: { n: number }) => `Show all ${count(n)} versions`,
    compare: 'Compare versions',
    from: 'Earlier version',
    to: 'Later version',
    same: 'These versions are identical.',
    restore: 'Bring back',
    restoreThat: ({ v }: { v: number }) => `Bring back version ${v}`,
    restoreTitle: ({ v }: { v: number }) => `Bring back version ${v}?`,
    restoreWhat: ({ v, next }: { v: number; next: number }) =>
      `Version ${v} becomes version ${next}. This changes:`,
    emergency: 'This version has no emergency numbers: calls to them would be recorded.',
    restoring: 'Bringing back…',
    restored: ({ v }: { v: number }) => `Version ${v} is in force.`,
    unsaved: 'Save or discard your changes before you bring back a version.',
  },
  presets: {
    title: 'Start from a preset',
    help: 'Replaces the recording rules in this draft. Nothing is saved until you save the policy.',
    choose: 'Preset',
    queues: 'Queues',
    queuesHelp: 'Names of queues, separated by commas.',
    noQueues: 'Enter at least one queue.',
    button: 'Fill in the rules',
    filled: 'The rules of the preset are in the draft.',
    names: {
      everything: 'Record everything',
      outside: 'Only outside calls',
      queue: 'Only one queue',
      on_demand: 'Only on demand',
      payments: 'Everything but payments',
    } satisfies Record<PresetId, string>,
    says: {
      everything: 'Every call is recorded.',
      outside: 'Calls between your own extensions are not recorded.',
      queue: 'Calls through these queues are recorded, all others are not.',
      on_demand: 'A call is kept only if somebody asks for it during the call or in the minute after.',
      payments:
        'Calls through the queues where payments are taken are not recorded, all others are. To record them without the card numbers, mask these instead (see Masks).',
    } satisfies Record<PresetId, string>,
  },
};
