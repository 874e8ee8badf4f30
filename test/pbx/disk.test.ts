import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { ballastFile, catalogueFile } from '../../daemon/domain/paths.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { createLab, emptySpool, startPbx } from '../support/pbx/pbx.js';
import { sequence, wavSource } from '../support/pbx/sources.js';
import { createApiClient, createRecorderLab, readIfThere, seconds, until } from '../support/recorder.js';
import { fill, mountSmall, unfill } from '../support/small-disk.js';

const MB = 1e6;

let pbxs = 0;

/** A PBX of the test's own, with whoever is called on it and whoever calls. */
async function place(t: Test) {
  const pbx = await startPbx({ name: `disk-${++pbxs}` });
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const speak = () => sequence(Array.from({ length: 8 }, () => wavSource(lab.prompt('vm-intro'))));
  await lab.phone('100', { source: speak });
  const carrier = await lab.carrier();
  const call = async (number: string) => {
    const made = await carrier.call('5551000', { caller: { number, name: '' }, source: speak() });
    t.equal(await made.answered, true, `the call of ${number} is answered, whatever the disk`);
    return made;
  };

  /** A recorder whose rows can be read and whose log can be waited for. */
  async function recording(before: (dataDir: string) => void = () => {}) {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => {
      if (!t.passing()) t.comment(readIfThere(join(dir, 'run.log')) ?? '');
      rmSync(dir, { recursive: true, force: true });
    });
    const recorder = createRecorderLab({ dir, pbx });
    before(recorder.dataDir);
    t.teardown(() => recorder.stop());
    await recorder.startDaemon();
    const pid = recorder.pid('run')!;
    const catalogue = createSqliteCatalogue({
      path: catalogueFile(recorder.dataDir),
      readonlyOk: true,
    });
    await catalogue.start();
    t.teardown(() => catalogue.stop());
    let read = 0;
    return {
      pid,
      calls: async () =>
        JSON.parse((await recorder.command(['calls', '--json'])).out) as Pick<
          StoredCall,
          'them' | 'coverage' | 'recording'
        >[],
      /** The dashboard, with somebody signed in. */
      web: async () => {
        const { address, setupCode } = await recorder.startWeb();
        const api = createApiClient(address);
        await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
        return api;
      },
      /** After it nobody has a file of the data directory open. */
      die: async () => {
        await recorder.stopDaemon('SIGKILL');
        await recorder.stopWeb();
        await catalogue.stop();
      },
      start: () => recorder.startDaemon(),
      log: () => readIfThere(join(dir, 'run.log')) ?? '',
      /** Whether it is the process that was started. */
      runs: () => process.kill(pid, 0),
      /** Waits for a line of the log that has not been waited for before. */
      said: (what: RegExp) =>
        until(String(what), () => {
          const log = readIfThere(join(dir, 'run.log')) ?? '';
          const found = what.exec(log.slice(read));
          if (found) read += found.index + found[0].length;
          return found !== null;
        }),
      row: (number: string, ready: RegExp) =>
        until(`the row of ${number}`, async () =>
          (await catalogue.calls.list({ text: number, limit: 5 })).find((c) => ready.test(c.coverage.status)),
        ),
    };
  }
  return { pbx, call, recording };
}

t.test('calls on a real Asterisk, on disks that fill', { jobs: 2 }, async (t) => {
  t.test(
    'the spool fills during a call: an alarm says so, new calls say that the disk is full, and recording resumes by itself',
    { buffered: true },
    async (t) => {
      const { pbx, call, recording } = await place(t);
      const { refused } = mountSmall(t, { mb: 24, at: pbx.recordingDir });
      if (refused) return void t.pass('on a disk of its own', { skip: refused });
      const r = await recording();
      const long = await call('+15550001');
      await r.said(/"Recording"/);
      await seconds(3);
      fill(pbx.recordingDir);
      const filled = Date.now();
      await r.said(/"alarm":"disk_full spool"/);
      t.comment(`told after ${Date.now() - filled} ms`);
      const short = await call('+15550002');
      await seconds(2);
      await short.hangup();
      const lost = await r.row('+15550002', /not_recorded/);
      t.match(inWords(lost.coverage.why), /^The disk of .* free; .*Free some space/);
      t.ok(lost.coverage.missingMs > 1_000);
      unfill(pbx.recordingDir);
      const began = Date.now();
      await r.said(/Over: /);
      await r.said(/"Recording"/);
      t.comment(`captured anew ${Date.now() - began} ms after there was room`);
      await seconds(3);
      await long.hangup();
      const partial = await r.row('+15550001', /partial/);
      t.match(
        partial.recording?.gaps.map((g) => inWords(g.why)).join(),
        /The disk of .* the reserve is/,
        'the gap is named',
      );
      t.ok(partial.recording!.durationMs > 8_000, 'time goes on through the gap');
      const after = await call('+15550003');
      await seconds(3);
      await after.hangup();
      t.ok((await r.row('+15550003', /^(recorded|partial)$/)).recording);
      await until('an empty spool', () => readdirSync(pbx.recordingDir).length === 0);
      t.ok(r.runs(), 'without a restart');
    },
  );

  t.test(
    'the data disk fills: rows are written, calls captured, and all is made when there is room',
    { buffered: true },
    async (t) => {
      const { pbx, call, recording } = await place(t);
      let data = '';
      const { dir: small, refused } = mountSmall(t, { mb: 32 });
      if (refused) return void t.pass('on a disk of its own', { skip: refused });
      const r = await recording((dataDir) => {
        data = dataDir;
        symlinkSync(small, dataDir);
      });
      const ballast = () => statSync(ballastFile(data)).size;
      await until('the ballast', () => ballast() === MB);
      fill(data);
      await r.said(/"alarm":"disk_full data"/);
      const one = await call('+15550011');
      await r.said(/"Recording"/);
      await seconds(2);
      await r.row('+15550011', /pending/);
      t.pass('its row is written on the full disk');
      await until('the end of the ballast', () => {
        fill(data);
        return ballast() === 0;
      });
      const two = await call('+15550012');
      await r.said(/calls are followed in memory/);
      await r.said(/"Recording"/);
      await seconds(3);
      await Promise.all([one.hangup(), two.hangup()]);
      await seconds(1);
      unfill(data);
      for (const number of ['+15550011', '+15550012'])
        t.ok((await r.row(number, /^(recorded|partial)$/)).recording, `${number} is recorded`);
      await until('an empty spool', () => readdirSync(pbx.recordingDir).length === 0);
      t.ok(r.runs(), 'without a restart');
      await until('a whole ballast', () => ballast() === MB);
    },
  );

  t.test(
    'another program holds the catalogue: calls are captured, and written when it lets go',
    { buffered: true },
    async (t) => {
      const { call, recording } = await place(t);
      let data = '';
      const r = await recording((dir) => {
        data = dir;
      });
      const other = new Database(catalogueFile(data));
      t.teardown(() => other.close());
      other.exec('BEGIN EXCLUSIVE');
      const one = await call('+15550041');
      const answered = Date.now();
      await r.said(/"Recording"/);
      t.comment(`captured ${Date.now() - answered} ms after the answer`);
      await seconds(3);
      const two = await call('+15550042');
      const again = Date.now();
      await r.said(/"Recording"/);
      // Nobody has given the catalogue back yet.
      t.comment(`the second ${Date.now() - again} ms after the answer`);
      await seconds(3);
      await Promise.all([one.hangup(), two.hangup()]);
      await seconds(1);
      other.exec('ROLLBACK');
      for (const number of ['+15550041', '+15550042'])
        t.ok((await r.row(number, /^(recorded|partial)$/)).recording, `${number} is recorded`);
      t.ok(r.runs(), 'without a restart');
    },
  );

  t.test(
    'a disk that takes 200 ms for each sync delays rows, and not a call',
    { buffered: true },
    async (t) => {
      const { call, recording } = await place(t);
      const r = await recording();
      const trace = spawn('strace', [
        ...['-f', '-qq', '-p', String(r.pid), '-o', '/dev/null', '-e', 'trace=fsync,fdatasync'],
        ...['-e', 'inject=fsync,fdatasync:delay_enter=200000'],
      ]);
      let refused = '';
      trace.stderr.on('data', (said) => {
        refused += said;
      });
      t.teardown(() => trace.kill());
      await seconds(1);
      if (trace.exitCode !== null)
        return void t.pass('with a slow disk', { skip: `not to be traced: ${refused.trim()}` });
      const calls = await Promise.all(['+15550021', '+15550022', '+15550023'].map(call));
      const answered = Date.now();
      for (const _ of calls) await r.said(/"Recording"/);
      const begun = Date.now() - answered;
      await seconds(5);
      await Promise.all(calls.map((each) => each.hangup()));
      for (const number of ['+15550021', '+15550022', '+15550023']) {
        const row = await r.row(number, /^(recorded|partial)$/);
        t.ok(row.recording!.durationMs > 4_000, `${number}: ${row.recording!.durationMs} ms`);
      }
      t.comment(`three captures had begun ${begun} ms after the last answer`);
      t.notOk(r.log().includes('"link":"ARI"'), 'the PBX was never out of sight');
      t.ok(r.runs());
    },
  );

  t.test(
    'a data disk that breaks and can only be read: told of, and nothing is lost',
    { buffered: true },
    async (t) => {
      const { pbx, call, recording } = await place(t);
      let small = { refused: '', image: '' };
      let data = '';
      const r = await recording((dir) => {
        data = dir;
        mkdirSync(dir, { recursive: true });
        small = mountSmall(t, { mb: 96, inodes: 5_000, at: dir });
      });
      if (small.refused) return void t.pass('on a disk of its own', { skip: small.refused });
      const heard = await call('+15550030');
      await r.said(/"Recording"/);
      await seconds(2);
      await heard.hangup();
      const { id } = await r.row('+15550030', /^(recorded|partial)$/);
      const api = await r.web();
      t.ok((await api.audio(id)).length > 5_000);
      const one = await call('+15550031');
      await r.said(/"Recording"/);
      await seconds(3);
      // What ext4 does when it meets an error of its disk.
      execFileSync('mount', ['-o', 'remount,abort', data], { stdio: 'pipe' });
      await r.said(/"alarm":"disk_full data"/);
      const two = await call('+15550032');
      await r.said(/"Recording"/);
      const download = await api.ask('GET', `/calls/${id}/audio?download=1`);
      t.equal(download.status, 503, 'what cannot be written into the log is not given out');
      t.equal(((await download.json()) as { error: { code: string } }).error.code, 'audit_unwritable');
      await seconds(3);
      await Promise.all([one.hangup(), two.hangup()]);
      await seconds(1);
      t.ok(r.runs(), 'it goes on');
      // The admin mends the disk: nobody can have its files open meanwhile.
      await r.die();
      const [loop] = execFileSync('losetup', ['-n', '-O', 'NAME', '-j', small.image], {
        encoding: 'utf8',
      }).split('\n');
      execFileSync('umount', [data], { stdio: 'pipe' });
      // A mount namespace that another test began meanwhile may keep the disk. Nothing is written to it any more, so that
      // what the loop device has left goes into the image, and a copy of it is mended. A device that is gone has none.
      spawnSync('blockdev', ['--flushbufs', loop!]);
      const mended = `${small.image}.mended`;
      copyFileSync(small.image, mended);
      spawnSync('e2fsck', ['-y', mended]); // it says by its exit code that it has mended something
      execFileSync('mount', ['-o', 'loop', mended, data], { stdio: 'pipe' });
      await r.start();
      const known = await until('the recording', async () => {
        const row = (await r.calls()).find((c) => c.them.number === '+15550031');
        return row?.recording && row;
      });
      t.match(known!.coverage.status, /^(recorded|partial)$/, inWords(known!.coverage.why));
      // What was to be written of the other went with the process that could not write it; its sound did not.
      t.strictSame((await r.calls()).map((c) => c.them.number).sort(), ['+15550030', '+15550031']);
      // An alarm names it after ten minutes: until then its row may still be waiting to be written.
      // Those of the other are removed after its row is written.
      const left = () => readdirSync(pbx.recordingDir).filter((file) => /\.wav/.test(file));
      await until('its own files to be all', () => left().length <= 2);
      t.equal(left().length, 2, 'both sides of it are in the spool');
    },
  );
});
