import { ulid } from 'ulid';
import { createAssure } from './assurance/assure.js';
import { createCheckpoints } from './assurance/checkpoint.js';
import { createDoubts } from './assurance/doubts.js';
import { createRecorder } from './calls/record.js';
import { createTestCalls } from './calls/test-call.js';
import { createTimekeeper } from './calls/timekeeper.js';
import { BEAT_MS, createWatch } from './calls/watch.js';
import { createGrowthWatch } from './capture/growth.js';
import { createMuteWatch } from './capture/mute.js';
import { createSegments } from './capture/segments.js';
import { createCapture } from './capture/snoop.js';
import { createSpool } from './capture/spool.js';
import { withEntries } from './catalogue/entries.js';
import { createOutbox } from './catalogue/outbox.js';
import { createSqliteCatalogue } from './catalogue/sqlite/catalogue.js';
import { createCdrJournal } from './cdr/journal.js';
import { cdrSources } from './cdr/sources.js';
import { type About, type AuditAction, entryOf, TAPEDECK } from './domain/assurance/audit.js';
import type { PbxEvent } from './domain/call/event.js';
import { STOOD_STILL } from './domain/call/late.js';
import { dates, startOfDay, times } from './domain/days.js';
import type { TapedeckError } from './domain/error.js';
import { ballastBytes } from './domain/operations/room.js';
import {
  ballastFile,
  catalogueFile,
  cdrJournalFile,
  checkpointFile,
  controlSocket,
  keysFile,
  ownerSocket,
  recorderFolder,
  recordingFile,
  workFolder,
} from './domain/paths.js';
import { spoolAudio } from './encode/captured.js';
import { createEncoder } from './encode/encoder.js';
import { createFfmpeg } from './encode/ffmpeg.js';
import type { Channel } from './notify/channel.js';
import { createChannels, createCheckpointChannels } from './notify/channels.js';
import { createAlert } from './operations/alert.js';
import { createControl } from './operations/control.js';
import { channelAlarm, createDeliver } from './operations/deliver.js';
import { createHealth } from './operations/health.js';
import { createRoom } from './operations/room.js';
import { createBusy, load } from './ops/busy.js';
import { createClock } from './ops/clock.js';
import type { Config } from './ops/config-schema.js';
import { coreLimit } from './ops/core-dumps.js';
import { dashboardOf, testCallAudio } from './ops/dashboard-client.js';
import { createBallast, probeDisk, readDisk, tidyProbes } from './ops/disk.js';
import { createEventLoopWatch } from './ops/event-loop.js';
import type { Log } from './ops/log.js';
import { createMetrics } from './ops/metrics.js';
import { createPasses } from './ops/passes.js';
import { readSecret } from './ops/secret.js';
import { createStalls } from './ops/stalls.js';
import { version } from './ops/version.js';
import { createAmi } from './pbx/ami.js';
import { createAnswers } from './pbx/answers.js';
import { createAri } from './pbx/ari.js';
import { csvRow, translateCdr, translateCdrEvent } from './pbx/cdr.js';
import { faultsOf } from './pbx/known-faults.js';
import { createStamps } from './pbx/stamps.js';
import { translateAmi, translateAri, translateSnapshot } from './pbx/translate.js';
import { createCustody } from './recordings/custody.js';
import { createPreserver } from './recordings/preserve.js';
import { createRetain } from './recordings/retain.js';
import { createScrub } from './recordings/scrub.js';
import { appendCheckpoint, readCheckpoints } from './vault/checkpoint-file.js';
import { openDataFolder } from './vault/data-folder.js';
import { isThere, removeDurably } from './vault/durable.js';
import { resealFactors } from './vault/factor-secrets.js';
import { refuseAbsent } from './vault/installation.js';
import { countKeys, createKeys } from './vault/keys.js';
import { openManifest, signManifest } from './vault/manifest.js';
import { ensureMasterKey, openMasterKeys } from './vault/master-key.js';
import { signerOf, signNote } from './vault/note.js';
import { hashContent, openSealed } from './vault/open.js';
import { finishRotation } from './vault/rotation.js';
import { filesIn, hashFile, sizeOf } from './vault/scan.js';
import { sealStream } from './vault/seal.js';
import { loadOrMakeSigningKey, publicKeys } from './vault/signing-key.js';

const MB = 1e6;
/** A PBX that is not read for this long (ms) may close the connection. */
const LONG_STALL = 1_000;
/** What ARI lists. */
type Listed = { channels: unknown[]; bridges: unknown[] };
const CONSOLE = { actor: 'console', actor_id: '', address: '' } as const;

/**
 * The composition root: the one file that constructs adapters and hands them to the stories. Starts in order (keys,
 * catalogue, what was left half done, the PBX last) and stops in reverse. From here until `stop` the data directory is
 * locked: throws `already_running` when another daemon has it. `passphrase` opens a master key that is locked with one.
 */
export function createApp(config: Config, log: Log, passphrase?: string) {
  const time = createClock();
  const clock = time.now;
  const dir = config.data.dir;
  const keysDb = keysFile(dir);
  refuseAbsent(dir, config.keys.master_key_file);
  const folder = openDataFolder(dir); // before anything is made in it
  const made = ensureMasterKey(config.keys.master_key_file, keysDb);
  const master = openMasterKeys(config.keys.master_key_file, passphrase);
  if (made)
    log.warn(
      { file: config.keys.master_key_file },
      'A master key was made. Back it up apart from the data: without it no recording can be heard',
    );
  const keys = createKeys({ path: keysDb, masterKey: master.current, reread: master.reread });
  const vouch = async (manifest: Parameters<typeof signManifest>[0]) => {
    await doubts.beforeSigning();
    return signManifest(manifest, custody.signer());
  };
  const reserve = { data: config.data.reserve_mb * MB, spool: config.pbx.spool_reserve_mb * MB };
  const ballast = createBallast({ path: ballastFile(dir), bytes: ballastBytes(reserve.data) });
  const catalogue = withEntries(
    createSqliteCatalogue({
      path: catalogueFile(dir),
      makeRoom: ballast.release,
      onBadRow: (bad) => doubts.row(bad),
    }),
    { clock, later: (entry) => outbox.catalogue.note(entry) },
  );
  const outbox = createOutbox(catalogue, {
    log: log.child({ part: 'outbox' }),
    onWritten: () => {
      alert.clear('catalogue_damaged');
      void preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    },
    onWaiting: ({ code, message, hint }) => {
      if (code === 'catalogue_damaged' || code === 'disk_failed')
        alert.raise('catalogue_damaged', {
          severity: 'critical',
          message: `${catalogueFile(dir)} cannot be written. ${message}`,
          hint,
        });
    },
  });

  // CDRs tell times without a zone: that of this machine is the likeliest.
  const zones = [Intl.DateTimeFormat().resolvedOptions().timeZone, 'UTC', config.site.time_zone];

  const eventLoop = createEventLoopWatch();
  const stalls = createStalls({ now: clock });
  const ari = createAri({
    url: config.pbx.ari_url,
    user: config.pbx.ari_user,
    password: readSecret(config.pbx.ari_password_file, 'ari-password'),
    app: config.pbx.app,
    now: clock,
    log: log.child({ part: 'ari' }),
    onEvent: (raw) => {
      const event = translateAri(raw, Number.NaN);
      if (event) stamps.hear(event);
    },
    onUp: (now) => {
      newest = now;
      recorder.hold();
      void up(now);
    },
    onDown: (reason, lastHeardAt) => {
      newest = null;
      const lostAt = lastHeardAt ?? clock();
      watch.down(lostAt, stoodStill(lostAt) ? STOOD_STILL : reason.message);
      complain(log, 'ARI', reason);
      health.linkChanged();
    },
  });
  const ami = createAmi({
    host: config.pbx.ami_host,
    port: config.pbx.ami_port,
    user: config.pbx.ami_user,
    secret: readSecret(config.pbx.ami_secret_file, 'ami-secret'),
    now: clock,
    log: log.child({ part: 'ami' }),
    onEvent: (raw) => {
      const event = translateAmi(raw, Number.NaN);
      if (event) stamps.hear(event);
      const cdr = translateCdrEvent(raw, zones, stamps.theirs());
      if (cdr) assure.hear(stamps.written(cdr));
    },
    onUp: () => {
      void listening.up();
      metrics.connected('ami');
      log.info('Connected to AMI');
      health.linkChanged();
    },
    onDown: (reason, lastHeardAt) => {
      listening.down(lastHeardAt ?? clock(), reason.message);
      complain(log, 'AMI', reason);
      health.linkChanged();
    },
  });

  /** A PBX that hears nothing of us closes the connection: who stood still is to blame. */
  const stoodStill = (since: number) => stalls.during(since, clock()).some((s) => s.to - s.from > LONG_STALL);
  const answersOf = createAnswers({
    variable: ari.variable,
    ours: (at) => stamps.ours(at),
    log: log.child({ part: 'ari' }),
  });
  const stamps = createStamps({ now: clock, ask: ari.time, deliver: hear });
  const metrics = createMetrics({ version: version() });
  /** A channel that takes nothing is an alarm for as long as that lasts. */
  const deliverBy = (channels: Channel[], part: string, trouble: string, hint: string) =>
    createDeliver({
      catalogue,
      channels,
      clock,
      log: log.child({ part }),
      onTrouble: (channel, why) => {
        const key = channelAlarm(channel);
        if (why === null) alert.clear(key);
        else alert.raise(key, { severity: 'warning', message: `${trouble} by ${channel}. ${why}`, hint });
      },
    });
  const deliver = deliverBy(
    createChannels(config),
    'alert',
    'Messages about alarms cannot be delivered',
    'Correct [alerts] in tapedeck.toml or what stands in the way; "tapedeck alert test" tries it.',
  );
  const alert = createAlert({
    catalogue,
    tell: deliver.tell,
    mint: () => ulid(),
    clock,
    log: log.child({ part: 'alert' }),
  });
  const doubts = createDoubts({ catalogue, alarms: alert, clock, log: log.child({ part: 'doubts' }) });
  const away = deliverBy(
    createCheckpointChannels(config),
    'checkpoint',
    'Checkpoints of the audit log do not get off this machine',
    'Correct [audit] in tapedeck.toml or what stands in the way; what waits is sent by itself then.',
  );
  const checkpoints = createCheckpoints({
    catalogue,
    sign: (checkpoint) => signNote(custody.signer(), checkpoint),
    beforeSigning: doubts.beforeSigning,
    ours: (note) => signerOf(note, publicKeys(dir)) !== null,
    file: {
      read: () => readCheckpoints(checkpointFile(dir)),
      append: (note) => appendCheckpoint(checkpointFile(dir), note),
    },
    tell: (note, at) => away.tell({ id: ulid(), kind: 'checkpoint', at, alarms: [], checkpoint: note }),
    alarms: alert,
    clock,
    everyMs: config.audit.checkpoint_minutes * 60_000,
    wordsMs: config.audit.words_days * 86_400_000,
    log: log.child({ part: 'checkpoint' }),
  });
  /** Of the daemon's own deeds, which no entry may keep it from. */
  const note = (action: AuditAction, about: About) =>
    outbox.catalogue
      .note(entryOf(TAPEDECK, clock(), action, about))
      .catch(complainOf(log, 'An entry of the audit log could not be written'));
  const said = (action: 'start' | 'stop', more: About['detail'] = {}) =>
    note(action, { detail: { process: 'recorder', version: version(), ...more } });
  const custody = createCustody({
    catalogue,
    openSigningKey: () => loadOrMakeSigningKey(dir, keys.masterKeys),
    finishRotation:
      master.next || master.spent
        ? (going) =>
            finishRotation(dir, master, {
              going,
              also: (from, to) => resealFactors(catalogue, from, to),
            })
        : null,
    recovery: config.keys.recovery_recipient,
    started: (detail) => said('start', detail),
    changed: (detail, outcome = 'ok') => note('key_rotation', { outcome, detail }),
    alarms: alert,
    log,
  });
  const spool = createSpool({ dir: config.pbx.spool, workDir: workFolder(dir), remote: ari });
  const capture = createCapture({
    pbx: ari,
    spoolSize: spool.size,
    log: log.child({ part: 'capture' }),
    onSilent: (call, seq) => {
      log.error({ call, seq }, 'Asterisk says that it records a call and no audio arrives');
      alert.raise('capture_silent', {
        severity: 'critical',
        message: 'Asterisk says that it records and no audio arrives: calls are lost.',
        hint: 'Look at the free space of the PBX and at the owner of its spool directory recording/.',
        forMs: 3_600_000,
      });
    },
  });
  const preserver = createPreserver({
    catalogue,
    spool,
    encoder: createEncoder({ ffmpeg: createFfmpeg({ path: config.encode.ffmpeg }) }),
    keys,
    seal: sealStream,
    open: openSealed,
    vouch,
    recovery: config.keys.recovery_recipient || null,
    version: version(),
    dataDir: dir,
    bitrate: config.encode.bitrate_kbps * 1000,
    complexity: config.encode.complexity,
    atOnce: config.encode.at_once,
    alarms: alert,
    clock,
    behind: time.behind,
    onSealed: metrics.sealed,
    log: log.child({ part: 'preserve' }),
  });
  const growth = createGrowthWatch({
    captures: () => recorder.captures(),
    written: async (name) => {
      const last = await spool.written(name);
      return last && { ...last, at: last.at - time.ahead() };
    },
    now: clock,
    segments: outbox.catalogue.segments,
    watchedUntil: catalogue.lastWatched,
    save: outbox.catalogue.saveLost,
    onLost: () =>
      alert.raise('pbx_starved', {
        severity: 'warning',
        message:
          'The PBX is short of processor time: Asterisk is dropping audio from the calls that it records.',
        hint: 'Set highpriority = yes under [options] in asterisk.conf and restart Asterisk when no call is up. Find what else loads the PBX (top), and move it elsewhere.',
        forMs: 300_000,
      }),
    log: log.child({ part: 'capture' }),
  });
  const segments = createSegments({
    capture,
    save: outbox.catalogue.saveSegment,
    removeSpool: preserver.remove,
    lookBack: growth.close,
    spoolBorn: async (name) => {
      const at = await spool.born(name);
      return at === null ? null : Math.round(at - time.ahead());
    },
    log: log.child({ part: 'capture' }),
  });
  const watch = createWatch({ catalogue, clock, log: log.child({ part: 'watch' }) });
  /** When the witness was heard: AMI is what brings Asterisk's CDRs. */
  const listening = createWatch({
    catalogue: {
      watched: catalogue.witnessHeard,
      lastWatched: catalogue.witnessLastHeard,
      openBlindWindow: catalogue.openWitnessGap,
      closeBlindWindow: catalogue.closeWitnessGap,
    },
    clock,
    log: log.child({ part: 'witness' }),
  });
  const recorder = createRecorder({
    catalogue: outbox.catalogue,
    capture,
    segments,
    hindrance: () => room.hindrance(),
    muteTrap: () => hasMuteTrap() || mutes.learned(),
    spoolAudio: (segment) => spoolAudio(spool, segment),
    rules: { trunkContexts: config.pbx.trunk_contexts, mint: () => ulid() },
    log: log.child({ part: 'record' }),
    onCaptured: (id) => preserver.enqueue(id),
    answers: answersOf,
    gapDuring: watch.gapDuring,
    stalls: stalls.during,
    say: times(config.site.time_zone),
    clock,
    onCapture: (result) => {
      health.captured(result);
      metrics.captured(result);
    },
  });
  const hasMuteTrap = () => faultsOf(ari.status()).some((f) => f.id === 'late-packets-dropped');
  const mutes = createMuteWatch({
    captures: recorder.captures,
    open: spool.open,
    known: hasMuteTrap,
    heal: recorder.renew,
    cured: (...mute) =>
      void recorder.muted(...mute).catch(complainOf(log, 'A mute could not be put on record')),
    log: log.child({ part: 'capture' }),
  });
  const retain = createRetain({
    catalogue,
    keys,
    files: { remove: removeDurably, exists: isThere },
    clock: time.sure,
    alarms: alert,
    config: {
      dataDir: dir,
      schedule: config.retention.schedule,
      timeZone: config.site.time_zone,
      breakerPercent: config.retention.breaker_percent,
    },
    log: log.child({ part: 'retain' }),
    ran: (detail) => note('retention_run', { detail }),
  });
  const assure = createAssure({
    catalogue,
    alarms: alert,
    journal: createCdrJournal({ file: cdrJournalFile(dir) }),
    lost: (from, reason) => void listening.missed(from, reason),
    sources: cdrSources(config.coverage, csvRow, (row) => {
      const cdr = translateCdr(row, zones, stamps.theirs());
      return cdr && stamps.written(cdr);
    }),
    trunkContexts: config.pbx.trunk_contexts,
    mint: (at) => ulid(at),
    say: times(config.site.time_zone),
    clock,
    log: log.child({ part: 'assure' }),
  });
  const room = createRoom({
    data: { dir, reserveBytes: reserve.data, probeIn: recorderFolder(dir) },
    spool: { dir: config.pbx.spool, reserveBytes: reserve.spool },
    read: readDisk,
    probe: probeDisk,
    ballast,
    cleaning: [
      { what: 'copies that nobody works with', frees: 'data', run: spool.tidy },
      { what: 'captured files whose recording is sealed', frees: 'spool', run: preserver.recover },
      { what: 'recordings that are due', frees: 'data', run: () => retain.run() },
    ],
    growth: catalogue.growth,
    onReturn: () => {
      recorder.retry();
      void outbox.flush();
      void preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    },
    onEmpty: () => void recorder.endCaptures().catch(complainOf(log, 'Captures could not be ended')),
    alarms: alert,
    clock,
    log: log.child({ part: 'room' }),
  });
  const timekeeper = createTimekeeper({
    clock: time,
    stamps,
    idle: () => recorder.now().calls === 0 && preserver.waiting() === 0,
    onStill: (ms) => watch.stoodStill(clock() - Math.round(ms)),
    alarms: alert,
    log: log.child({ part: 'time' }),
  });
  const scrub = createScrub({
    catalogue,
    files: { hash: hashFile, size: sizeOf, list: filesIn },
    opens: async (recording) => {
      const sealed = await openSealed(recordingFile(dir, recording), await keys.identity(recording.id));
      await sealed.close();
    },
    content: async (recording) =>
      hashContent(recordingFile(dir, recording), await keys.identity(recording.id)),
    openManifest: (signed) => openManifest(signed, publicKeys(dir)),
    vouch,
    version: version(),
    busy: createBusy(dir, config.scrub.max_load),
    alarms: alert,
    clock,
    config: { dataDir: dir, schedule: config.scrub.schedule, timeZone: config.site.time_zone },
    log: log.child({ part: 'scrub' }),
  });
  const passes = createPasses({ clock });
  const testCalls = createTestCalls({
    pbx: ari,
    catalogue,
    keys,
    removeFile: removeDurably,
    removeSpool: preserver.remove,
    ffmpeg: createFfmpeg({ path: config.encode.ffmpeg }),
    audio: (recording) => testCallAudio(dashboardOf(config.web, dir), passes, recording),
    preserving: preserver.waiting,
    load,
    alarms: alert,
    mint: () => ulid(),
    clock,
    config: {
      dataDir: dir,
      enabled: config.test_calls.enabled,
      schedule: config.test_calls.schedule,
      timeZone: config.site.time_zone,
      maxLoad: config.test_calls.max_load,
    },
    log: log.child({ part: 'test-call' }),
  });
  const health = createHealth({
    catalogue,
    alarms: alert,
    ari: ari.status,
    ami: ami.status,
    now: recorder.now,
    list: recorder.list,
    channels: deliver.status,
    disk: room.status,
    testCall: testCalls.last,
    testCallsOn: config.test_calls.enabled,
    scrub: scrub.status,
    eventLoopP99Ms: eventLoop.p99Ms,
    clock,
  });
  const control = createControl({
    socket: controlSocket(dir),
    ownerSocket: ownerSocket(dir),
    log,
    status: health.status,
    metrics: async () =>
      metrics.text(
        await health.status(),
        await catalogue.coverageSince(
          startOfDay(dates(config.site.time_zone)(clock()), config.site.time_zone),
        ),
      ),
    testAlerts: () => deliver.test({ id: ulid(), kind: 'test', at: clock(), alarms: [] }),
    runRetention: (confirm) => retain.run({ confirm }),
    runTestCall: () => testCalls.run(),
    checkpoints: () => ({
      last: checkpoints.last(),
      key: { id: custody.signer().keyId, pem: custody.signer().publicKeyPem },
      targets: away.status(),
    }),
    signCheckpoint: checkpoints.sign,
    acceptLog: (by: string, reason: string) => checkpoints.accept({ ...CONSOLE, actor_name: by }, reason),
    takePass: passes.take,
    coreLimit,
  });

  /** What was found in the data directory at this start and is not as we left it. */
  async function tellOfStrangers(): Promise<void> {
    for (const what of folder.strange)
      log.error({ what }, 'A file in the data directory is not as it was left');
    if (folder.strange.length === 0) alert.clear('data_strange');
    else
      alert.raise('data_strange', {
        severity: 'critical',
        message: `Files in the data directory were not as Tapedeck left them: ${folder.strange.join(', ')}.`,
        hint: 'Somebody who can write there, most likely in the place of the dashboard, has put them there. Find out who, then remove what was put aside. The alarm ends with the next start.',
      });
    const { live } = countKeys(keysDb);
    if (live === 0 || (await catalogue.calls({ limit: 1 })).length > 0) alert.clear('catalogue_empty');
    else
      alert.raise('catalogue_empty', {
        severity: 'critical',
        message: `${catalogueFile(dir)} has no calls, but ${keysFile(dir)} has the keys of ${live} recordings.`,
        hint: 'The catalogue was emptied or replaced. Stop both services and put it back from a backup; the recordings and their keys are still there. Calls are recorded meanwhile.',
      });
  }

  let beats: NodeJS.Timeout | undefined;
  let started = false;
  let recovered = false;
  let preserved = false;
  /** What the PBX had when it was reached; null while it is not. One list after the other is compared with what was known. */
  let newest: Listed | null = null;
  let comparing: Promise<void> = Promise.resolve();
  async function up(now: Listed): Promise<void> {
    metrics.connected('ari');
    log.info({ version: ari.status().version }, 'Connected to ARI');
    health.linkChanged();
    const at = clock();
    const current = () => now === newest;
    comparing = comparing.then(() => compare(now, at, current));
    await comparing;
    if (!current()) return;
    watch.back(at);
    if (!preserved) await preserver.recover().catch(complainOf(log, 'Captured calls could not be taken up'));
    preserved = true;
    if (!current()) return; // the link was lost again meanwhile: the monitoring gap goes on
    await watch.up(at);
    await assure.up();
  }

  async function compare({ channels, bridges }: Listed, at: number, current: () => boolean): Promise<void> {
    const again = recovered;
    recovered = true;
    const compared = timekeeper.compare().catch(complainOf(log, "The PBX's clock could not be compared"));
    if (!again) await compared; // how old the channels are is by its clock
    const snapshot = stamps.listed(translateSnapshot(channels, bridges, at));
    const known = { watchedUntil: watch.watchedUntil(), current };
    if (again) {
      await recorder.resync(snapshot, known).catch(complainOf(log, 'Calls could not be taken up again'));
      // What could not be fetched from a PBX that was away can be now.
      await preserver.resume().catch(complainOf(log, 'Captured calls could not be taken up'));
    } else await recorder.recover(snapshot, known).catch(complainOf(log, 'Open calls could not be taken up'));
  }

  function hear(event: PbxEvent | null): void {
    if (!event) return;
    health.heard();
    metrics.heard(event.kind);
    recorder.hear(event);
  }

  return {
    async start(): Promise<void> {
      await control.start();
      for (const place of [recorderFolder(dir), config.pbx.spool]) await tidyProbes(place);
      await room.start(); // a full disk gets its ballast back before anything is opened
      eventLoop.start();
      stalls.start();
      keys.start();
      custody.open();
      await catalogue.start();
      await custody.start();
      await doubts.start();
      const counted = await catalogue.countKept().catch(complainOf(log, 'Recordings could not be counted'));
      time.atLeast(counted?.newestSealedAt ?? 0);
      await deliver.start();
      await alert.start();
      await tellOfStrangers();
      await away.start();
      void checkpoints.start();
      await retain.recover();
      await growth.start();
      await watch.start();
      await listening.start();
      // Both in one turn, which is one commit: every open page looks again after each.
      beats = setInterval(() => {
        watch.beat();
        listening.beat();
      }, BEAT_MS);
      mutes.start();
      timekeeper.start();
      ari.start();
      ami.start();
      retain.start();
      assure.start();
      testCalls.start();
      scrub.start();
      health.start();
      custody.rotate();
      started = true;
    },
    /** Finishes what is in hand; calls in progress go on being recorded by Asterisk. */
    async stop(): Promise<void> {
      timekeeper.stop();
      await Promise.all([testCalls.stop(), custody.stop()]);
      await scrub.stop();
      await Promise.all([health.stop(), retain.stop(), room.stop()]);
      await Promise.all([ari.stop(), ami.stop()]);
      await Promise.all([mutes.stop(), growth.stop()]);
      await recorder.stop();
      if (started) await assure.stop();
      clearInterval(beats);
      await watch.stop();
      await listening.stop();
      await preserver.stop();
      if (started) await said('stop');
      await outbox.stop();
      await control.stop();
      await checkpoints.stop();
      await doubts.stop();
      await alert.stop();
      await deliver.stop();
      await away.stop();
      await catalogue.stop();
      keys.stop();
      eventLoop.stop();
      stalls.stop();
      folder.release();
    },
  };
}

const complainOf = (log: Log, what: string) => (err: unknown) => log.error({ err }, what);

function complain(log: Log, link: string, reason: TapedeckError): void {
  log.error({ link, code: reason.code, hint: reason.hint }, reason.message);
}
