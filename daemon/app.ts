import { existsSync, mkdirSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { createCapture } from './capture/snoop.js';
import { createSpool } from './capture/spool.js';
import { createSqliteCatalogue } from './catalogue/sqlite/catalogue.js';
import { createControl } from './control.js';
import { fail, TapedeckError } from './domain/error.js';
import { createFfmpeg } from './encode/ffmpeg.js';
import { type Config, readSecret } from './ops/config.js';
import { controlSocket } from './ops/control-client.js';
import type { Log } from './ops/log.js';
import { createAmi } from './pbx/ami.js';
import { createAri } from './pbx/ari.js';
import { translateAmi, translateAri, translateSnapshot } from './pbx/translate.js';
import { createPreserver } from './preserve.js';
import { createRecorder } from './record.js';
import { createRetain } from './retain.js';
import { removeDurably } from './vault/durable.js';
import { createKeys } from './vault/keys.js';
import { createMasterKey, loadMasterKey } from './vault/master-key.js';
import { openSealed } from './vault/open.js';
import { sealStream } from './vault/seal.js';

/**
 * The composition root: the one file that constructs adapters and hands them to the stories. Starts in order (keys,
 * catalogue, what was left half done, the PBX last) and stops in reverse.
 */
export function createApp(config: Config, log: Log) {
  const clock = () => Date.now();
  const dir = config.data.dir;
  mkdirSync(dir, { recursive: true, mode: 0o750 });
  if (!existsSync(config.keys.master_key_file)) {
    if (existsSync(join(dir, 'keys.db'))) throw fail('master_key_missing', config.keys.master_key_file);
    makeMasterKey(config.keys.master_key_file);
    log.warn(
      { file: config.keys.master_key_file },
      'A master key was made. Back it up apart from the data: without it no recording can be heard',
    );
  }
  const keys = createKeys({
    path: join(dir, 'keys.db'),
    masterKey: loadMasterKey(config.keys.master_key_file),
  });
  const catalogue = createSqliteCatalogue({ path: join(dir, 'catalogue.db') });

  const ari = createAri({
    url: config.pbx.ari_url,
    user: config.pbx.ari_user,
    password: readSecret(config.pbx.ari_password_file, 'ari-password'),
    app: config.pbx.app,
    log: log.child({ part: 'ari' }),
    onEvent: (raw) => {
      const event = translateAri(raw, clock());
      if (event) recorder.hear(event);
    },
    onUp: (now) => void up(now),
    onDown: (reason) => complain(log, 'ARI', reason),
  });
  const ami = createAmi({
    host: config.pbx.ami_host,
    port: config.pbx.ami_port,
    user: config.pbx.ami_user,
    secret: readSecret(config.pbx.ami_secret_file, 'ami-secret'),
    log: log.child({ part: 'ami' }),
    onEvent: (raw) => {
      const event = translateAmi(raw, clock());
      if (event) recorder.hear(event);
    },
    onUp: () => log.info('Connected to AMI'),
    onDown: (reason) => complain(log, 'AMI', reason),
  });

  const spool = createSpool({ dir: config.pbx.spool, workDir: join(dir, 'work'), remote: ari });
  const capture = createCapture({
    pbx: ari,
    spoolSize: spool.size,
    log: log.child({ part: 'capture' }),
    onSilent: (call, seq) =>
      log.error(
        { call, seq },
        'Asterisk says that it records and no audio arrives; look at the free space of its spool',
      ),
  });
  const preserver = createPreserver({
    catalogue,
    spool,
    ffmpeg: createFfmpeg({ path: config.encode.ffmpeg }),
    keys,
    seal: sealStream,
    open: openSealed,
    dataDir: dir,
    bitrate: config.encode.bitrate_kbps * 1000,
    complexity: config.encode.complexity,
    atOnce: config.encode.at_once,
    clock,
    log: log.child({ part: 'preserve' }),
  });
  const recorder = createRecorder({
    catalogue,
    capture,
    removeSpool: spool.remove,
    rules: { trunkContexts: config.pbx.trunk_contexts, mint: () => ulid() },
    log: log.child({ part: 'record' }),
    onCaptured: (id) => preserver.enqueue(id),
  });
  const retain = createRetain({
    catalogue,
    keys,
    files: {
      remove: removeDurably,
      exists: (path) =>
        access(path).then(
          () => true,
          () => false,
        ),
    },
    clock,
    config: {
      dataDir: dir,
      schedule: config.retention.schedule,
      timeZone: config.site.time_zone,
      breakerPercent: config.retention.breaker_percent,
    },
    log: log.child({ part: 'retain' }),
  });
  const control = createControl({
    socket: controlSocket(dir),
    log,
    status,
    runRetention: (confirm) => retain.run({ confirm }),
  });

  let recovered = false;
  async function up(now: { channels: unknown[]; bridges: unknown[] }): Promise<void> {
    log.info({ version: ari.status().version }, 'Connected to ARI');
    const snapshot = translateSnapshot(now.channels, now.bridges, clock());
    if (recovered) recorder.hear(snapshot);
    else {
      recovered = true;
      await recorder.recover(snapshot).catch((err) => log.error({ err }, 'Open calls could not be taken up'));
      await preserver.recover().catch((err) => log.error({ err }, 'Captured calls could not be taken up'));
    }
  }

  function status() {
    const a = ari.status();
    const m = ami.status();
    const problem = a.problem ?? m.problem;
    const now = recorder.now();
    return {
      pbx: {
        ari: a.up,
        ami: m.up,
        version: a.version,
        problem: problem ? { message: problem.message, hint: problem.hint } : null,
      },
      calls_now: now.calls,
      recording_now: now.recording,
      preserving: preserver.waiting(),
    };
  }

  return {
    async start(): Promise<void> {
      await control.start(); // the lock comes first
      keys.start();
      await catalogue.start();
      await retain.recover();
      ari.start();
      ami.start();
      retain.start();
    },
    /** Finishes what is in hand; calls in progress go on being recorded by Asterisk. */
    async stop(): Promise<void> {
      await retain.stop();
      await Promise.all([ari.stop(), ami.stop()]);
      await recorder.stop();
      await preserver.stop();
      await control.stop();
      await catalogue.stop();
      keys.stop();
    },
    status,
  };
}

function makeMasterKey(file: string): void {
  try {
    createMasterKey(file);
  } catch (e) {
    if (e instanceof TapedeckError) throw e;
    const code = (e as NodeJS.ErrnoException).code;
    throw fail('master_key_missing', `${file} does not exist and cannot be made (${code}).`, e);
  }
}

function complain(log: Log, link: string, reason: TapedeckError): void {
  log.error({ link, code: reason.code, hint: reason.hint }, reason.message);
}
