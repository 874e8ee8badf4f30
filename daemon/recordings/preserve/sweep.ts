import { decodeTime } from 'ulid';
import type { Spool } from '../../capture/spool.js';
import type { Verbs } from '../../catalogue/catalogue.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { Alarms } from '../../domain/operations/alarm.js';
import type { NewAlarmWhy } from '../../domain/operations/alarm-codes.js';
import type { Refusal } from '../../domain/recording/captures.js';
import { isId, parseOurs } from '../../domain/recording/recording.js';
import { isAudio } from '../../encode/captured.js';
import type { Log } from '../../ops/log.js';
import { retryDelay, singleFlight } from '../../ops/turns.js';

/**
 * Captured audio is in the clear until it is sealed, and must not stay once it is, or once it is not to be kept. What
 * cannot be removed is tried again, and an alarm names it for as long as it lies there. The spool is looked through every
 * minute, so that nothing stays because a restart has forgotten it. What belongs to no known call can be neither sealed nor
 * played: it waits for an admin for 30 days, and is then removed.
 */
export type SweepDeps = {
  catalogue: Verbs<'segments.of' | 'calls.get'>;
  spool: Pick<Spool, 'ours' | 'fetch' | 'remove' | 'strangers'>;
  alarms: Alarms;
  clock: () => number;
  log: Log;
};

const EVERY_MS = 60_000;
/** When what could not be removed is tried again, in ms; the last one counts for all that follow. */
const RETRIES_MS = [2_000, 5_000, 15_000, 60_000];
/** After so many failures in a row the others wait for the next round: each may be a request to the PBX. */
const MOST_FAILURES = 5;
/** Sweeps after which a file that belongs to no call is told of: until then its row may still wait to be written. */
const PATIENCE = 10;
/** How long after the start of its call such a file is removed, in ms. */
const KEEP_UNKNOWN_MS = 30 * 86_400_000;

export function createSweep({ catalogue, spool, alarms, clock, log }: SweepDeps) {
  const left = new Map<string, TapedeckError>();
  const unknown = new Map<string, number>();
  let rounds = 0;
  let retrying: NodeJS.Timeout | null = null;
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;

  async function remove(name: string): Promise<boolean> {
    try {
      await spool.remove(name);
      left.delete(name);
    } catch (e) {
      left.delete(name); // to the end of the queue
      left.set(name, e instanceof TapedeckError ? e : fail('internal', (e as Error).message, e));
      log.warn({ err: e, name }, 'A spool file could not be removed; it is tried again');
      schedule();
    }
    tellOfLeft();
    return !left.has(name);
  }

  function schedule(): void {
    if (stopped || retrying) return;
    const pause = retryDelay(RETRIES_MS, rounds);
    retrying = setTimeout(() => {
      retrying = null;
      rounds++;
      void retry();
    }, pause);
  }

  async function retry(): Promise<void> {
    let failures = 0;
    for (const name of [...left.keys()]) {
      if (stopped || failures === MOST_FAILURES) break;
      if (!(await remove(name))) failures++;
    }
    if (left.size === 0) rounds = 0;
    else schedule();
  }

  function tell(key: string, why: NewAlarmWhy | null): void {
    if (why === null) alarms.clear(key);
    else alarms.raise(key, { severity: 'critical', why });
  }

  function tellOfLeft(): void {
    const [first] = left.values();
    const params = first && { files: left.size, error: first.code, detail: first.detail };
    tell('spool_left', params ? { code: 'spool_left', params } : null);
  }

  function tellOfStrangers([first, ...others]: { file: string; refusal: Refusal }[]): void {
    const params = first && { files: others.length + 1, ...first };
    tell('spool_strange', params ? { code: 'spool_strange', params } : null);
  }

  /** Removes what has waited long enough, and tells of the others, the one that is removed next first. */
  async function settleUnknown(names: readonly string[]): Promise<void> {
    const waiting: { name: string; until: number | undefined }[] = [];
    for (const name of names) {
      const until = await removableFrom(name);
      if (until === undefined || until > clock()) waiting.push({ name, until });
      else if (await remove(name))
        log.warn({ name }, 'Removed captured audio of a call that has not been known for 30 days');
    }
    const [first] = waiting.sort((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity));
    const params = first && {
      ...{ files: waiting.length, file: first.name },
      ...(first.until !== undefined && { until: first.until }),
    };
    tell('spool_unknown', params ? { code: 'spool_unknown', params } : null);
  }

  /**
   * Returns when it may be removed (ms since 1970), or undefined for a call that is known, whose audio may still be wanted, and for
   * a time that no call can have begun at.
   */
  async function removableFrom(name: string): Promise<number | undefined> {
    const { callId } = parseOurs(name)!;
    const known = await catalogue.calls.get(callId).catch(() => true);
    const beganAt = isId(callId) ? decodeTime(callId) : Infinity;
    return known || beganAt > clock() ? undefined : beganAt + KEEP_UNKNOWN_MS;
  }

  /** `ask`: the PBX is asked for its list where the folder cannot be listed, which it may take long for. */
  async function sweep(ask: boolean): Promise<void> {
    const names = await spool.ours(ask);
    for (const name of unknown.keys()) if (!names.includes(name)) unknown.delete(name);
    for (const name of names) {
      const { callId, seq, token, side } = parseOurs(name)!;
      const segment = (await catalogue.segments.of(callId)).find(
        (s) => s.callId === callId && s.seq === seq && s.token === token,
      );
      if (segment) unknown.delete(name);
      else unknown.set(name, (unknown.get(name) ?? 0) + 1);
      // A stop may have come between the row and the mark that a file is damaged: one that is no audio stays.
      const over =
        segment?.state === 'dropped' ||
        (segment?.state === 'preserved' && (await isAudio(spool, name, side).catch(() => true)));
      if (over && !left.has(name)) await remove(name);
    }
    tellOfLeft();
    tellOfStrangers(await spool.strangers());
    await settleUnknown([...unknown].filter(([, times]) => times >= PATIENCE).map(([name]) => name));
  }

  const sweeping = singleFlight((ask: boolean) =>
    sweep(ask).catch((err) => log.warn({ err }, 'The spool could not be looked through; it is tried again')),
  );

  return {
    /** Removes a spool file. False when that is not possible now: then it is tried again until it is. */
    remove,
    /** What was in the way may be gone: what could not be removed is tried again now. */
    retry,
    /** Looks the spool through now, and from now on every minute. */
    async sweep(): Promise<void> {
      await sweeping.run(true);
      if (!stopped) timer ??= setInterval(() => void sweeping.run(false), EVERY_MS);
    },
    async stop(): Promise<void> {
      stopped = true;
      if (retrying) clearTimeout(retrying);
      if (timer) clearInterval(timer);
      await sweeping.idle();
    },
  };
}
