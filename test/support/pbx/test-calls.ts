import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import type { TestCall } from '../../../daemon/domain/call/test-call.js';
import { isTiming } from '../../../daemon/domain/call/test-fault.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { bytesOf } from '../files/bytes-of.js';
import { createRecorderLab, type RecorderLab } from '../recorder.js';
import { type Pbx, startPbx } from './pbx.js';

/** A recorder in `home` that makes test calls when it is told to, and whose ffmpeg fails while the file `broken` is there. */
export async function installed(t: Test, home: string, version: 22 | 16) {
  const pbx = await startPbx({ name: `testcall-${version}`, version });
  t.teardown(() => pbx.stop());
  const dir = join(home, String(version));
  mkdirSync(dir);
  const ffmpeg = join(dir, 'ffmpeg');
  writeFileSync(ffmpeg, `#!/bin/sh\n[ -e "${dir}/broken" ] && exit 1\nexec ffmpeg "$@"\n`, { mode: 0o755 });
  const recorder = createRecorderLab({
    dir,
    pbx,
    webPort: pbx.ports.sip + 60,
    testCalls: `[test_calls]\nschedule = "0 0 1 1 *"\nmax_load = 1000\n`,
    extra: `[encode]\nffmpeg = "${ffmpeg}"\n`,
  });
  t.teardown(() => recorder.stop());
  /** What a machine that has too much to do spoils is tried again. */
  const make = async (tries = 4): Promise<TestCall & { code: number }> => {
    const { code, out, err } = await recorder.command(['test-call', '--json']);
    if (!out) throw new Error(err);
    const call: TestCall = JSON.parse(out);
    if (tries > 1 && (call.outcome === 'skipped' || (call.fault && isTiming(call.fault))))
      return make(tries - 1);
    return { code, ...call };
  };
  /** Changes the dialplan until it is reloaded. */
  const play = async (extension: string, hz: string) => {
    const priority = extension === 'call' ? 3 : 4;
    await pbx.cli(
      `dialplan add extension ${extension},${priority},PlayTones,${hz} into tapedeck-test replace`,
    );
  };
  /** What the doctor says of one thing. */
  const examined = async (
    check: string,
  ): Promise<{ check: string; state: string; says: string; todo: string }[]> =>
    JSON.parse((await recorder.command(['doctor', '--json'])).out).filter(
      (f: { check: string }) => f.check === check,
    );
  return { pbx, dir, recorder, make, examined, play, broken: join(dir, 'broken') };
}

/** Files below a directory that hold this text. */
export const holding = (dir: string, text: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((file) =>
    bytesOf(join(dir, file))?.includes(text),
  );

export const spooled = (pbx: Pbx) => readdirSync(pbx.recordingDir).filter((f) => /^tapedeck-/.test(f));

/** No row and no file of a test call is left. */
export function leavesNothing(t: Test, pbx: Pbx, recorder: RecorderLab): void {
  const db = new Database(catalogueFile(recorder.dataDir), { readonly: true });
  for (const table of ['calls', 'segments', 'recordings', 'peaks'])
    t.equal(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), 0, `no row in ${table}`);
  db.close();
  t.same(spooled(pbx), [], 'nothing in the spool');
}
