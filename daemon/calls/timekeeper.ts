import type { Alarms } from '../domain/operations/alarm.js';
import type { PbxId } from '../domain/pbx.js';
import { roughMs } from '../domain/written.js';
import type { Clock } from '../ops/clock.js';
import type { Log } from '../ops/log.js';
import type { Stamps } from '../pbx/stamps.js';

/** Story 10: the clocks are watched. Ours may be moved, a PBX's may be another, and this process may have stood still. */
export type TimekeeperDeps = {
  clock: Clock;
  pbxes: readonly PbxClock[];
  /** No call is in progress or being sealed, whose times would not fit together any more. */
  idle: () => boolean;
  /** For so many ms until now this process did nothing: it was stopped, or its machine was. */
  onStill: (ms: number) => void;
  alarms: Alarms;
  log: Log;
};
/** The clock of one PBX. `alarms` tell of it alone. */
export type PbxClock = { id: PbxId; stamps: Pick<Stamps, 'measure' | 'forget'>; alarms: Alarms };

const LOOK = 1_000;
const ASK = 30_000;
/** A look that is this much late was not just a busy moment, in ms. */
const STILL = 5_000;
/** Less than this is no matter, in ms. */
const MATTERS = 2_000;
/** A clock that is kept right moves by less than this at a time, in ms. */
const DRIFT = 20;

export function createTimekeeper(deps: TimekeeperDeps) {
  const { clock, alarms, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let seen = 0;
  let askedAt = 0;
  let idleFor = 0;
  let lookedAt = 0;

  function look(): void {
    const still = performance.now() - lookedAt;
    lookedAt = performance.now();
    if (still > STILL) deps.onStill(still);
    const moved = clock.moved();
    if (Math.abs(moved - seen) > MATTERS) {
      log.warn({ ms: Math.round(moved - seen) }, 'The clock of this machine was moved');
      if (Math.abs(moved) > MATTERS)
        alarms.raise('clock_moved', {
          severity: 'warning',
          why: { code: 'clock_moved', params: { ms: roughMs(moved) } },
        });
    }
    if (Math.abs(moved) <= MATTERS) alarms.clear('clock_moved');
    seen = moved;
    // Calls in progress keep the time in which they began; one may be on its way from its end to being sealed.
    idleFor = deps.idle() ? idleFor + 1 : 0;
    if (idleFor > 2 && Math.abs(clock.ahead()) > DRIFT) {
      clock.follow();
      for (const { stamps } of deps.pbxes) stamps.forget();
    }
    if (performance.now() - askedAt < ASK) return;
    askedAt = performance.now();
    for (const pbx of deps.pbxes) void compare(pbx);
  }

  /** Asks a PBX for its time and says so when it is another than this machine's. */
  async function compare({ stamps, alarms }: PbxClock): Promise<void> {
    const apart = await stamps.measure().then(
      (skew) => skew - clock.ahead(),
      () => null,
    );
    if (apart === null) return;
    if (Math.abs(apart) <= MATTERS) alarms.clear('pbx_clock');
    else
      alarms.raise('pbx_clock', {
        severity: 'warning',
        why: { code: 'pbx_clock', params: { ms: roughMs(apart) } },
      });
  }

  return {
    start(): void {
      lookedAt = performance.now();
      timer = setInterval(look, LOOK);
      timer.unref();
    },
    stop(): void {
      clearInterval(timer);
    },
    /** Asks this PBX now. */
    async compare(id: PbxId): Promise<void> {
      for (const pbx of deps.pbxes) if (pbx.id === id) await compare(pbx);
    },
  };
}
