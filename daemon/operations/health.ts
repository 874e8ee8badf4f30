import type { Verbs } from '../catalogue/catalogue.js';
import type { TestCall } from '../domain/call/test-call.js';
import { iso, isoOrNull } from '../domain/days.js';
import type { TapedeckError } from '../domain/error.js';
import type { Alarm, Alarms } from '../domain/operations/alarm.js';
import { alarmsOf } from '../domain/operations/alarm-pbx.js';
import { alarmView } from '../domain/operations/alarm-words.js';
import {
  alarmKey,
  alarmKeys,
  type HealthFacts,
  judge,
  type PbxFacts,
  remindersOf,
  unsaid,
} from '../domain/operations/health.js';
import { type Job, jobView } from '../domain/operations/job.js';
import type { Forecast } from '../domain/operations/room.js';
import type { DaemonStatus } from '../domain/operations/status.js';
import type { PbxId } from '../domain/pbx.js';
import type { NamedPbx } from '../domain/place.js';
import type { Why } from '../domain/reason/reason.js';
import { inWords, reasonView, type Say } from '../domain/reason/words.js';
import type { CallRecord } from '../domain/recording/recording.js';
import { inTime, type ScrubStatus, WITHIN_DAYS } from '../domain/recording/scrub.js';
import type { ArchiveStatus } from '../domain/recording/tier.js';
import type { EraseProgress } from '../domain/retention/run.js';
import type { Log } from '../ops/log.js';
import { repeatedly } from '../ops/turns.js';

/**
 * Story 8: how the recorder is, for people and for monitors. What the facts show to be wrong is raised as an alarm, and
 * cleared when they do not show it any more.
 */
export type HealthDeps = {
  log: Log;
  catalogue: Verbs<'segments.queue' | 'watch.windows'>;
  alarms: Alarms & { standing(): Alarm[]; past(limit: number): Promise<Alarm[]> };
  /** The first is the one without an id. */
  pbxes: readonly PbxDeps[];
  channels: () => {
    channel: string;
    target: string;
    waiting: number;
    lastSentAt: number | null;
    failingSince: number | null;
    problem: string;
  }[];
  disk: () => Forecast | null;
  /** Which user runs ffmpeg. */
  encoder: 'separate' | 'recorder';
  /** Test calls are configured to be made. */
  testCallsOn: boolean;
  scrub: () => ScrubStatus | null;
  /** The newest job of each kind. */
  jobs: () => Promise<Job[]>;
  /** What is being erased at the moment. */
  erasing: () => EraseProgress | null;
  archive: () => ArchiveStatus;
  backups: () => DaemonStatus['backups'];
  /**
   * Whether the kernel tells that processor time is short, whether it is, and which recordings wait for it since when; null where
   * nothing waits for it.
   */
  processor: () => { known: boolean; short: boolean; waiting: number; oldestAt: number | null } | null;
  eventLoopP99Ms: () => number | null;
  /** A time as people at the site read it. */
  say: Say;
  clock: () => number;
};

type PbxDeps = NamedPbx & {
  ari: () => { up: boolean; version: string; problem: TapedeckError | null };
  ami: () => { up: boolean; problem: TapedeckError | null };
  /** Calls in progress, and how many of them are being captured. */
  now: () => { calls: number; recording: number };
  list: () => LiveCall[];
  testCall: () => Promise<TestCall | null>;
};

/** A call in progress: whether it is being captured, and why or why not. */
type LiveCall = { call: CallRecord; recorded: boolean; why: Why };

const WATCH_MS = 2_000;
/** For how long a capture that failed counts, in ms. */
const LATELY_MS = 15 * 60_000;
const BLIND_MS = 7 * 86_400_000;
const PAST = 10;
const LINK_ALARM = 'pbx_link';

/** What is counted of one PBX. */
const counted = (pbx: PbxDeps) => ({
  ...{ pbx, failedAt: [] as number[], begun: 0, failed: 0 },
  lastEventAt: null as number | null,
});
type Counted = ReturnType<typeof counted>;

export function createHealth(deps: HealthDeps) {
  const since = deps.clock();
  const counts = deps.pbxes.map(counted);
  const several = counts.length > 1;
  const of = (id: PbxId): Counted => counts.find(({ pbx }) => pbx.id === id)!;

  /** What is known now of one PBX. */
  async function lookAt({ pbx, failedAt, begun, failed, lastEventAt }: Counted) {
    const [ari, ami] = [pbx.ari(), pbx.ami()];
    const testCall = await pbx.testCall().catch(() => null);
    const capturesFailed = failedAt.filter((at) => deps.clock() - at < LATELY_MS).length;
    const facts: PbxFacts = {
      ...{ id: pbx.id, name: pbx.name, capturesFailed },
      ari: { up: ari.up, error: ari.problem?.code ?? null },
      ami: { up: ami.up, error: ami.problem?.code ?? null },
      testCall: testCall && { ok: testCall.outcome !== 'failed' },
    };
    const list = pbx.list();
    const tests = list.filter(({ call }) => call.test);
    const { calls, recording } = pbx.now();
    const problem = ari.problem ?? ami.problem;
    const view: DaemonStatus['pbxes'][number] = {
      ...{ id: pbx.id, name: pbx.name, ari: ari.up, ami: ami.up, version: ari.version },
      problem: problem && { message: problem.message, hint: problem.hint },
      calls_now: calls - tests.length,
      recording_now: recording - tests.filter((t) => t.recorded).length,
      last_event_at: isoOrNull(lastEventAt),
      captures: { begun, failed, failed_lately: capturesFailed },
      test_call: testCall && { at: iso(testCall.at), outcome: testCall.outcome, message: testCall.detail },
    };
    const live = list.filter(({ call }) => !call.test).map((one) => callView(one, pbx.id, deps.say));
    return { facts, view, calls: live };
  }

  /** All that is known now, and the facts of it that health is judged by. */
  async function look() {
    const disk = deps.disk();
    const [queue, pbxes] = await Promise.all([
      deps.catalogue.segments.queue().catch(() => null),
      Promise.all(counts.map(lookAt)),
    ]);
    const oldestAt = queue?.oldestEndedAt ?? null;
    const oldestMs = oldestAt === null ? null : Math.max(0, deps.clock() - oldestAt);
    const processor = deps.processor();
    // It waits for processor time, as it should: an alarm is raised by the preserver, where it has waited too long.
    const deferredFrom = processor?.oldestAt ?? null;
    const isDeferred = deferredFrom !== null && oldestAt !== null && oldestAt >= deferredFrom;
    const facts: HealthFacts = {
      pbxes: pbxes.map((pbx) => pbx.facts),
      eventLoopP99Ms: deps.eventLoopP99Ms(),
      preserveOldestMs: isDeferred ? null : oldestMs,
      disk,
      catalogueFails: queue === null,
      alarms: deps.alarms.standing(),
    };
    return { pbxes, disk, waiting: queue?.waiting ?? 0, oldestMs, processor, facts };
  }

  async function watch(): Promise<void> {
    // What somebody else has raised an alarm for is not raised a second time.
    const wrong = new Map(unsaid((await look()).facts).map((p) => [alarmKey(p.code, p.pbx), p]));
    for (const key of alarmKeys(deps.pbxes)) {
      const problem = wrong.get(key);
      if (problem) deps.alarms.raise(key, { severity: problem.severity, why: problem.why });
      else deps.alarms.clear(key);
    }
  }

  const watching = repeatedly(WATCH_MS, watch, (err) =>
    deps.log.warn({ err }, 'The state of the recorder could not be looked at'),
  );

  return {
    /** The PBX said something. */
    heard(id: PbxId): void {
      of(id).lastEventAt = deps.clock();
    },
    /** A leg was to be captured, and is (or, when the PBX could not be made to, is not). */
    captured(id: PbxId, result: 'begun' | 'failed'): void {
      const its = of(id);
      its[result]++;
      if (result === 'begun') return;
      its.failedAt.push(deps.clock());
      if (its.failedAt.length > 100) its.failedAt.shift();
    },

    /** A link to the PBX went up or down. This is told at once, with what the link says of it. */
    linkChanged(id: PbxId): void {
      const { pbx } = of(id);
      const alarms = alarmsOf(deps.alarms, pbx, several);
      const ari = pbx.ari().problem;
      const problem = ari ?? pbx.ami().problem;
      if (problem === null) alarms.clear(LINK_ALARM);
      else
        alarms.raise(LINK_ALARM, {
          severity: ari ? 'critical' : 'warning',
          why: {
            code: 'pbx_link',
            params: { link: ari ? 'ari' : 'ami', error: problem.code, detail: problem.detail },
          },
        });
    },

    async status(): Promise<DaemonStatus> {
      const { pbxes, disk, waiting, oldestMs, processor, facts } = await look();
      const views = pbxes.map((pbx) => pbx.view);
      const sum = (key: 'calls_now' | 'recording_now') => views.reduce((n, view) => n + view[key], 0);
      const clock = deps.clock();
      const [past, jobs, blind] = await Promise.all([
        deps.alarms.past(PAST).catch(() => []),
        deps.jobs().catch(() => []),
        deps.catalogue.watch.windows({ from: clock - BLIND_MS, to: clock }).catch(() => []),
      ]);
      return {
        pbxes: views,
        calls_now: sum('calls_now'),
        recording_now: sum('recording_now'),
        preserving: waiting,
        health: healthView(judge(facts), deps.say),
        reminders: remindersOf({
          channels: deps.channels().length,
          testCalls: deps.testCallsOn ? 'on' : 'off',
          withoutTestCalls: views.filter((v) => v.test_call?.outcome === 'not_set_up').map((v) => v.name),
          several,
        }),
        since: iso(since),
        calls: pbxes.flatMap((pbx) => pbx.calls),
        preserve: { waiting, oldest_ms: oldestMs },
        processor: processor && processorView(processor),
        encoder: deps.encoder,
        disk: diskView(disk),
        stored: deps.archive().hot,
        archive: archiveView(deps.archive()),
        backups: deps.backups(),
        scrub: scrubView(deps.scrub(), clock),
        jobs: jobs.map(jobView),
        erasing: erasingView(deps.erasing()),
        blind: blind
          .map((w) => ({
            pbx: w.pbx,
            from: iso(w.from),
            to: isoOrNull(w.to),
            ...reasonView(w.why, deps.say),
          }))
          .reverse(),
        alarms: facts.alarms.map((alarm) => standingView(alarm, deps.say)),
        past_alarms: past.map((alarm) => standingView(alarm, deps.say)),
        alerts: deps.channels().map((c) => ({
          channel: c.channel,
          target: c.target,
          waiting: c.waiting,
          last_sent_at: isoOrNull(c.lastSentAt),
          failing_since: isoOrNull(c.failingSince),
          problem: c.problem,
        })),
        event_loop_p99_ms: facts.eventLoopP99Ms,
      };
    },

    start(): void {
      watching.start();
    },
    async stop(): Promise<void> {
      await watching.stop();
    },
  };
}

type Processor = NonNullable<ReturnType<HealthDeps['processor']>>;
const processorView = ({ known, short, waiting, oldestAt }: Processor) => ({
  ...{ known, short, waiting },
  oldest_at: isoOrNull(waiting === 0 ? null : oldestAt),
});

function scrubView(s: ScrubStatus | null, now: number): DaemonStatus['scrub'] {
  if (!s) return null;
  return {
    recordings: s.recordings,
    oldest_check_at: isoOrNull(s.oldestCheckAt),
    within_days: WITHIN_DAYS,
    in_time: inTime(s.oldestCheckAt, now),
    damaged: s.faults,
    unsigned: s.unsigned,
    reading: s.reading,
    waits_for: s.waitsFor,
    last_night_at: isoOrNull(s.lastNightAt),
  };
}

function archiveView(found: ArchiveStatus): DaemonStatus['archive'] {
  const { directory, problem, archive, left } = found;
  if (directory === '' && archive.recordings === 0 && left === 0) return null;
  return {
    ...{ directory, problem, free_bytes: found.freeBytes, total_bytes: found.totalBytes },
    ...{ archive, to_remove: left },
  };
}

function diskView(disk: Forecast | null): DaemonStatus['disk'] {
  if (!disk) return null;
  const { freeBytes, totalBytes, perDayBytes, daysLeft } = disk;
  return {
    free_bytes: freeBytes,
    total_bytes: totalBytes,
    per_day_bytes: perDayBytes,
    days_left: daysLeft,
  };
}

function callView({ call, recorded, why }: LiveCall, pbx: PbxId, say: Say): DaemonStatus['calls'][number] {
  return {
    id: call.id,
    pbx,
    direction: call.direction,
    them: call.them,
    us: call.us,
    since: iso(call.startedAt),
    answered_at: isoOrNull(call.answeredAt),
    recorded,
    why: inWords(why, say),
  };
}

function healthView({ level, problems }: ReturnType<typeof judge>, say: Say): DaemonStatus['health'] {
  return {
    level,
    problems: problems.map(({ code, severity, why }) => ({ code, severity, ...alarmView(why, say) })),
  };
}

function standingView(alarm: Alarm, say: Say): DaemonStatus['alarms'][number] {
  const { key, severity, why, raisedAt, clearedAt } = alarm;
  const times = { raised_at: iso(raisedAt), cleared_at: isoOrNull(clearedAt) };
  return { key, severity, ...alarmView(why, say), ...times };
}

const erasingView = (run: EraseProgress | null): DaemonStatus['erasing'] => {
  if (run === null) return null;
  const { startedAt, ...rest } = run;
  return { ...rest, started_at: iso(startedAt) };
};
