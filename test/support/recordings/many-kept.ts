import type { Test } from 'tap';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { previewRedating } from '../../../daemon/catalogue/retention/redating.js';
import { type Job, newJob } from '../../../daemon/domain/operations/job.js';
import type { Policy } from '../../../daemon/domain/policy/policy.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { opened, recorded } from '../catalogue/opened.js';
import { aCall, aRecording } from './a-call.js';

export const BEGAN = Date.UTC(2026, 0, 1);
export const DAY = 86_400_000;
export const site = { timeZone: 'Europe/Berlin', region: 'DE' };
const QUEUES = ['sales', 'support', ''];

const idOf = (n: number) => `01JDK3V7Q8ZM5T4R2XW9${String(n).padStart(6, '0')}`;

/** A catalogue with so many recordings, one an hour from the beginning of 2026 on, in turn of three queues and kept forever. */
export async function manyKept(t: Test, count: number, more: Partial<CallRecord> = {}) {
  const house = await opened(t);
  const done: Promise<unknown>[] = [];
  for (let n = 0; n < count; n++) {
    const startedAt = BEGAN + (n * DAY) / 24;
    const id = idOf(n);
    const call = aCall(id, { startedAt, answeredAt: startedAt, endedAt: startedAt + 60_000 });
    done.push(house.catalogue.calls.save({ ...call, queue: QUEUES[n % 3]!, ...more }));
    const recording = aRecording(`R${id}`, id, { sealedAt: startedAt + 61_000 });
    done.push(house.catalogue.recordings.sealed(recording, new Uint8Array(8), recorded));
  }
  // Together, so that they share their commits.
  await Promise.all(done);
  return house;
}

export const previewOf = (catalogue: Catalogue, policy: Policy, asOf: number) =>
  previewRedating(catalogue, { policy, asOf, site, pause: async () => {} });

/** Saves a policy with the job that applies it to all recordings, as the recorder does. */
export async function saveForAll(catalogue: Catalogue, policy: Policy, asOf: number): Promise<Job> {
  const { digest, shorter, due } = await previewOf(catalogue, policy, asOf);
  const { version } = await catalogue.policy.newest();
  const params = { version: version + 1, as_of: asOf, digest, shorter, due };
  const job = newJob(`J${version + 1}`, 'apply_retention', params, asOf);
  await catalogue.policy.save(policy, 'Ada', asOf, version, job);
  return job;
}
