import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Catalogue, Nouns } from '../../../daemon/catalogue/catalogue.js';
import { imagine } from '../../../daemon/domain/policy/imagined.js';
import type { Policy } from '../../../daemon/domain/policy/policy.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import { decideRetention } from '../../../daemon/domain/retention/decide.js';
import { aCall, aRecording } from './a-call.js';

const recorded = { status: 'recorded' as const, why: null, rule: null, missingMs: 0 };

/** Keeps a recording of a call; `dir`: with a file, where one is wanted. */
export async function keepOne(
  catalogue: Pick<Nouns, 'calls' | 'recordings'>,
  id: string,
  more: Partial<Recording> = {},
  dir?: string,
): Promise<Recording> {
  const call = more.callId ?? `C${id}`;
  await catalogue.calls.save(aCall(call));
  const recording = aRecording(id, call, more);
  if (dir) {
    const path = join(dir, recording.file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'sealed');
  }
  await catalogue.recordings.sealed(recording, Buffer.alloc(50), recorded);
  return recording;
}

/** What a policy says of the recording of a call that ended then. */
export function ruledOf(
  policy: Policy,
  queue: string,
  endedAt: number,
  timeZone: string,
): Partial<Recording> {
  const facts = imagine({ queue, direction: 'in', number: '0123' }, endedAt, { timeZone, region: '' });
  const { keepUntil, minUntil, rule, why, keepFrom } = decideRetention(policy, facts, endedAt);
  return { keepUntil, minUntil, keepRule: rule, keepWhy: why, keepFrom, sealedAt: endedAt };
}

/** Holds these recordings for a matter of this name. */
export async function holdFor(catalogue: Catalogue, name: string, ids: readonly string[]): Promise<void> {
  const matter = { id: name, name, reason: 'Dispute', query: null, openedBy: 'Eve', openedAt: 1 };
  await catalogue.holds.open(matter);
  await catalogue.holds.pick(name, ids, 'Eve', 1);
}
