import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { zipSync } from 'fflate';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ulid } from 'ulid';
import { createCheckpoints } from '../../../daemon/assurance/checkpoint.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { evidence } from '../../../daemon/cli/evidence.js';
import { verify as verifyRecordings } from '../../../daemon/cli/verify.js';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { catalogueFile, checkpointFile, controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { buildManifest } from '../../../daemon/domain/recording/manifest.js';
import type { Told } from '../../../daemon/domain/telling/ledger.js';
import { createControl } from '../../../daemon/operations/control.js';
import { createAskers } from '../../../daemon/requests/askers.js';
import { createOwnerRequests } from '../../../daemon/requests/owner.js';
import { appendCheckpoint, readCheckpoints } from '../../../daemon/vault/checkpoint-file.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { signManifest } from '../../../daemon/vault/manifest.js';
import { signerOf, signNote } from '../../../daemon/vault/note.js';
import { createSigningKey, publicKeys } from '../../../daemon/vault/signing-key.js';
import { check } from '../../../web/ui/verify/check.js';
import { freshCatalogue } from '../catalogue/fresh.js';
import { handlersOf, streamsOf } from '../control-handlers.js';
import { nothingTold } from '../recordings/a-call.js';
import { addRecording } from './dashboard.js';

export const log = pino({ level: 'silent' });
export const HOSTILE = '<img src=x onerror=alert(1)>\u202egpj.exe';
export const ada = {
  actor: 'person',
  actor_id: 'P1',
  actor_name: 'Ada Müller',
  address: '10.0.0.7',
} as const;
export type Files = Record<string, Uint8Array>;
export type House = Awaited<ReturnType<typeof openHouse>>;

/** A data directory with a recorder's control socket, its signing key and its log, and the command line on it. */
export async function openHouse(t: Test, keysFile = 'keys/keys.db') {
  // A socket's path is short.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  writeFileSync(
    join(dir, 'tapedeck.toml'),
    '[site]\nname = "Bäckerei Müller"\ntime_zone = "Europe/Berlin"\n[data]\ndir = "."\n[keys]\nmaster_key_file = "master.key"\n',
  );
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = createSqliteCatalogue({ path: await freshCatalogue(catalogueFile(dir)) });
  await catalogue.start();
  const keys = createKeys({ path: join(dir, keysFile), masterKey });
  keys.start();
  const key = createSigningKey(dir, masterKey);
  const file = checkpointFile(dir);
  let signingKey = key;
  const checkpoints = createCheckpoints({
    catalogue,
    sign: (checkpoint) => signNote(signingKey, checkpoint),
    beforeSigning: async () => {},
    ours: (note) => signerOf(note, publicKeys(dir)) !== null,
    file: { read: () => readCheckpoints(file), append: (note) => appendCheckpoint(file, note) },
    head: { read: async () => '', write: async () => {} },
    tell: () => {},
    alarms: { raise: () => {}, clear: () => {} },
    clock: () => Date.now(),
    everyMs: 3_600_000,
    wordsMs: 1e9,
    log,
  });
  const clock = () => Date.now();
  const askers = createAskers({ catalogue, proofs: { signedIn: () => false, use: () => null }, clock });
  const owner = createOwnerRequests({
    ...{ catalogue, askers, clock, mint: ulid, passwords: { isPasswordHash: () => true } },
    alarms: { raise: () => {} },
  });
  const streams = streamsOf();
  const control = createControl({
    socket: controlSocket(dir),
    ownerSocket: ownerSocket(dir),
    log,
    streams,
    handlers: handlersOf({
      ...owner,
      checkpoints: () => ({ key: { id: signingKey.keyId, pem: signingKey.publicKeyPem }, targets: [] }),
      sign_checkpoint: () => checkpoints.sign(),
    }),
  });
  await control.start();
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(async () => {
    await control.stop().catch(() => {});
    await context.close();
    keys.stop();
    await catalogue.stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const said: string[] = [];
  let packs = 0;
  return {
    dir,
    catalogue,
    keys,
    key,
    checkpoints,
    control,
    /** What answers requests for streams; a test puts its own in. */
    streams,
    said,
    /** From now on the recorder signs with another key. */
    exchangeKey: (next: typeof key) => {
      signingKey = next;
    },
    /** `tapedeck evidence`; gives the ZIP. */
    async pack(call: string, ...more: string[]): Promise<Uint8Array> {
      said.length = 0;
      const out = join(dir, `pack-${++packs}.zip`);
      const program = new Command('tapedeck').exitOverride();
      const say = (line: string) => void said.push(line);
      evidence(program, { ...context, out: say, err: say });
      try {
        await program.parseAsync(['evidence', call, '--out', out, ...more], { from: 'user' });
      } catch (e) {
        if (existsSync(out) || existsSync(`${out}.part`))
          throw new Error('something was given out', { cause: e });
        throw e;
      }
      return readFileSync(out);
    },
    /** `tapedeck verify --pack`; gives what it said, and with what it ended. */
    async verifyPack(zip: Uint8Array, ...more: string[]): Promise<{ said: string; code: number }> {
      said.length = 0;
      const file = join(dir, 'given.zip');
      writeFileSync(file, zip);
      const before = process.exitCode;
      process.exitCode = 0;
      const program = new Command('tapedeck').exitOverride();
      verifyRecordings(program, { ...context, out: (line: string) => void said.push(line) });
      try {
        await program.parseAsync(['verify', '--pack', file, ...more], { from: 'user' });
        return { said: said.join('\n'), code: Number(process.exitCode ?? 0) };
      } finally {
        process.exitCode = before;
      }
    },
  };
}

export type Change = Parameters<typeof addRecording>[2] & {
  signed?: boolean;
  later?: boolean;
  /** What is signed of how people were told. */
  told?: Told;
};

/** A recorded and signed call, which was viewed and heard, among what was done to others. */
export async function haveCall(house: House, bytes = randomBytes(150_000), change: Change = {}) {
  const { catalogue, key } = house;
  await catalogue.audit.append(entryOf(ada, Date.now(), 'view', { object: 'call', object_id: 'another' }));
  const { call, recording, path } = await addRecording({ ...house, dataDir: house.dir }, bytes, {
    ...change,
    call: { them: { number: '+4989123456', name: `Jürgen Groß ${HOSTILE}`, ours: false }, ...change.call },
  });
  if (change.signed !== false) {
    const manifest = buildManifest({
      call,
      recording,
      coverage: call.coverage,
      segments: [],
      decision: { version: 3, outcome: 'record', rule: null, why: because('recorded_by_default') },
      told: change.told ?? nothingTold,
      ...{ policyVersion: 3, sealedFor: null, version: '1.0', madeAt: recording.sealedAt, later: false },
      ...(change.later ? { later: true, madeAt: recording.sealedAt + 86_400_000 } : {}),
    });
    await catalogue.seals.addManifest(signManifest(manifest, key));
  }
  const about = { object: 'call', object_id: call.id };
  await catalogue.audit.append(entryOf(ada, Date.now(), 'view', about));
  await catalogue.audit.append(
    entryOf(ada, Date.now(), 'search', { object: 'calls', words: 'secret words' }),
  );
  await catalogue.audit.append(
    entryOf(ada, Date.now(), 'heard', { ...about, reason: HOSTILE, detail: { heard: ['0-9000'] } }),
  );
  await catalogue.audit.append(entryOf(ada, Date.now(), 'view', { object: 'call', object_id: 'another' }));
  return { call, recording, path };
}

export const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
export const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const rezip = (files: Files): Uint8Array => zipSync(files, { level: 0 });
export const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 1;
  return changed;
};
export const verify = (zip: Uint8Array) => check(zip, () => {});

/** The list of hashes, computed again, as a forger would do. */
export const sums = (changed: Files): Files => ({
  ...changed,
  SHA256SUMS: Buffer.from(
    Object.entries(changed)
      .filter(([name]) => name !== 'SHA256SUMS')
      .map(([name, bytes]) => `${hash(bytes)}  ${name}\n`)
      .join(''),
  ),
});
export const linesOf = (files: Files): string[] => text(files['access-log.jsonl']).trimEnd().split('\n');

/** The commands of a README exactly as written: readers paste these. */
export const commands = (readme: string): string =>
  readme
    .split('\n\n')
    .map((part) => part.trim())
    .filter((part) => /^(sha256sum|openssl|grep|sed|tail|hash=|entry=|head|printf)/.test(part))
    .join('\n');

/** What the stock tools say of a pack. */
export function byHand(house: House, files: Files, script: string): { output: string; good: boolean } {
  const dir = join(house.dir, 'by-hand');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  const output = execFileSync('bash', ['-c', `exec 2>&1\n${script}\ntrue`], { cwd: dir, encoding: 'utf8' });
  const all = [
    'recording.opus: OK',
    'The recording is in the manifest',
    'The chain leads to the checkpoint',
    'The entry of this export is signed',
    'No entry is missing',
  ];
  const signatures = output.match(/Signature Verified Successfully/g)?.length === 2;
  const good = signatures && all.every((line) => output.includes(line));
  return { output, good: good && !/FAILED|NOT|ARE MISSING|IS NO|Failure|WARNING|No such|rror/.test(output) };
}

/** Another signing key of the same house. */
export function createSigningKeyBeside(house: House, t: Test) {
  rmSync(join(house.dir, 'signing', 'key'));
  t.ok(existsSync(join(house.dir, 'signing')));
  return createSigningKey(house.dir, randomBytes(32));
}
