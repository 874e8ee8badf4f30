import { ulid } from 'ulid';
import { readPlan } from '../catalogue/retention/planned.js';
import { times } from '../domain/days.js';
import { inWords } from '../domain/reason/words.js';
import type { Manifest } from '../domain/recording/manifest.js';
import { runDetail } from '../domain/retention/run.js';
import { ffmpegOf } from '../encode/chosen.js';
import { createEncoder, limitFor } from '../encode/encoder.js';
import { createPromptSearch } from '../encode/prompt-search.js';
import { mediaOf } from '../ops/block-device.js';
import { createBusy } from '../ops/busy.js';
import { siteOf } from '../ops/config.js';
import { version } from '../ops/process/version.js';
import { createApplyRetention } from '../recordings/apply-retention.js';
import { createArchiving } from '../recordings/archiving.js';
import { createCertify } from '../recordings/certify.js';
import { createCustody } from '../recordings/custody.js';
import { createHolding } from '../recordings/holding.js';
import { createPreserver } from '../recordings/preserve.js';
import { createRedactor } from '../recordings/redact.js';
import { createRegistering } from '../recordings/registering.js';
import { createNamesRemoval } from '../recordings/retain/names.js';
import { createRetain } from '../recordings/retain.js';
import { createScrub } from '../recordings/scrub.js';
import { hasDestination } from '../vault/backup/destination.js';
import { resealFactors } from '../vault/factor-secrets.js';
import { openManifest, signManifest } from '../vault/manifest.js';
import { hashContent, openSealed } from '../vault/open.js';
import { createOwnPrompts, createPromptFiles, promptSamples } from '../vault/prompts.js';
import { sealStream } from '../vault/seal.js';
import { fingerprint, loadOrMakeSigningKey, publicKeys } from '../vault/signing-key.js';
import { noArchive } from '../vault/store/archive.js';
import { MB } from './data.js';
import { createImport } from './importing.js';
import type { Base, Parts, Recordings } from './parts.js';

/** So many times as long ffmpeg may take while programs wait for a processor. */
const PATIENCE = 10;

/** From a captured call to a sealed file, and from there to its end. */
export function createRecordings(base: Base, parts: Parts): Recordings {
  const { config, log, time, clock, dir, gate } = base;
  const {
    data: { archive, catalogue, keys, master, note, store },
    alarming: { alert },
    pbxes,
  } = parts;
  const custody = createCustody({
    catalogue,
    openSigningKey: () => loadOrMakeSigningKey(dir, keys.masterKeys),
    rotation:
      master.next || master.spent
        ? {
            // May come first: both keys are there until the end, and new secrets are sealed with the next one already.
            async finish() {
              if (master.next) await resealFactors(catalogue.factors, master.current, master.next);
              return keys.rotation.finish();
            },
            end: keys.rotation.end,
          }
        : null,
    recovery: config.keys.recovery_recipient,
    started: (detail) => note('start', { detail: { process: 'recorder', version: version(), ...detail } }),
    changed: (detail, outcome = 'ok') => note('key_rotation', { outcome, detail }),
    alarms: alert,
    log,
  });
  const vouch = async (manifest: Manifest) => {
    await parts.assurance.doubts.beforeSigning();
    return signManifest(manifest, custody.signer());
  };
  const alarmsOf = new Map(pbxes.map(({ section, alarms }) => [section.id, alarms]));
  const registering = createRegistering({
    ...{ catalogue, clock, register: keys.register },
    log: log.child({ part: 'register' }),
  });
  const encoder = createEncoder({
    ffmpeg: ffmpegOf(config.encode),
    // What is slow because the encoder gets no processor time does not hang.
    limit: (audioMs) => limitFor(audioMs) * (gate.crowded() ? PATIENCE : 1),
  });
  const sealing = {
    encoder,
    recovery: config.keys.recovery_recipient || null,
    version: version(),
    bitrate: config.encode.bitrate_kbps * 1000,
    complexity: config.encode.complexity,
    vouch,
  };
  const preserver = createPreserver({
    ...sealing,
    catalogue,
    spools: new Map(pbxes.map(({ section, spool }) => [section.id, spool])),
    promptAudio: promptSamples(createPromptFiles(dir), createOwnPrompts()),
    searchPrompts: createPromptSearch,
    keys,
    seal: (...given) => sealStream(store, ...given),
    open: (...given) => openSealed(store, ...given),
    removeSealed: store.remove,
    mint: () => ulid(),
    atOnce: config.encode.at_once,
    captures: () =>
      pbxes
        .flatMap(({ section, calls }) =>
          calls.recorder.captures().map((one) => ({ pbx: section.id, ...one })),
        )
        .sort((a, b) => a.inStartedAt - b.inStartedAt),
    during: config.encode.during_calls,
    alarms: alert,
    gate,
    alarmsOf: (pbx) => alarmsOf.get(pbx) ?? alert,
    listsOf: parts.data.lists.namesFor,
    site: siteOf(config),
    clock,
    behind: time.behind,
    onSealed: (...sealed) => parts.operations.metrics.sealed(...sealed),
    log: log.child({ part: 'preserve' }),
  });
  const say = times(config.site.time_zone);
  const limit = { percent: config.retention.breaker_percent, count: config.retention.breaker_count };
  const certify = createCertify({
    ...{ catalogue, clock, hasKey: keys.has, hasFile: async (place) => (await store.exists(place)) !== null },
    ...{ isHot: store.isHot, registered: registering.registered, alarms: alert },
    sealedLog: (from) => parts.assurance.checkpoints.follow(from),
    putList: () => parts.backups.putList(),
    media: () => mediaOf(dir),
    backups: hasDestination(config.backup)
      ? { keepDays: config.backup.keep_days, keysApart: config.backup.key_path !== '' }
      : null,
    signer: () => {
      const { keyId, publicKeyPem } = custody.signer();
      return { keyId, sha256: fingerprint(publicKeyPem) };
    },
    sign: async (text) => {
      await parts.assurance.doubts.beforeSigning();
      const { keyId, sign } = custody.signer();
      return { signature: sign(Buffer.from(text)).toString('base64'), keyId };
    },
    site: { name: config.site.name, timeZone: config.site.time_zone },
    version: version(),
    mint: () => ulid(),
    log: log.child({ part: 'certify' }),
  });
  const retain = createRetain({
    catalogue,
    plan: (now) => readPlan(catalogue, now, limit, config.site.time_zone),
    mint: () => ulid(),
    keys,
    store,
    clock: time.sure,
    alarms: alert,
    config: {
      schedule: config.retention.schedule,
      timeZone: config.site.time_zone,
      limit,
    },
    log: log.child({ part: 'retain' }),
    certify,
    removeNames: createNamesRemoval({
      ...{ catalogue, listsOf: parts.data.lists.namesFor },
      site: siteOf(config),
      log: log.child({ part: 'retain' }),
    }),
    ran: (run) => note('retention_run', { detail: runDetail(run) }),
    refused: (why) => note('retention_run', { outcome: 'refused', reason: inWords(why, say) }),
  });
  const applyRetention = createApplyRetention({
    ...{ catalogue, listsOf: parts.data.lists.namesFor },
    site: siteOf(config),
  });
  const archiving = createArchiving({
    ...{ catalogue, store, clock: time.sure, alarms: alert, log: log.child({ part: 'archive' }) },
    room: async () => {
      if (!archive) throw noArchive();
      return archive.room();
    },
    ask: () => parts.operations.jobs.ask('archive'),
    config: {
      directory: config.archive.directory,
      afterDays: config.archive.after_days,
      schedule: config.archive.schedule,
      timeZone: config.site.time_zone,
      reserveBytes: config.archive.reserve_mb * MB,
    },
    ran: (run) => note('archive', { detail: { what: 'run', ...run } }),
  });
  const redactor = createRedactor({
    ...{ ...sealing, catalogue, keys, clock, alarms: alert },
    seal: (...given) => sealStream(store, ...given),
    open: (...given) => openSealed(store, ...given),
    content: (...given) => hashContent(store, ...given),
    removeSealed: store.remove,
    erase: retain.erase,
    say,
    log: log.child({ part: 'redact' }),
  });
  const scrub = createScrub({
    catalogue,
    store,
    opens: async (recording) => {
      const sealed = await openSealed(store, recording, await keys.identity(recording.id));
      await sealed.close();
    },
    content: async (recording) => hashContent(store, recording, await keys.identity(recording.id)),
    openManifest: (signed) => openManifest(signed, publicKeys(dir)),
    registered: registering.registered,
    noteSigned: (...signed) => keys.register().signed(...signed),
    vouch,
    version: version(),
    busy: createBusy(dir, config.scrub.max_load, gate.waiter()),
    alarms: alert,
    clock,
    config: { schedule: config.scrub.schedule, timeZone: config.site.time_zone },
    log: log.child({ part: 'scrub' }),
  });
  const holding = createHolding({ catalogue, clock, log: log.child({ part: 'holds' }) });
  const importing = createImport(base, parts, { ...sealing, preserver });
  return {
    ...{ custody, registering, preserver, retain, applyRetention, archiving, holding, redactor, scrub },
    importing,
  };
}
