import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { inWords } from '../../daemon/domain/reason/words.js';
import { createFfmpeg } from '../../daemon/encode/ffmpeg.js';
import { until } from '../support/recorder.js';
import { type Options, preserveLab, toneWav } from '../support/recordings/preserve-lab.js';

/** The real ffmpeg, hindered by a small program in its place. Each fault must leave the captured audio alone. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const other = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
const real = execFileSync('which', ['ffmpeg'], { encoding: 'utf8' }).trim();

/** Processes that this one has started and that are still there, zombies included. Source: proc_pid_stat(5). */
function children(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      return Number(parent) === process.pid && !/esbuild|node/.test(name) ? [`${name} ${state}`] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** A lab whose ffmpeg is a shell script with this in its middle: `$real` is ffmpeg, `$encodes` is set when it encodes. */
async function hindered(t: Test, script: string, options: Options = {}) {
  const path = join(t.testdir({}), 'ffmpeg');
  const body = `#!/bin/sh\nreal=${real}\ncase "$*" in *mapping_family*) encodes=1;; *) encodes=;; esac\n${script}\n`;
  const lab = await preserveLab(t, { ffmpeg: path, ...options });
  writeFileSync(path, body, { mode: 0o755 });
  await lab.add(id, [{ in: toneWav(3), out: toneWav(3) }]);
  return {
    ...lab,
    path,
    cure: () => writeFileSync(path, `#!/bin/sh\nexec ${real} "$@"\n`, { mode: 0o755 }),
    /** Waits for the first try to fail; nothing may be lost or left by it. */
    async fails(t: Test, said: RegExp) {
      lab.preserver.enqueue('', id);
      await until('the failure', () => lab.faults.length > 0);
      t.match(lab.faults[0], said);
      t.equal(lab.spool().length, 2, 'what was captured is there');
      t.same(lab.sealed(), [], 'no file is left, whole or part');
      t.same(await lab.catalogue.segments.callsToPreserve(), [id], 'it is still to be done');
      t.equal((await lab.catalogue.calls.get(id))!.coverage.status, 'pending', 'and not given up');
      await until('its processes to be gone', () => children().length === 0).catch(() => {});
      t.same(children(), [], 'no process is left, alive or dead');
    },
    /** The cause is gone: the next try makes the recording. */
    async recovers(t: Test) {
      const call = await lab.run(id);
      t.match(call.coverage, { status: 'recorded', why: null });
      t.same(lab.spool(), []);
      t.same(lab.sealed(), [`${call.recording!.id}.opus.age`]);
    },
  };
}

t.test('a missing ffmpeg', async (t) => {
  const lab = await hindered(t, 'exec "$real" "$@"');
  renameSync(lab.path, `${lab.path}.gone`);
  await lab.fails(t, /cannot be started/);
  renameSync(`${lab.path}.gone`, lab.path);
  await lab.recovers(t);
});

t.test('an ffmpeg that is killed in the middle, as by the kernel for want of memory', async (t) => {
  const lab = await hindered(t, 'if [ $encodes ]; then kill -9 $$; fi; exec "$real" "$@"');
  await lab.fails(t, /SIGKILL/);
  lab.cure();
  await lab.recovers(t);
});

t.test('an ffmpeg whose output has a piece too few: nothing is believed that was not heard', async (t) => {
  const lab = await hindered(
    t,
    'if [ $encodes ]; then "$real" "$@" | { head -c 2000; head -c 100 > /dev/null; cat; }; exit 0; fi; exec "$real" "$@"',
  );
  await lab.fails(t, /no recording: page \d+ has another checksum/);
  lab.cure();
  await lab.recovers(t);
});

t.test('an ffmpeg that gets no memory', async (t) => {
  const lab = await hindered(t, 'exec prlimit --as=120000000 "$real" "$@"');
  await lab.fails(t, /ffmpeg could not make the recording/);
  lab.cure();
  await lab.recovers(t);
});

t.test('an ffmpeg that hangs is killed when its time is up', async (t) => {
  const lab = await hindered(t, 'if [ $encodes ]; then exec sleep 600; fi; exec "$real" "$@"', {
    limit: 4_000,
  });
  await lab.fails(t, /hung and was killed after 4 s/);
  lab.cure();
  await lab.recovers(t);
});

t.test('an ffmpeg that gives a part and calls it a success', async (t) => {
  const lab = await hindered(
    t,
    'if [ $encodes ]; then "$real" "$@" | head -c 4096; exit 0; fi; exec "$real" "$@"',
  );
  await lab.fails(t, /shorter or longer than the captured audio/);
  lab.cure();
  await lab.recovers(t);
});

t.test('an ffmpeg that gives nothing and calls it a success', async (t) => {
  const lab = await hindered(t, 'if [ $encodes ]; then exit 0; fi; exec "$real" "$@"');
  await lab.fails(t, /ffmpeg could not make the recording|not as long/);
  lab.cure();
  await lab.recovers(t);
});

t.test(
  'after three tries an admin is told; the next success brings all of them, and it is over',
  async (t) => {
    const lab = await hindered(t, 'exit 1', { retries: [100, 500] });
    lab.preserver.enqueue('', id);
    await until('the third failure', () => lab.faults.length === 3);
    await until('the alarm', () => lab.standing.size > 0);
    t.match(lab.standing.get('preserve'), {
      severity: 'critical',
      message: /cannot turn captured calls into recordings/,
      hint: /kept in the spool/,
    });
    await until(
      'the row',
      async () => (await lab.catalogue.calls.get(id))!.coverage.status === 'not_recorded',
    );
    t.match(
      inWords((await lab.catalogue.calls.get(id))!.coverage.why),
      /exited with code 1.*retries every 10 minutes/,
    );
    t.equal(lab.spool().length, 2);
    await until('it alone is waited for', () => lab.preserver.waiting() === 1);

    lab.cure();
    await lab.add(other, [{ in: toneWav(1), out: toneWav(1) }], { talkMs: 1_000 });
    t.equal((await lab.run(other)).coverage.status, 'recorded');
    t.equal(
      (await lab.catalogue.calls.get(id))!.coverage.status,
      'recorded',
      'the one that waited is made too',
    );
    t.same([...lab.standing.keys()], [], 'and the alarm is over');
    t.same(lab.spool(), []);
  },
);

t.test('ten minutes after the alarm it is tried again without being asked', async (t) => {
  const lab = await hindered(t, 'exit 1', { retries: [10, 10], again: 300 });
  lab.preserver.enqueue('', id);
  await until('the alarm', () => lab.standing.size > 0);
  lab.cure();
  await until('the recording', async () => (await lab.catalogue.calls.get(id))!.recording !== null);
  await until('the end of the alarm', () => lab.standing.size === 0);
  t.equal((await lab.catalogue.calls.get(id))!.coverage.status, 'recorded');
});

t.test('the time limit is not left behind: a good run ends at once', async (t) => {
  const run = createFfmpeg({ path: real }).encode(
    {
      inputs: [],
      filter: 'anullsrc=r=8000:cl=stereo,atrim=end_sample=8000[out]',
      outputOptions: ['-map', '[out]', '-c:a', 'libopus', '-f', 'ogg'],
    },
    600_000,
  );
  run.stdout.resume();
  await run.done;
  const timers = process.getActiveResourcesInfo().filter((r) => r === 'Timeout').length;
  t.equal(timers, 0);
});

/** Is given up before it was started, and cannot be started: in a process of its own, which must outlive that. */
const GIVEN_UP = `
  const { createFfmpeg } = await import(${JSON.stringify(join(import.meta.dirname, '../../daemon/encode/ffmpeg.ts'))});
  const run = createFfmpeg({ path: '/nowhere/ffmpeg' }).encode({ inputs: [], filter: 'anull', outputOptions: [] });
  run.kill();
  await run.done.catch(() => {});
  setTimeout(() => console.log('alive'), 300);
`;

t.test('an ffmpeg that is given up and cannot be started takes nobody with it', async (t) => {
  // A process group of its own: kill(2) takes the id 0 for all of the group.
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', GIVEN_UP], {
    ...{ detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const said = child.stdout!.setEncoding('utf8').toArray();
  const [code, signal] = await once(child, 'exit');
  t.same([code, signal, (await said).join('').trim()], [0, null, 'alive']);
});
