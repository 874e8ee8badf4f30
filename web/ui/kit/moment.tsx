import { dayAndClock, exact } from '../messages/when.js';
import { minute } from '../state/live.js';

/** A time as people say it; the exact one shows under the pointer. */
export function Moment({ at }: { at: string }) {
  return (
    <time datetime={at} title={exact(at)}>
      {dayAndClock(at, minute.value)}
    </time>
  );
}
