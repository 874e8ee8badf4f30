import type { CallRecord } from '../../../../daemon/domain/recording/recording.js';
import type { House } from '../furnished.js';
import { callOf, dana, reception } from '../furnished-calls.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** More than a screen shows, so that the days below the first begin beyond what is drawn, at whatever time of day this runs. */
const A_DAY = 45;

/** Adds so many calls to a house, newest first, from yesterday's noon (UTC) on: none of them was recorded. */
export async function fillCalls({ dashboard, now }: House, count: number): Promise<CallRecord[]> {
  const noon = Math.floor(now / DAY) * DAY - DAY / 2;
  const timeOf = (i: number) => noon - Math.floor(i / A_DAY) * DAY - (i % A_DAY) * MINUTE;
  const calls = Array.from({ length: count }, (_, i) =>
    callOf({
      ...{ answeredAt: timeOf(i), us: reception },
      them: { ...dana, number: `+4420794${String(60_000 + i)}`, name: i % 3 === 0 ? '' : `Caller ${i}` },
      direction: i % 2 === 0 ? 'in' : 'out',
      talkMs: i % 7 === 3 ? null : 40_000 + i * 10,
    }),
  );
  for (let i = 0; i < count; i += 500)
    await Promise.all(calls.slice(i, i + 500).map((call) => dashboard.catalogue.calls.save(call)));
  return calls;
}
