import { setTimeout as sleep } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { CheckPlace, SealFigures } from '../catalogue/seals.js';
import { times } from '../domain/days.js';
import { TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { buildManifest, type Manifest, type SignedManifest } from '../domain/recording/manifest.js';
import type { Recording, RecordingId } from '../domain/recording/recording.js';
import {
  damageTold,
  nightDone,
  type ScrubStatus,
  type Stray,
  shareOf,
  strayTold,
} from '../domain/recording/scrub.js';
import { isUnreachable, mayBeArchived } from '../domain/recording/tier.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { repeatedly, serialQueue, singleFlight } from '../ops/turns.js';
import type { Listed, RecordingReader } from '../vault/store/store.js';
import { createCheckEvery } from './scrub/every.js';
import { createExaminer, type ExamineDeps } from './scrub/examine.js';
import { createLate, type LateDeps } from './scrub/late.js';

/**
 * Story 11: what is kept is as it was sealed and signed. Every night some files are read again, those first that were not
 * read for longest, so that all are within 30 days; every night the names on the disk are compared with the rows. It is
 * done when nothing else wants the disk or the processor, and goes on where it stopped. What was sealed before there were
 * manifests, or while nothing was signed, gets one, marked as made later, if its content is what its row says and nothing
 * speaks against the row. What is wrong is on the row, and an alarm stands until it is not wrong any more. All recordings
 * are read at once when somebody asks for it, by a job that waits for a good time as the nights do.
 */
export type ScrubDeps = {
  catalogue: Verbs<
    | 'seals.toCheck'
    | 'seals.checked'
    | 'seals.addManifest'
    | 'seals.damaged'
    | 'seals.figures'
    | 'recordings.after'
    | 'recordings.get'
    | 'seals.sealedAs'
    | 'seals.check'
    | 'seals.manifest'
    | 'calls.get'
    | 'segments.of'
    | 'notices.of'
    | 'directives.of'
    | 'audit.entries'
  >;
  store: Pick<RecordingReader, 'hash' | 'exists' | 'list'>;
  opens: ExamineDeps['opens'];
  openManifest: ExamineDeps['openManifest'];
  content: LateDeps['content'];
  registered: ExamineDeps['registered'];
  /** Notes what was signed of a recording that is in the register. */
  noteSigned: (id: RecordingId, manifestSha256: string) => void;
  /** Throws `schema_altered`. */
  vouch: (manifest: Manifest) => Promise<SignedManifest>;
  version: string;
  /** Why now is no time to read; null when it is. */
  busy: () => string | null;
  alarms: Alarms;
  clock: () => number;
  config: { schedule: string; timeZone: string };
  log: Log;
  pace?: Partial<Pace>;
};

export type Pace = {
  /** For how long a night may read, in ms. */
  nightMs: number;
  /** When it is looked again whether now is a better time, in ms. */
  waitMs: number;
  /** So many times as long as a piece took to read, the disk is left alone. */
  rest: number;
  /** How often the alarm is brought up to what the rows say, in ms. */
  tellMs: number;
  /** How old the figures may be, in ms. */
  figuresMs: number;
};
const PACE: Pace = { nightMs: 5 * 3_600_000, waitMs: 15_000, rest: 2, tellMs: 3_000, figuresMs: 60_000 };

/** A file that is so new may belong to a recording whose row is about to be written, in ms. */
const NEW_MS = 3_600_000;
const AT_ONCE = 20;
const PAGE = 500;
const TOLD = 'recording_damaged';
const STRAY = 'recording_stray';

export function createScrub(deps: ScrubDeps) {
  const { catalogue, store, alarms, clock, config, log } = deps;
  const pace = { ...PACE, ...deps.pace };
  const stopped = new AbortController();
  let status: ScrubStatus | null = null;
  /** Faults that this process has seen itself: those that somebody else has found are looked at first. */
  const seen = new Set<RecordingId>();
  /** Those that this night could not sign, because of the schema of the catalogue: they stay at the front. */
  const unsignable = new Set<RecordingId>();

  const wait = (ms: number) => sleep(ms, undefined, { signal: stopped.signal }).catch(() => {});

  /** Waits until it is a good time. False when there will be none before `until`, or it is to stop. */
  async function calm(until: number): Promise<boolean> {
    while (!stopped.signal.aborted && performance.now() < until) {
      const why = deps.busy();
      if (status) status.waitsFor = why;
      if (why === null) return true;
      await wait(pace.waitMs);
    }
    if (status) status.waitsFor = null;
    return false;
  }

  const rest = (tookMs: number) => wait(Math.max(1, tookMs * pace.rest));

  /** The same as `check`; undefined when it is in the archive and that cannot be reached, which says nothing of it. */
  const reach = (recording: Recording): Promise<string | null | undefined> =>
    check(recording).catch((e) => {
      if (isUnreachable(e)) return undefined;
      throw e;
    });

  const examiner = createExaminer({
    ...{ catalogue, opens: deps.opens, openManifest: deps.openManifest, registered: deps.registered },
    hash: (recording) => store.hash(recording, rest),
  });

  const late = createLate({ catalogue, content: deps.content });

  const reads = serialQueue();
  /** Reads one again, and puts what was found on its row. Returns the fault. One file at a time, whoever asks. */
  const check = (recording: Recording): Promise<string | null> => reads.run(() => checkNow(recording));

  /** The same, and writes nothing. */
  const examine = (recording: Recording): Promise<string | null> =>
    reads.run(async () => (await examiner.file(recording)) ?? (await examiner.signed(recording)));

  async function checkNow(recording: Recording): Promise<string | null> {
    const { id } = recording;
    const unsigned = !(await catalogue.seals.check(id))?.signed;
    const fault =
      (await examiner.file(recording)) ??
      (await examiner.signed(recording)) ??
      (unsigned ? await late(recording) : null);
    // It may have been erased meanwhile.
    if ((await catalogue.recordings.get(id))?.state !== 'sealed') return null;
    await catalogue.seals.checked(id, clock(), fault);
    if (fault !== null) {
      seen.add(id);
      log.error({ recording: id, call: recording.callId, fault }, 'A recording is not as it was sealed');
    } else if (unsigned) await signLater(recording);
    else await noteManifest(recording);
    return fault;
  }

  async function signLater(recording: Recording): Promise<void> {
    const call = await catalogue.calls.get(recording.callId);
    if (!call) return;
    const manifest = buildManifest({
      call,
      recording,
      coverage: call.coverage,
      segments: (await catalogue.segments.of(call.id)).filter((s) => s.state === 'preserved'),
      decision: call.decision,
      told: {
        ...(await catalogue.notices.of(call.id)),
        directives: await catalogue.directives.of(call.id),
      },
      policyVersion: null,
      sealedFor: null,
      version: deps.version,
      madeAt: clock(),
      later: true,
      say: times(deps.config.timeZone),
    });
    const signed = await deps.vouch(manifest).catch((e) => {
      if (e instanceof TapedeckError && e.code === 'schema_altered') return null;
      throw e;
    });
    if (signed) {
      await catalogue.seals.addManifest(signed);
      await noteManifest(recording);
    } else unsignable.add(recording.id);
  }

  /** A stop may have come between the manifest and its note in the register. */
  async function noteManifest(recording: Recording): Promise<void> {
    const noted = await deps.registered(recording);
    if (!noted || noted.manifestSha256 !== null) return;
    const signed = await catalogue.seals.manifest(recording.id);
    if (signed) deps.noteSigned(recording.id, signed.sha256);
  }

  /** Reads what this night has to. */
  async function readAgain(began: number, until: number): Promise<void> {
    unsignable.clear();
    const share = shareOf((await figures()).recordings);
    let done = 0;
    let after: CheckPlace | undefined;
    const tried = new Set<RecordingId>();
    for (;;) {
      const next = await catalogue.seals.toCheck(began, AT_ONCE + unsignable.size, after);
      const batch = next.filter((r) => !tried.has(r.id));
      if (batch.length === 0) return;
      for (const recording of batch) {
        if (recording.signed && nightDone(share, done, recording.checkedAt, began)) return;
        if (!(await calm(until))) return;
        tried.add(recording.id);
        if ((await reach(recording)) !== undefined) done += 1;
        else if (recording.signed) after = { checkedAt: recording.checkedAt, id: recording.id };
        else unsignable.add(recording.id);
      }
    }
  }

  /** What was damaged may have been put back. */
  async function lookAgain(): Promise<void> {
    for (const { recordingId } of await catalogue.seals.damaged(PAGE)) {
      const recording = await catalogue.recordings.get(recordingId);
      if (recording?.state === 'sealed') await reach(recording);
      if (stopped.signal.aborted) return;
    }
  }

  /** Rows whose file is missing or has another length, and files without a row. */
  async function compareNames(until: number): Promise<void> {
    for (let after = ''; ; ) {
      const page = await catalogue.recordings.after(after, PAGE);
      if (page.length === 0) break;
      for (const recording of page) {
        if (recording.state !== 'sealed') continue;
        const found = await seenAs(recording);
        if (found !== 'unknown' && found?.bytes !== recording.sealedBytes) await reach(recording);
      }
      after = page.at(-1)!.id;
      if (!(await calm(until))) return;
    }
    const strays: Stray[] = [];
    for await (const found of store.list()) {
      if (stopped.signal.aborted) return;
      if (Date.now() - found.modifiedAt < NEW_MS) continue;
      const row = found.place && (await catalogue.recordings.get(found.place.id));
      // What an erasure has left in the archive is known, and about to be removed.
      if (row?.file === found.name && (row.state !== 'erased' || (found.archived && mayBeArchived(row.tier))))
        continue;
      const file = found.archived ? `${found.name} (archive)` : found.name;
      strays.push({ file, recording: await renamed(found) });
    }
    if (strays.length === 0) alarms.clear(STRAY);
    else alarms.raise(STRAY, strayTold(strays));
  }

  const seenAs = (recording: Recording) =>
    store.exists(recording).catch((e) => {
      if (isUnreachable(e)) return 'unknown' as const;
      throw e;
    });

  /** The recording that misses this file: the row says where it is now. Null when none does. */
  async function renamed(file: Listed): Promise<RecordingId | null> {
    const found = await file.hash(rest);
    const id = found && (await catalogue.seals.sealedAs(found.sha256));
    const row = id ? await catalogue.recordings.get(id) : null;
    if (row?.state !== 'sealed' || (await seenAs(row)) !== null) return null;
    await catalogue.seals.checked(row.id, clock(), `Its file is missing; ${file.name} has the same bytes.`);
    seen.add(row.id);
    return row.id;
  }

  async function figures(): Promise<SealFigures> {
    const now = await catalogue.seals.figures();
    status = { reading: false, waitsFor: null, lastNightAt: null, ...status, ...now, at: clock() };
    return now;
  }

  async function nightly(): Promise<void> {
    const until = performance.now() + pace.nightMs;
    const began = clock();
    try {
      await figures();
      status!.reading = true;
      await lookAgain();
      await compareNames(until);
      await readAgain(began, until);
      await figures();
      status!.lastNightAt = clock();
      log.info({ recordings: status!.recordings, faults: status!.faults }, 'Recordings were read again');
    } catch (err) {
      log.error({ err }, 'Recordings could not be read again; it goes on tomorrow');
    } finally {
      if (status) Object.assign(status, { reading: false, waitsFor: null });
      await tell();
    }
  }

  /** Brings the alarm up to what the rows say, also of what was read when a recording broke off while it was played. */
  async function tell(): Promise<void> {
    let damaged = await catalogue.seals.damaged(PAGE);
    const news = damaged.filter((d) => !seen.has(d.recordingId)).slice(0, AT_ONCE);
    for (const { recordingId } of news) {
      const recording = await catalogue.recordings.get(recordingId);
      seen.add(recordingId);
      if (recording?.state === 'sealed') await reach(recording);
    }
    if (news.length > 0) damaged = await catalogue.seals.damaged(PAGE);
    for (const id of seen) if (!damaged.some((d) => d.recordingId === id)) seen.delete(id);
    if (!status || status.faults !== damaged.length || clock() - status.at >= pace.figuresMs) await figures();
    if (damaged.length === 0) alarms.clear(TOLD);
    else alarms.raise(TOLD, damageTold(damaged, Math.max(damaged.length, status?.faults ?? 0)));
  }

  const night = singleFlight(nightly);
  const telling = repeatedly(pace.tellMs, tell, (err) =>
    log.warn({ err }, 'Damaged recordings could not be told of'),
  );
  const schedule = createSchedule({
    ...{ setting: 'scrub.schedule', expression: config.schedule, timeZone: config.timeZone },
    ...{ missedToo: true, job: night.run },
  });

  const checkEvery = createCheckEvery({
    ...{ catalogue, check: reach, busy: deps.busy, waitMs: pace.waitMs },
  });

  return {
    examine,
    /** The job that reads every recording again. */
    checkEvery,
    /** A night's work, now. */
    run: night.run,
    /** Null until the figures were taken. */
    status: () => status,
    start(): void {
      schedule.start();
      telling.start();
    },
    async stop(): Promise<void> {
      stopped.abort();
      await schedule.stop();
      await Promise.all([night.idle(), telling.stop()]);
    },
  };
}
