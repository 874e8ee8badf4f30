import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { EXPECTED } from '../../daemon/domain/call/test-call.js';
import { holding, installed, leavesNothing } from '../support/pbx/test-calls.js';
import { createApiClient, until } from '../support/recorder.js';

/** Short, for the socket in it. */
const home = t.testdir({});

t.test(
  'a good call leaves a line and nothing else; each fault is named, and the next good call ends the alarm',
  async (t) => {
    const { pbx, recorder, make, examined, play, broken, dir } = await installed(t, home, 22);
    await recorder.startDaemon();
    await pbx.cli('dialplan remove context tapedeck-test');
    const bare = await make();
    t.match(
      bare,
      { code: 1, outcome: 'not_set_up', fault: 'dialplan' },
      'a box without the dialplan is not red',
    );
    t.match(await examined('test calls'), [{ state: 'warn', todo: /asterisk-conf\/extensions\.conf/ }]);
    await pbx.cli('dialplan reload');
    const away = await make();
    t.match(away, { code: 1, outcome: 'failed', fault: 'dashboard' }, 'the dashboard is down');
    leavesNothing(t, pbx, recorder);

    const { address, setupCode } = await recorder.startWeb();
    const api = createApiClient(address);
    await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');
    const good = await make();
    t.match(good, { code: 0, outcome: 'ok', fault: null });
    for (const side of ['left', 'right'] as const) {
      const m = good.measures![side]!;
      t.ok(Math.abs(m.levelDb - EXPECTED.levelDb) < 1, `${side}: ${m.levelDb} dB`);
      t.ok(m.separationDb > 60 && Math.abs(m.offsetMs) <= 200, `${side}: ${JSON.stringify(m)}`);
    }
    t.comment(`${good.tookMs} ms`);
    leavesNothing(t, pbx, recorder);
    t.same(await api.calls(), [], 'it is not in the list');
    t.match(await examined('test calls'), [{ state: 'ok', says: /was good/ }]);
    t.match(await examined('known fault'), [
      { state: 'ok', says: /falls silent.*begun anew/s },
      { state: 'ok', says: /others overtake/ },
      { state: 'ok', says: /JITTERBUFFER.*Better/s },
      {},
      {},
    ]);
    t.match(await examined('spool'), [{ state: 'ok' }]);
    const log = readFileSync(join(dir, 'run.log'), 'utf8');
    const sealed = [...log.matchAll(/"recording":"(\w{26})".*"Sealed"/g)].map((m) => m[1]!);
    t.ok(sealed.length >= 2);
    for (const id of sealed)
      t.same(holding(recorder.dataDir, id), ['keys/keys.db'], 'where a destroyed key stays destroyed');

    await play('call', '1250');
    await play('answer', '650');
    t.match(await make(), { code: 1, outcome: 'failed', fault: 'swapped' });
    await pbx.cli('dialplan reload');
    await play('call', '0');
    t.match(await make(), { outcome: 'failed', fault: 'silent', detail: /650 Hz is not heard on the left/ });
    await pbx.cli('dialplan reload');

    const spool = `${pbx.recordingDir}.away`;
    t.teardown(() => {
      if (!existsSync(spool)) return;
      rmSync(pbx.recordingDir, { force: true });
      renameSync(spool, pbx.recordingDir);
    });
    renameSync(pbx.recordingDir, spool);
    writeFileSync(pbx.recordingDir, 'a file where the spool should be');
    // Where the recorder has not noticed yet that nothing can be captured, what it began waits for a spool that can be read.
    const unwritten = await make();
    t.match(
      unwritten,
      { outcome: 'failed', fault: /^not_(recorded|preserved)$/ },
      'the spool cannot be written',
    );
    rmSync(pbx.recordingDir);
    renameSync(spool, pbx.recordingDir);

    writeFileSync(broken, '');
    // What could not be made is tried again in ten minutes, and is no excuse for the next one meanwhile.
    for (const _ of [1, 2])
      t.match(await make(), { outcome: 'failed', fault: 'not_preserved', detail: /ffmpeg/ });
    rmSync(broken);
    leavesNothing(t, pbx, recorder);

    await pbx.cli('dialplan remove context tapedeck-test');
    t.match(await make(), { outcome: 'failed', fault: 'dialplan' }, 'once it was good, it must stay so');
    await pbx.cli('dialplan reload');
    t.match(await make(), { code: 0, outcome: 'ok' });
    const alarms = () =>
      readFileSync(join(dir, 'run.log'), 'utf8')
        .split('\n')
        .filter((line) => /"alarm":"test-call"|Over: (A test call|Test calls)/.test(line));
    const said = await until('the end in the log', () => {
      const lines = alarms();
      return /Over: /.test(lines.at(-1) ?? '') && lines;
    });
    t.match(said[0], /"severity":"warning"/, 'not set up is a warning');
    t.match(said[1], /"severity":"critical"/);
    t.match(said.at(-1), /Over: A test call failed/, 'and the last good call ends it');
    t.same(await api.calls(), []);
  },
);
