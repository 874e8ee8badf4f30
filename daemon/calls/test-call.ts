import { Readable } from 'node:stream';
import type { Verbs } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import {
  CALL_MS,
  DIALPLAN,
  EXPECTED,
  isTestId,
  judge,
  type Measures,
  type TestCall,
  testLegs,
} from '../domain/call/test-call.js';
import { isTiming, type TestFault } from '../domain/call/test-fault.js';
import { times } from '../domain/days.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { PbxId } from '../domain/pbx.js';
import { inWords } from '../domain/reason/words.js';
import { type Recording, spoolName } from '../domain/recording/recording.js';
import type { Ffmpeg } from '../encode/ffmpeg.js';
import { createToneMeter, TONE_WINDOW_MS } from '../encode/tones.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { singleFlight } from '../ops/turns.js';
import type { Ari } from '../pbx/ari.js';
import type { Keys } from '../vault/keys.js';
import type { RecordingStore } from '../vault/store/store.js';

/**
 * Story 9: a call of our own goes the whole way, from the PBX to what the dashboard plays, and what comes out is compared
 * with the tones that went in. So a fault is known before a customer's call is lost. It leaves nothing but a line.
 */
export type TestCallDeps = {
  pbx: Pick<Ari, 'callDialplan' | 'hangup'>;
  catalogue: Verbs<
    | 'calls.get'
    | 'segments.of'
    | 'recordings.of'
    | 'recordings.begun'
    | 'checkpoint'
    | 'testCalls.left'
    | 'testCalls.remove'
    | 'testCalls.remember'
    | 'testCalls.newest'
    | 'testCalls.lastGood'
    | 'audit.entries'
  >;
  keys: Pick<Keys, 'destroy'>;
  store: Pick<RecordingStore, 'remove'>;
  /** False when that is not possible now. */
  removeSpool: (name: string) => Promise<boolean>;
  ffmpeg: Pick<Ffmpeg, 'decode'>;
  /** The audio of a test call as the dashboard gives it out. Throws `dashboard_failed`. */
  audio: (recording: Recording) => Promise<Buffer>;
  /** Recordings that are being made, or are to be made at once. */
  preserving: () => number;
  /** Of the last minute, for each core. */
  load: () => number;
  alarms: Alarms;
  mint: () => string;
  clock: () => number;
  config: { pbx: PbxId; enabled: boolean; schedule: string; timeZone: string; maxLoad: number };
  log: Log;
};

const ALARM = 'test-call';
const FOREIGN = 'foreign_test_calls';
const POLL_MS = 100;
const SEEN_MS = 5_000;
const PRESERVED_MS = 120_000;
const RATE = 8_000;

/** Its message is the detail: in words, with figures. */
class TestFailed extends Error {
  readonly fault: TestFault;
  readonly measures: Measures | null;
  constructor(fault: TestFault, detail: string, measures: Measures | null = null) {
    super(detail);
    this.fault = fault;
    this.measures = measures;
  }
}

export function createTestCalls(deps: TestCallDeps) {
  const { catalogue, config, log } = deps;
  const say = times(config.timeZone);
  let clearing: Promise<unknown> | null = null;
  let stopping = false;

  /** Asks until there is an answer; null when there is none in time, or when the daemon stops. */
  async function eventually<T>(ms: number, ask: () => Promise<T | null>): Promise<T | null> {
    const until = performance.now() + ms;
    for (;;) {
      const answer = await ask();
      if (answer !== null || stopping || performance.now() > until) return answer;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Those of this PBX: each PBX has its own test calls. */
  const callsLeft = async () => (await catalogue.testCalls.left()).filter((c) => c.pbx === config.pbx);

  const isDone = (call: StoredCall): boolean => call.endedAt !== null && call.coverage.status !== 'pending';

  /** From the request to the verdict. Throws `TestFailed`. */
  async function attempt(legs: ReturnType<typeof testLegs>): Promise<Measures> {
    const { calling, answering } = legs;
    await deps.pbx.callDialplan(DIALPLAN, [calling, answering]).catch((e: unknown) => {
      throw new TestFailed('pbx', e instanceof TapedeckError ? e.detail : (e as Error).message);
    });
    const find = async () =>
      (await callsLeft()).find((c) => c.legs.some((l) => l.id === calling || l.id === answering)) ?? null;
    if (!(await eventually(SEEN_MS, find))) throw new TestFailed('unseen', `In ${SEEN_MS / 1000} s.`);
    const ended = await eventually(CALL_MS, async () => {
      const call = await find();
      return call && call.endedAt !== null ? call : null;
    });
    if (!ended) throw new TestFailed('endless', `It still lasts after ${CALL_MS / 1000} s.`);
    if (ended.answeredAt === null)
      throw new TestFailed('dialplan', `Nothing answers in the context ${DIALPLAN.context}.`);
    const call = await eventually(PRESERVED_MS, async () => {
      const c = await catalogue.calls.get(ended.id);
      return c && isDone(c) ? c : null;
    });
    if (!call)
      throw new TestFailed(
        'not_preserved',
        `In ${PRESERVED_MS / 1000} s; ${deps.preserving()} recordings wait.`,
      );
    if (!call.recording) {
      const captured = (await catalogue.segments.of(call.id)).some((s) => s.state === 'captured');
      throw new TestFailed(captured ? 'not_preserved' : 'not_recorded', inWords(call.coverage.why, say));
    }
    const opus = await deps.audio(call.recording).catch((e: TapedeckError) => {
      throw new TestFailed('dashboard', e.detail);
    });
    return await hear(opus, call);
  }

  async function hear(opus: Buffer, call: StoredCall): Promise<Measures> {
    const { left, right } = EXPECTED.tones;
    const meter = createToneMeter({ rate: RATE, tones: [left.hz, right.hz] });
    const run = deps.ffmpeg.decode(Readable.from([opus]), RATE);
    try {
      for await (const chunk of run.stdout) meter.write(chunk as Buffer);
      await run.done;
    } catch (e) {
      throw new TestFailed('decode', (e as Error).message);
    }
    const { durationMs, left: onLeft, right: onRight } = meter.result();
    const { measures, faults } = judge({
      windowMs: TONE_WINDOW_MS,
      durationMs,
      levels: {
        left: { left: onLeft[0]!, right: onLeft[1]! },
        right: { left: onRight[0]!, right: onRight[1]! },
      },
    });
    const reason = inWords(call.coverage.why, say);
    if (faults[0])
      throw new TestFailed(
        faults[0].fault,
        `${faults.map((f) => f.detail).join(' ')} ${reason}`.trim(),
        measures,
      );
    return measures;
  }

  /**
   * Whether a row only claims to be that of a test call. What makes one is the ids of its legs; and of a recording of one
   * the audit log has no entry, while it has one of every other.
   */
  async function isForeign({ id, legs }: StoredCall): Promise<boolean> {
    const recordings = await catalogue.recordings.of(id);
    if (!legs.every((leg) => isTestId(leg.id)) || (recordings.length > 0 && legs.length === 0)) return true;
    const asked = [{ objectId: id }, ...recordings.map((r) => ({ recording: r.id }))];
    for (const about of asked)
      if ((await catalogue.audit.entries({ ...about, actions: ['sealed'], limit: 1 })).length > 0)
        return true;
    return false;
  }

  /** Removes what earlier test calls left: the one just made, or one that a crash cut short. */
  async function clear(): Promise<void> {
    const settled = () => callsLeft().then((left) => (left.every(isDone) ? left : null));
    await eventually(SEEN_MS, settled);
    const left = (await callsLeft()).filter(isDone);
    const foreign = [];
    for (const call of left) if (await isForeign(call)) foreign.push(call);
    if (foreign.length === 0) deps.alarms.clear(FOREIGN);
    else
      deps.alarms.raise(FOREIGN, {
        severity: 'critical',
        why: { code: 'foreign_test_calls', params: { calls: foreign.length, call: foreign[0]!.id } },
      });
    for (const call of left) {
      if (foreign.includes(call)) continue;
      for (const segment of await catalogue.segments.of(call.id))
        for (const side of ['in', 'out'] as const) {
          const name = spoolName(segment, side);
          // Without its row nobody would know later whose file it is.
          if (!(await deps.removeSpool(name))) throw fail('spool_denied', `${name} cannot be removed.`);
        }
      // One that was begun may have a key, and a file.
      const begun = await catalogue.recordings.begun(call.id);
      for (const place of [...(await catalogue.recordings.of(call.id)), ...begun]) {
        await deps.keys.destroy(place.id);
        await deps.store.remove(place);
      }
      await catalogue.testCalls.remove(call.id);
    }
    await catalogue.checkpoint();
  }

  const cleared = () =>
    clear().catch((err) => log.error({ err }, 'A test call left something behind; the next one removes it'));

  async function verdict(at: number, began: number, work: () => Promise<Measures>): Promise<TestCall> {
    const line = (rest: Pick<TestCall, 'outcome' | 'fault' | 'detail' | 'measures'>): TestCall => ({
      pbx: config.pbx,
      at,
      ...rest,
      tookMs: Math.round(performance.now() - began),
    });
    try {
      const measures = await work();
      return line({ outcome: 'ok', fault: null, detail: 'Every check was good.', measures });
    } catch (e) {
      const { message: detail } = e as Error;
      const { fault, measures } =
        e instanceof TestFailed ? e : { fault: 'internal' as const, measures: null };
      const skip = stopping ? 'The recorder was stopped.' : excuse(fault);
      if (skip) return line({ outcome: 'skipped', fault: null, detail: `${skip} ${detail}`, measures });
      const never = fault === 'dialplan' && (await catalogue.testCalls.lastGood(config.pbx)) === null;
      return line({ outcome: never ? 'not_set_up' : 'failed', fault, detail, measures });
    }
  }

  /** A machine that had too much to do meanwhile is told of elsewhere. */
  function excuse(fault: TestFault): string | null {
    if (isTiming(fault) && deps.load() > config.maxLoad) return 'The machine became too busy.';
    if (fault === 'not_preserved' && deps.preserving() > 1) return 'Other recordings are processed first.';
    return null;
  }

  async function once(heedLoad: boolean): Promise<TestCall> {
    await clearing;
    const at = deps.clock();
    const began = performance.now();
    const load = deps.load();
    if (heedLoad && load > config.maxLoad) {
      const detail = `The load is ${load.toFixed(2)} for each core; the limit is ${config.maxLoad}.`;
      return told({
        pbx: config.pbx,
        at,
        outcome: 'skipped',
        fault: null,
        detail,
        measures: null,
        tookMs: 0,
      });
    }
    const legs = testLegs(deps.mint());
    const call = await verdict(at, began, () => attempt(legs));
    await deps.pbx.hangup(legs.calling).catch(() => {});
    await cleared();
    return told(call);
  }

  async function told(call: TestCall): Promise<TestCall> {
    await catalogue.testCalls.remember(call);
    const { outcome, fault, detail, measures, tookMs } = call;
    log[outcome === 'failed' ? 'error' : 'info']({ outcome, fault, detail, measures, tookMs }, 'Test call');
    if (outcome === 'ok') deps.alarms.clear(ALARM);
    else if (fault)
      deps.alarms.raise(ALARM, {
        severity: outcome === 'failed' ? 'critical' : 'warning',
        why: {
          code: outcome === 'failed' ? 'test_call_fault' : 'test_call_not_set_up',
          params: { fault, detail },
        },
      });
    return call;
  }

  const making = singleFlight(once);

  /** Makes one now and gives the verdict; while one is being made, that one's. `heedLoad`: not on a busy machine. */
  const run = ({ heedLoad = false }: { heedLoad?: boolean } = {}): Promise<TestCall> => making.run(heedLoad);

  const schedule = createSchedule({
    ...{ setting: 'test_calls.schedule', expression: config.schedule, timeZone: config.timeZone },
    missedToo: false,
    job: () => run({ heedLoad: true }).catch((err) => log.error({ err }, 'A test call could not be made')),
  });

  return {
    run,
    last: async (): Promise<TestCall | null> => (await catalogue.testCalls.newest(1, config.pbx))[0] ?? null,

    /** Removes what a crash may have left and sets the schedule going. Throws `config_invalid` when it is not a cron expression. */
    start(): void {
      clearing = cleared();
      if (!config.enabled) {
        deps.alarms.clear(ALARM);
        return;
      }
      schedule.start();
    },
    /** Breaks off the one that is being made. */
    async stop(): Promise<void> {
      stopping = true;
      await schedule.stop();
      await making.idle();
      await clearing;
    },
  };
}
