import { openHouse } from '../power/house.js';
import { until } from '../recorder.js';
import { aCall } from './a-call.js';

export const ID = '01ARZ3NDEKTSV4RRFFQ69G5FA0';
const T0 = Date.UTC(2026, 0, 5, 9, 0, 0);

/** A house in which a call has been captured that has not been preserved yet. */
export async function haveCall(dir: string): Promise<void> {
  const house = await openHouse(dir);
  const at = { startedAt: T0, answeredAt: T0, endedAt: T0 + 2_000 };
  await house.catalogue.calls.save(aCall(ID, at), { status: 'pending', why: null, rule: null, missingMs: 0 });
  const segment = { callId: ID, seq: 0, legId: 'leg', inStartedAt: T0, outStartedAt: T0, because: null };
  await house.catalogue.segments.save({
    ...segment,
    token: '',
    mutedFrom: { in: null, out: null },
    fed: '',
    swapped: false,
    state: 'captured',
  });
  await house.close();
}

/** Preserves what waits there, trying twice. */
export async function preserveThere(dir: string): Promise<void> {
  const house = await openHouse(dir);
  await house.preserver.recover('');
  await until('the end', () => house.preserver.waiting() === 0).catch(() => {});
  await house.close();
}

/** Run as a program, so that its system calls can be made to fail. */
if (process.argv[1] === import.meta.filename) {
  await preserveThere(process.argv[2]!);
  process.stdout.write('done');
}
