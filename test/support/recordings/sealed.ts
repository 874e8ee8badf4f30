import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { pino } from 'pino';
import type { Test } from 'tap';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { verify } from '../../../daemon/cli/verify.js';
import { createScrub, type ScrubDeps } from '../../../daemon/recordings/scrub.js';
import { openManifest, signManifest } from '../../../daemon/vault/manifest.js';
import { hashContent, openSealed } from '../../../daemon/vault/open.js';
import { knownOf } from '../../../daemon/vault/register.js';
import { createSigningKey, publicKeys } from '../../../daemon/vault/signing-key.js';
import { createArchive } from '../../../daemon/vault/store/archive.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { createTieredStore } from '../../../daemon/vault/store/tiers.js';
import { alarmBoard } from '../alarm-board.js';
import {
  addRecording,
  cookieOf,
  type Dashboard,
  get,
  openDashboard,
  password,
  post,
  START,
  setUp,
} from '../web/dashboard.js';

export const DAY = 86_400_000;

/** A folder besides the one of the test, which is made only once. */
export function scratch(t: Test, files: Record<string, string | Buffer> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  return dir;
}

export const everything = (dir: string): Buffer =>
  Buffer.concat(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => readFileSync(join(f.parentPath, f.name))),
  );

/** A dashboard and a scrub over the same recordings, each of three chunks and a bit. */
export async function vault(t: Test, many: number, change: Partial<ScrubDeps> = {}, directory = '') {
  const dash = await openDashboard(t, { archive: directory });
  const cookie = await setUp(dash);
  const signingKey = createSigningKey(dash.dataDir, randomBytes(32));
  const made: (Awaited<ReturnType<typeof addRecording>> & { bytes: Buffer })[] = [];
  for (let n = 0; n < many; n++) {
    const one = await addRecording(dash, randomBytes(200_000), {
      call: { startedAt: START - DAY + n * 60_000 },
    });
    const old = new Date(Date.now() - DAY);
    utimesSync(one.path, old, old);
    made.push({ ...one, bytes: readFileSync(one.path) });
  }
  const { standing, alarms } = alarmBoard();
  const archive =
    directory === ''
      ? null
      : createArchive({ directory, dataDir: dash.dataDir, owner: await dash.catalogue.audit.id() });
  const store = createTieredStore(createDiskStore(dash.dataDir), archive);
  const deps: ScrubDeps = {
    catalogue: dash.catalogue,
    store,
    opens: async (r) => {
      await (await openSealed(store, r, await dash.keys.identity(r.id))).close();
    },
    openManifest: (signed) => openManifest(signed, publicKeys(dash.dataDir)),
    registered: async ({ id }) => knownOf(dash.keys.register(), id),
    noteSigned: (...signed) => dash.keys.register().signed(...signed),
    content: async (r) => hashContent(store, r, await dash.keys.identity(r.id)),
    vouch: async (manifest) => signManifest(manifest, signingKey),
    version: '0.0.0-test',
    busy: () => null,
    alarms,
    clock: () => dash.clock.ms,
    config: { schedule: '30 1 * * *', timeZone: 'UTC' },
    log: pino({ level: 'silent' }),
    pace: { waitMs: 5, rest: 0, tellMs: 10 },
    ...change,
  };
  const scrub = createScrub(deps);
  t.teardown(() => scrub.stop());
  const faultOf = async (n: number) =>
    (await dash.catalogue.seals.check(made[n]!.recording.id))?.fault ?? null;
  const play = (n: number, range?: string) =>
    get(dash.app, `/calls/${made[n]!.call.id}/audio`, cookie, range ? { range } : {});
  /** What its page says of the seal, to somebody who has just signed in. */
  const shown = async (n: number) => {
    const again = cookieOf(await post(dash.app, '/session', { name: 'anna', password }));
    return JSON.parse((await get(dash.app, `/calls/${made[n]!.call.id}`, again)).body).seal;
  };
  return { ...dash, cookie, made, standing, deps, tiers: store, scrub, faultOf, play, shown };
}

/** `tapedeck verify` on the files of a dashboard. */
export function verifier(t: Test, { dataDir, masterKey }: Dashboard, { lost = false } = {}) {
  const dir = scratch(t, {
    'tapedeck.toml': `[data]\ndir = ${JSON.stringify(dataDir)}\n[keys]\nmaster_key_file = "master.key"\n`,
  });
  const config = join(dir, 'tapedeck.toml');
  if (!lost)
    writeFileSync(join(dir, 'master.key'), Buffer.from(masterKey).toString('base64'), { mode: 0o600 });
  const code = process.exitCode;
  t.teardown(() => {
    process.exitCode = code;
  });
  return async (...argv: string[]): Promise<{ text: string; code: number }> => {
    const said: string[] = [];
    process.exitCode = 0;
    const real = createCliContext(() => config);
    const program = new Command('tapedeck').exitOverride().configureOutput({ writeErr: () => {} });
    verify(program, { ...real, out: (s) => void said.push(s), err: (s) => void said.push(s) });
    await program.parseAsync(['verify', ...argv], { from: 'user' });
    await real.close();
    return { text: said.join('\n'), code: Number(process.exitCode) };
  };
}

/** Changes one byte of a file. */
export function flip(path: string, bytes: Buffer, at: number): void {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 1;
  writeFileSync(path, changed);
}
