import { ulid } from 'ulid';
import { createLink } from '../calls/link.js';
import { createRecorder } from '../calls/record.js';
import { createRefused } from '../calls/refused.js';
import { createTestCalls } from '../calls/test-call.js';
import { createWatch } from '../calls/watch.js';
import { createGrowthWatch } from '../capture/growth.js';
import { createMuteWatch } from '../capture/mute.js';
import { createSegments } from '../capture/segments.js';
import { createCapture } from '../capture/snoop.js';
import type { Spool } from '../capture/spool.js';
import { spoolAudio } from '../encode/captured.js';
import { ffmpegOf } from '../encode/chosen.js';
import { load } from '../ops/busy.js';
import { siteOf } from '../ops/config.js';
import { dashboardOf, testCallAudio } from '../ops/dashboard-client.js';
import { complainOf } from '../ops/log.js';
import { type FaultId, faultsOf } from '../pbx/known-faults.js';
import { translateSnapshot } from '../pbx/translate.js';
import type { Base, Calls, Links, Parts, PbxBase } from './parts.js';
import { createInforming } from './prompting.js';

/** From an event of one PBX to the files of a captured call. */
export function createCalls(
  base: Base,
  parts: Parts,
  of: PbxBase,
  { links, spool }: { links: Links; spool: Spool },
): Calls {
  const { config, time, clock, dir } = base;
  const { section, alarms, log } = of;
  const { catalogue, keys, outbox, store, upgrade } = parts.data;
  const { ari, answers, contexts, stamps } = links;
  const { id } = section;
  /** Made after the PBXs, since it reads the spools of all. */
  const preserver = () => parts.recordings.preserver;
  const removeSpool = (name: string) => preserver().remove(id, name);
  const captureLog = log.child({ part: 'capture' });
  const has = (fault: FaultId) => faultsOf(ari.status()).some((f) => f.id === fault);
  const capture = createCapture({
    pbx: ari,
    spoolSize: spool.size,
    mutesOnce: () => has('recording-mutes-once'),
    log: captureLog,
    onSilent: (call, seq) => {
      log.error({ call, seq }, 'Asterisk says that it records a call and no audio arrives');
      alarms.raise('capture_silent', {
        severity: 'critical',
        why: { code: 'capture_silent', params: {} },
        forMs: 3_600_000,
      });
    },
  });
  const growth = createGrowthWatch({
    captures: () => recorder.captures(),
    written: async (name) => {
      const last = await spool.written(name);
      return last && { ...last, at: last.at - time.ahead() };
    },
    now: clock,
    segments: outbox.catalogue.segments.of,
    watchedUntil: () => catalogue.watch.lastWatched(id),
    save: outbox.catalogue.segments.saveLost,
    isFull: (since) => parts.operations.room.wasFull(id, since),
    onLost: (_call, _side, _ms, cause) => {
      if (cause === 'disk') return; // the watch of the disks raises its own
      alarms.raise('pbx_starved', {
        severity: 'warning',
        why: { code: 'pbx_starved', params: {} },
        forMs: 300_000,
      });
    },
    log: captureLog,
  });
  const segments = createSegments({
    capture,
    save: outbox.catalogue.segments.save,
    removeSpool,
    lookBack: growth.close,
    spoolBorn: async (name) => {
      const at = await spool.born(name);
      return at === null ? null : Math.round(at - time.ahead());
    },
    spooled: () => spool.ours(true),
    log: captureLog,
  });
  const watch = createWatch({ pbx: id, kept: catalogue.watch, clock, log: log.child({ part: 'watch' }) });
  const listening = createWatch({
    pbx: id,
    kept: catalogue.listening,
    clock,
    log: log.child({ part: 'witness' }),
  });
  const refused = createRefused({
    catalogue,
    lists: parts.data.lists,
    note: parts.data.note,
    site: siteOf(config),
    clock,
    log: log.child({ part: 'refused' }),
  });
  const recorder = createRecorder({
    ...createInforming(base, parts, of, links),
    catalogue: outbox.catalogue,
    alarms,
    codes: config.codes,
    masksCards: config.masking.card_numbers,
    listsOf: parts.data.lists.namesFor,
    standing: parts.data.standing,
    capture,
    segments,
    hindrance: () => parts.operations.room.hindrance(id),
    muteTrap: () => has('late-packets-dropped') || mutes.learned(),
    spoolAudio: (segment) => spoolAudio(spool, segment),
    rules: { pbx: id, trunkContexts: section.trunk_contexts, mint: () => ulid() },
    log: log.child({ part: 'record' }),
    // Once the upgrade is finished, all that waits is looked for.
    onCaptured: (call) => upgrade.upgrading() || preserver().enqueue(id, call),
    onSaid: refused.onSaid,
    answers,
    contexts,
    gapDuring: watch.gapDuring,
    stalls: (from, to) => parts.operations.stalls.during(from, to),
    site: siteOf(config),
    clock,
    onCapture: (result) => {
      parts.operations.health.captured(id, result);
      parts.operations.metrics.captured(id, result);
    },
  });
  const mutes = createMuteWatch({
    captures: recorder.captures,
    size: spool.atLeast,
    open: spool.open,
    known: () => has('late-packets-dropped'),
    heal: recorder.renew,
    cured: (...mute) =>
      void recorder.muted(...mute).catch(complainOf(log, 'A mute could not be put on record')),
    log: captureLog,
  });
  const testCalls = createTestCalls({
    pbx: ari,
    catalogue,
    keys,
    store,
    removeSpool,
    ffmpeg: ffmpegOf(config.encode),
    audio: (recording) => testCallAudio(dashboardOf(config.web, dir), parts.operations.passes, recording),
    preserving: () => preserver().busy(),
    load,
    alarms,
    mint: () => ulid(),
    clock,
    config: {
      pbx: id,
      enabled: config.test_calls.enabled,
      schedule: config.test_calls.schedule,
      timeZone: config.site.time_zone,
      maxLoad: config.test_calls.max_load,
    },
    log: log.child({ part: 'test-call' }),
  });
  const link = createLink({
    recorder,
    preserver: {
      recover: async () => upgrade.upgrading() || preserver().recover(id),
      resume: async () => upgrade.upgrading() || preserver().resume(),
    },
    watch,
    compareClocks: () => parts.operations.timekeeper.compare(id),
    snapshot: ({ channels, bridges }, at) => stamps.listed(translateSnapshot(channels, bridges, at)),
    async isUp() {
      if (!upgrade.upgrading()) await parts.pbxes.find((one) => one.section === section)!.assure.up();
    },
    clock,
    log,
  });
  return { recorder, growth, mutes, watch, listening, testCalls, link };
}
