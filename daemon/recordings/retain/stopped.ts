import type { Plan } from '../../catalogue/retention/planned.js';
import { TapedeckError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import type { AlarmParams } from '../../domain/operations/alarm-codes.js';
import { refusedInWords } from '../../domain/operations/alarm-words.js';

const ALARM = 'retention_refused';

/** The safety limit has stopped a run. */
export class Stopped extends TapedeckError {
  readonly params: AlarmParams['retention_refused'];
  constructor(params: AlarmParams['retention_refused']) {
    super('retention_refused', refusedInWords(params));
    this.params = params;
  }
}

/** The alarm that the safety limit has stopped a run by itself. It stands until a run is let through, or none would be stopped. */
export function createStopped({ alarms, plan }: { alarms: Alarms; plan: () => Promise<Plan> }) {
  /** Whether it may stand, also from before this start. */
  let stands = true;

  function over(): void {
    stands = false;
    alarms.clear(ALARM);
  }
  return {
    /** A run was let through. */
    over,
    /** A run that nobody waits for has failed: raises the alarm where that was the safety limit. */
    failed(err: unknown): void {
      if (!(err instanceof Stopped)) return;
      stands = true;
      alarms.raise(ALARM, { severity: 'warning', why: { code: 'retention_refused', params: err.params } });
    },
    /** What is due may have become less: erased by hand, held, or kept for longer. */
    async look(): Promise<void> {
      if (stands && (await plan()).breaker.why === null) over();
    },
  };
}
