import { createAlarming } from './app/alarming.js';
import { createAssurance } from './app/assurance.js';
import { createBackups } from './app/backup/backups.js';
import { openData } from './app/data.js';
import { createOperations } from './app/operations.js';
import type { Base, Parts, Pbx } from './app/parts.js';
import { createPbxes } from './app/pbx.js';
import { announceFromTheStart, createPrompting } from './app/prompting.js';
import { createRecordings } from './app/recordings.js';
import { tellOfRemoved } from './app/removed.js';
import { createRequests } from './app/requests.js';
import { bearWitness } from './app/witness.js';
import { BEAT_MS } from './calls/watch.js';
import { keysFile, recorderFolder } from './domain/paths.js';
import { createClock } from './ops/clock.js';
import type { Config } from './ops/config-schema.js';
import { tidyProbes } from './ops/disk.js';
import { complainOf, type Log } from './ops/log.js';
import { createGate } from './ops/process/gate.js';
import { createPressure } from './ops/process/pressure.js';
import { version } from './ops/process/version.js';
import { countKeys } from './vault/keys.js';

/** In this order: each subsystem is made of those before it. */
const SUBSYSTEMS = {
  data: openData,
  prompting: createPrompting,
  alarming: createAlarming,
  pbxes: createPbxes,
  recordings: createRecordings,
  assurance: createAssurance,
  backups: createBackups,
  operations: createOperations,
  requests: createRequests,
};
type Subsystems = typeof SUBSYSTEMS;

export type AppOptions = {
  /** Opens a master key that is locked with one. */
  passphrase?: string;
  /** Makes subsystems in another way: a test runs the real recorder with one of them replaced. */
  overrides?: Partial<Subsystems>;
};

/**
 * The composition root. Nothing is done before `start`, which opens the data directory, makes the subsystems and starts them in
 * order: keys, catalogue, what was left half done, the PBX last. `stop` goes the other way. In between the data directory is
 * locked.
 */
export function createApp(config: Config, log: Log, { passphrase, overrides }: AppOptions = {}) {
  const time = createClock();
  const clock = time.now;
  const gate = createGate({
    ...{ read: createPressure(), clock, log: log.child({ part: 'gate' }) },
    off: !config.processor.calls_first,
    free: () => parts !== null && (isIdle(parts) || parts.operations.room.spoolIsShort()),
  });
  const base: Base = { config, log, time, clock, dir: config.data.dir, gate };
  /** Null until all have been made. */
  let parts: Parts | null = null;
  let beats: NodeJS.Timeout | undefined;
  let started = false;
  let alarmsStarted = false;
  let stopping = false;
  /** What waited for an upgrade is being started. */
  let catchingUp: Promise<void> = Promise.resolve();

  /** Resolves once all PBXs have done it. */
  const onEach = async (work: (pbx: Pbx) => unknown) => void (await Promise.all(parts!.pbxes.map(work)));

  function make(): Parts {
    const by = { ...SUBSYSTEMS, ...overrides };
    const made = {} as Parts; // whole before anything calls back
    made.data = by.data(base, made, passphrase);
    try {
      made.prompting = by.prompting(base);
      made.alarming = by.alarming(base, made);
      made.pbxes = by.pbxes(base, made);
      made.recordings = by.recordings(base, made);
      made.assurance = by.assurance(base, made);
      made.backups = by.backups(base, made);
      made.operations = by.operations(base, made);
      made.requests = by.requests(base, made);
      return made;
    } catch (err) {
      made.data.folder.release();
      throw err;
    }
  }

  /** What is seen to before calls are followed. All of the catalogue has to be there. */
  async function beforeCalls({ data, recordings, assurance, alarming }: Parts): Promise<void> {
    const { catalogue } = data;
    await announceFromTheStart(base, parts!).catch(
      complainOf(log, 'A new box could not be given its policy'),
    );
    await recordings.custody.start();
    await bearWitness(base, data, await hasCalls(data)); // the log of a new catalogue has begun by now
    await assurance.doubts.start();
    const sealedAt = await catalogue.due
      .newestSealedAt()
      .catch(complainOf(log, 'It is not known when the last recording was sealed'));
    time.atLeast(sealedAt ?? 0);
    await startAlarming(alarming);
    assurance.strangers.start();
    assurance.strangers.emptied({
      liveKeys: countKeys(keysFile(base.dir)).live,
      hasCalls: await hasCalls(data),
    });
    await alarming.away.start();
    void assurance.checkpoints.start();
    await recordings.retain.recover();
    void recordings.retain.certify();
    void recordings.redactor.recover();
    await tellOfRemoved(base, parts!);
  }

  async function startAlarming({ deliver, alert }: Parts['alarming']): Promise<void> {
    if (alarmsStarted) return;
    alarmsStarted = true;
    await deliver.start();
    await alert.start();
  }

  /** From here on calls are followed and captured. */
  async function startCalls({ pbxes, prompting, alarming, operations }: Parts): Promise<void> {
    await startAlarming(alarming);
    await onEach(({ calls }) => calls.growth.start());
    await onEach(({ calls }) => calls.watch.start());
    await onEach(({ calls }) => calls.listening.start());
    // All in one turn, which is one commit: every open page looks again after each.
    beats = setInterval(() => {
      for (const { calls } of pbxes) {
        calls.watch.beat();
        calls.listening.beat();
      }
    }, BEAT_MS);
    await prompting.server?.start();
    for (const { calls } of pbxes) calls.mutes.start();
    operations.timekeeper.start();
    for (const { links } of pbxes) {
      links.ari.start();
      links.ami.start();
    }
  }

  /** All that is done beside the calls. */
  function afterCalls({ data, pbxes, recordings, assurance, operations, backups, requests }: Parts): void {
    data.upgrade.start();
    recordings.preserver.start();
    recordings.registering.start();
    recordings.holding.start();
    recordings.retain.start();
    for (const { assure } of pbxes) assure.start();
    assurance.counting.start();
    for (const { calls } of pbxes) calls.testCalls.start();
    recordings.scrub.start();
    operations.jobs.start();
    recordings.archiving.start();
    backups.start();
    operations.health.start();
    operations.needs.start();
    operations.deadlines.start();
    requests.mailings.start();
    recordings.custody.rotate();
    started = true;
  }

  /** The upgrade is finished: what waited for it is done, and what was captured meanwhile becomes recordings. */
  async function catchUp(all: Parts): Promise<void> {
    await bearWitness(base, all.data, await hasCalls(all.data));
    await beforeCalls(all);
    afterCalls(all);
    for (const { section, assure, links } of all.pbxes) {
      await all.recordings.preserver
        .recover(section.id)
        .catch(complainOf(log, 'Captured calls could not be taken up'));
      if (links.ari.status().up) await assure.up();
    }
  }

  return {
    /** Throws `already_running` when another recorder has the data directory. */
    async start(): Promise<void> {
      parts = make();
      const { data, recordings, operations, requests } = parts;
      const { catalogue, keys } = data;
      await requests.start();
      for (const place of [recorderFolder(base.dir), ...config.pbxes.map((pbx) => pbx.spool)])
        await tidyProbes(place);
      await operations.room.start(); // a full disk gets its ballast back before anything is opened
      operations.eventLoop.start();
      gate.start();
      operations.stalls.start();
      await keys.start();
      await recordings.custody.open();
      operations.unlock.start();
      await operations.unlock.opening(catalogue.start);
      if (!data.upgrade.upgrading()) await bearWitness(base, data, await hasCalls(data));
      await data.standing
        .ready()
        .catch(complainOf(log, 'The standing consents and objections could not be read'));
      await data.lists.ready().catch(complainOf(log, 'The lists of numbers could not be read'));
      data.lists.start(complainOf(log, 'Numbers whose time is over stay on their lists'));
      // Until a catalogue of an earlier version has been upgraded, calls are captured, and nothing else is done.
      if (!data.upgrade.upgrading()) await beforeCalls(parts);
      await startCalls(parts);
      if (!data.upgrade.upgrading()) return afterCalls(parts);
      void data.upgrade.whole().then((whole) => {
        if (!whole || stopping) return;
        const failed = complainOf(log, 'What waited for the upgrade could not be started');
        catchingUp = catchUp(parts!).catch(failed);
      });
    },
    /** Finishes what is in hand; calls in progress go on being recorded by Asterisk. */
    async stop(): Promise<void> {
      if (!parts) return;
      stopping = true;
      const { data, prompting, alarming, recordings, assurance, backups, operations, requests } = parts;
      operations.timekeeper.stop();
      operations.needs.stop();
      await catchingUp;
      await Promise.all([
        onEach(({ calls }) => calls.testCalls.stop()),
        ...[recordings.custody.stop(), recordings.registering.stop()],
      ]);
      data.archive?.stop(); // what waits for a storage that stands still waits no longer
      await Promise.all([operations.jobs.stop(), recordings.scrub.stop(), recordings.archiving.stop()]);
      await assurance.counting.stop();
      await backups.stop();
      await Promise.all([
        operations.health.stop(),
        operations.deadlines.stop(),
        recordings.redactor.stop(),
        recordings.retain.stop(),
        recordings.holding.stop(),
        operations.room.stop(),
      ]);
      await operations.unlock.stop();
      // Before the links: however long the rest takes, nobody hears the PBX from here on, and the gap begins no later.
      clearInterval(beats);
      await onEach(({ calls }) => Promise.all([calls.watch.stop(), calls.listening.stop()]));
      await onEach(({ links }) => Promise.all([links.ari.stop(), links.ami.stop()]));
      await onEach(({ calls }) => Promise.all([calls.mutes.stop(), calls.growth.stop()]));
      await onEach(({ calls }) => calls.recorder.stop());
      if (started) await onEach(({ assure }) => assure.stop());
      await prompting.server?.stop();
      await recordings.preserver.stop();
      if (started) await data.note('stop', { detail: { process: 'recorder', version: version() } });
      await data.outbox.stop();
      await requests.stop();
      await assurance.checkpoints.stop();
      await Promise.all([assurance.doubts.stop(), assurance.strangers.stop()]);
      await alarming.alert.stop();
      await alarming.deliver.stop();
      await alarming.away.stop();
      data.lists.stop();
      await data.upgrade.stop();
      await data.catalogue.stop();
      await data.keys.stop();
      operations.eventLoop.stop();
      gate.stop();
      operations.stalls.stop();
      data.folder.release();
    },
  };
}

/** No call is in progress. Of a PBX that cannot be asked it is not known. */
const isIdle = ({ pbxes }: Parts): boolean =>
  pbxes.every(({ links, calls }) => links.ari.status().up && calls.recorder.now().calls === 0);

const hasCalls = async ({ catalogue }: Parts['data']): Promise<boolean> =>
  (await catalogue.calls.list({ limit: 1 })).length > 0;
