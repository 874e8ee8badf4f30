import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Policy, RecordRule } from '../../../domain/policy/policy.js';
import type { Terminal } from '../talk/terminal.js';
import { jsonIn, type Tapedeck } from './services.js';

/** What setup offers of the policy; null: as the policy has it. */
export type Offered = {
  /** After how many days names and numbers of calls without audio go. */
  nameDays: number | null;
  /** For how many days calls with a number that refused are left alone. */
  refusedDays: number | null;
};

export const NOTHING_OFFERED: Offered = { nameDays: null, refusedDays: null };

const LIST = 'Refused';
const leaveAlone = (list: string): RecordRule => ({
  name: 'Numbers that refused',
  reason: 'They refused to be recorded. Their calls are left alone until their entry on the list ends.',
  when: { list: [list] },
  outcome: 'skip',
});

/**
 * Returns the policy with what was chosen. A list of numbers that refuse, and rules about it, stay as they are. Of a policy by which
 * Tapedeck tells nobody, that stays so.
 */
export function withOffered(policy: Policy, { nameDays, refusedDays }: Offered): Policy {
  const next = nameDays === null ? policy : { ...policy, metadata_days: nameDays };
  const { telling, record } = next;
  if (refusedDays === null || !telling) return next;
  const list = telling.refused?.list ?? LIST;
  const named = record.some(({ when }) => when.list?.includes(list));
  return {
    ...next,
    telling: { ...telling, refused: { list, days: refusedDays } },
    record: named ? record : [leaveAlone(list), ...record],
  };
}

/** Returns what becomes of the policy, and why, for the list of changes. */
export const offeredWords = ({ nameDays, refusedDays }: Offered): [what: string, why: string][] => [
  ...(nameDays === null
    ? []
    : [
        [
          `Policy: names and numbers go after ${nameDays} days`,
          'counted from when there is no audio of a call',
        ] satisfies [string, string],
      ]),
  ...(refusedDays === null
    ? []
    : [
        [
          `Policy: a number that refused is left alone for ${refusedDays} days`,
          'its calls are not recorded while it is on the list of numbers that refuse (page Lists)',
        ] satisfies [string, string],
      ]),
];

/** Saves a version of the policy with what was chosen. Says what was refused. */
export async function setOffered(terminal: Terminal, tapedeck: Tapedeck, offered: Offered): Promise<void> {
  const { nameDays, refusedDays } = offered;
  if (nameDays === null && refusedDays === null) return;
  const { code, out } = await tapedeck(['policy', 'export', '--json']);
  const policy = code === 0 ? jsonIn<Policy>(out) : null;
  const saved = policy ? await save(tapedeck, withOffered(policy, offered)) : { code: 1, out };
  if (saved.code !== 0) return terminal.note(`The policy is as it was: ${saved.out.trim()}`);
  if (nameDays !== null) terminal.step('Names and numbers', `go ${nameDays} days after there is no audio`);
  if (refusedDays === null) return;
  if (policy?.telling) terminal.step('Numbers that refuse', `are left alone for ${refusedDays} days`);
  else
    terminal.note(
      'Tapedeck tells nobody that calls are recorded, so that no caller can refuse: numbers that refuse were not set up. Once it does (page Telling callers), run "tapedeck setup" again.',
    );
}

async function save(tapedeck: Tapedeck, policy: Policy): ReturnType<Tapedeck> {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-setup-'));
  try {
    // The command reads it as the recorder's user; a policy is no secret.
    chmodSync(folder, 0o755);
    const file = join(folder, 'policy.json');
    writeFileSync(file, JSON.stringify(policy), { mode: 0o644 });
    return await tapedeck(['policy', 'import', file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
