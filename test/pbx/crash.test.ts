import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { inWords } from '../../daemon/domain/reason/words.js';
import { createLab, emptySpool, type Pbx, startPbx, startPbxOrSkip } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';
import { sweep } from '../support/pbx/sweep.js';
import { judgeSweep } from '../support/pbx/sweep-judge.js';
import { lackOf } from '../support/pbx/whole.js';
import { createRecorderLab, seconds, spawnTapedeck, until } from '../support/recorder.js';
import { newSeed } from '../support/search/dice.js';
import { worded } from '../support/words.js';

/** At least eight kills mean something; PROOFS=full makes more. */
const KILLS = process.env.PROOFS === 'full' ? 16 : 9;

/** Daemons on one data directory, whose PBX is away: that does not keep them from starting. */
function shared(t: Test) {
  const dir = t.testdir({});
  const secret = join(dir, 'secret');
  writeFileSync(secret, 'away\n', { mode: 0o600 });
  mkdirSync(join(dir, 'spool'));
  const pbx = {
    ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secret },
    ami: { port: 9, secretFile: secret },
    recordingDir: join(dir, 'spool'),
  } as Pbx;
  const lab = createRecorderLab({ dir: join(dir, 'house'), pbx });
  const started: ChildProcess[] = [];
  t.teardown(async () => {
    for (const child of started) child.kill('SIGKILL');
    await lab.stop();
  });
  return {
    lab,
    start() {
      const child = spawnTapedeck(['--config', lab.config, 'run']);
      started.push(child);
      const daemon = { child, said: '', code: undefined as number | null | undefined };
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (part) => {
          daemon.said += part;
        });
      child.once('close', (code) => {
        daemon.code = code;
      });
      return daemon;
    },
  };
}

type Daemon = ReturnType<ReturnType<typeof shared>['start']>;
const ready = (d: Daemon) => d.said.includes('the recorder is ready');
const ended = (d: Daemon) => d.code !== undefined;

t.test(
  'of ten daemons started at once on an empty directory one stays, and the others say why',
  async (t) => {
    const { start, lab } = shared(t);
    const all = Array.from({ length: 10 }, start);
    await until('every daemon has decided', () => all.every((d) => ready(d) || ended(d)));
    const [first, ...more] = all.filter((d) => !ended(d));
    t.same([more.length, first && ready(first)], [0, true], 'exactly one runs');
    for (const d of all.filter(ended)) {
      t.equal(d.code, 1);
      t.match(d.said, /^tapedeck: Another Tapedeck daemon is using this data directory.*\n {2}Stop it first/);
    }
    t.equal((await lab.command(['retention', 'run'])).code, 0, 'the one that stays is asked and answers');

    first!.child.kill('SIGKILL');
    await until('it is gone', () => ended(first!));
    const next = start();
    await until('the next one is ready', () => ready(next) || ended(next));
    t.equal(next.code, undefined, 'the socket that was left behind is no obstacle');
    const second = start();
    await until('one more gives way', () => ended(second));
    t.equal(second.code, 1);
    t.equal((await lab.command(['retention', 'run'])).code, 0, 'and takes nothing away from who was there');
    next.child.kill('SIGTERM');
    await until('it ends', () => ended(next));
    t.equal(next.code, 0);
  },
);

t.test('a data directory whose path is too long for a socket is a fault of the configuration', async (t) => {
  const { start, lab } = shared(t);
  const config = readFileSync(lab.config, 'utf8');
  const long = config.replace(/(\[data\]\ndir = )".*"/, `$1"${'x'.repeat(100)}"`);
  t.not(long, config);
  writeFileSync(lab.config, long);
  const daemon = start();
  await until('it ends', () => ended(daemon));
  t.equal(daemon.code, 78);
  t.match(daemon.said, /tapedeck: The configuration is not valid\. "data\.dir" is too long by \d+ bytes/);
});

/** A recorder for this PBX, with its catalogue open, a phone that takes any number of calls, and an outside that makes them. */
async function house(t: Test, pbx: Pbx) {
  t.teardown(() => pbx.stop());
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx });
  t.teardown(() => recorder.stop());
  await recorder.startDaemon();
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  await lab.phone('100', { source: () => tone(440) });
  const carrier = await lab.carrier();
  const find = async (number: string) =>
    (await catalogue.calls.list({ limit: 100 })).find((c) => c.them.number === number);
  return {
    recorder,
    catalogue,
    log: () => readFileSync(join(dir, 'run.log'), 'utf8'),
    /** When it reached the PBX last, ms since 1970. */
    reachedAt(): number {
      const lines = this.log().split('\n');
      const line = lines.findLast((l) => l.includes('Connected to ARI'))!;
      return Date.parse((JSON.parse(line) as { time: string }).time);
    },
    async call(number: string) {
      const call = await carrier.call('5551000', { caller: { number }, source: tone(700) });
      if (!(await call.answered)) throw new Error(`${number} was not answered`);
      return call;
    },
    settled: (number: string) =>
      until(`what becomes of ${number}`, async () => {
        const found = await find(number);
        return found?.endedAt != null && found.coverage.status !== 'pending' ? found : null;
      }),
    captured: (number: string) =>
      until(`the capture of ${number}`, async () => {
        const found = await find(number);
        return found && (await catalogue.segments.of(found.id)).some((s) => s.inStartedAt !== null);
      }),
  };
}

// Each on a PBX of its own, on which it waits most of the time.
t.test('calls in progress when somebody dies', { jobs: 3 }, async (t) => {
  for (const version of [22, 16] as const)
    t.test(
      `Asterisk ${version} dies in mid-call: what was on its disk is kept, and the next call is recorded`,
      { buffered: true },
      async (t) => {
        const pbx = await startPbxOrSkip(t, { version, name: `crash-deaths-${version}` });
        if (!pbx) return;
        const h = await house(t, pbx);
        const deaths: [string, () => Promise<unknown>, () => Promise<void>][] = [
          ['killed', pbx.kill, pbx.start],
          ['restarted by its console', () => pbx.cli('core restart now').catch(() => {}), pbx.restart],
        ];
        for (const [n, [how, die, start]] of deaths.entries()) {
          const first = `+155502${n}0`;
          const call = await h.call(first);
          const answered = Date.now();
          await h.captured(first);
          await seconds(5);
          const diedAfter = Date.now();
          await die();
          const diedBefore = Date.now();
          await start();
          const back = Date.now();
          void call.hangup();
          const row = await h.settled(first);
          t.comment(
            `${how}: ${row.coverage.status}, ${row.recording?.durationMs} ms, ${Date.now() - back} ms after it was back: ${inWords(row.coverage.why)}`,
          );
          // A PBX that is restarted closes its files: then the recording is whole, up to when the call was cut off.
          if (how === 'killed')
            t.match(
              worded(row.coverage),
              { status: 'partial', reason: /Asterisk exited while it was recording/ },
              how,
            );
          else t.equal(lackOf(row.coverage), '', how);
          const talk = row.endedAt! - row.answeredAt!;
          t.ok(
            talk > diedAfter - answered - 1_500 && talk < diedBefore - answered + 1_500,
            `${how}: the call ended with its PBX`,
          );
          const windows = await h.catalogue.watch.windows({ from: row.answeredAt! });
          t.ok(
            windows.some((w) => /stream|PBX|answer/.test(inWords(w.why))),
            `${how}: the time without a PBX is on record: ${inWords(windows[0]?.why ?? null)}`,
          );
          t.ok((row.recording?.durationMs ?? 0) >= 2_000, `${how}: what was on the disk is a recording`);
          const next = `+155502${n}1`;
          // Until the first call was sealed we have waited; the recorder has not.
          const reached = Math.max(0, h.reachedAt() - back);
          const dialled = performance.now();
          const again = await h.call(next);
          await h.captured(next);
          const took = reached + performance.now() - dialled;
          t.comment(`${how}: recorded again ${Math.round(took)} ms after it was back`);
          await seconds(1);
          await again.hangup();
          t.match((await h.settled(next)).recording, { state: 'sealed' }, `${how}: the next call`);
        }
      },
    );

  t.test(
    'a stop with twelve calls in progress loses none, and neither does standing still for 15 seconds',
    { buffered: true },
    async (t) => {
      const h = await house(t, await startPbx({ name: 'crash-stop' }));
      const numbers = Array.from({ length: 12 }, (_, i) => `+15550${300 + i}`);
      const calls = await Promise.all(numbers.map(h.call));
      await Promise.all(numbers.map(h.captured));
      const asked = performance.now();
      await h.recorder.stopDaemon('SIGTERM');
      t.comment(`it ended after ${Math.round(performance.now() - asked)} ms`);
      for (const call of calls.slice(0, 6)) await call.hangup(); // six end while nobody watches
      await h.recorder.startDaemon();
      await seconds(1);
      for (const call of calls.slice(6)) await call.hangup();
      for (const number of numbers) {
        const row = await h.settled(number);
        t.match(row.recording, { state: 'sealed' }, `${number}: ${inWords(row.coverage.why)}`);
        t.ok(
          Math.abs(row.endedAt! - row.answeredAt! - row.recording!.durationMs) < 2_000 ||
            inWords(row.coverage.why) !== '',
          number,
        );
      }

      const through = await h.call('+15550401');
      await h.captured('+15550401');
      const pid = h.recorder.pid('run')!;
      process.kill(pid, 'SIGSTOP');
      const inside = await h.call('+15550402');
      await seconds(5);
      await inside.hangup();
      const into = await h.call('+15550403');
      await seconds(10);
      process.kill(pid, 'SIGCONT');
      await h.captured('+15550403');
      await seconds(1);
      await Promise.all([through.hangup(), into.hangup()]);
      const whole = await h.settled('+15550401');
      t.comment(
        `through: ${whole.coverage.status} ${inWords(whole.coverage.why)} ${whole.recording?.durationMs} of ${whole.endedAt! - whole.answeredAt!}`,
      );
      t.ok(whole.recording!.durationMs > 14_000, 'Asterisk went on recording');
      const late = await h.settled('+15550403');
      t.match(worded(late.coverage), { status: 'partial', reason: /./ });
      t.ok(late.recording, 'one that began meanwhile is recorded from then on');
      const missed = await h.settled('+15550402');
      t.match(
        worded(missed.coverage),
        { status: 'not_recorded', reason: /./ },
        'one that began and ended meanwhile is named',
      );
      t.comment(inWords(missed.coverage.why), inWords(late.coverage.why));
      const still = (await h.catalogue.watch.windows()).find((w) => /was frozen/.test(inWords(w.why)));
      t.ok(still && still.to! - still.from > 13_000, 'the time in which it stood still is on record');
      t.equal(h.recorder.pid('run'), pid, 'it is still the same process');
      t.notMatch(h.log(), /"level":60/);
    },
  );
});

t.test(
  'killed at any instant, again and again: no call is lost, none is there twice, every gap is told',
  async (t) => {
    const seed = newSeed();
    const pbx = await startPbx({ name: 'crash-sweep' });
    emptySpool(pbx);
    t.teardown(() => pbx.stop());
    const lab = createLab(pbx);
    t.teardown(() => lab.stop());
    const recorder = createRecorderLab({ dir: t.testdir({}), pbx });
    t.teardown(() => recorder.stop());
    const done = await sweep({ lab, recorder, kills: KILLS, seed, most: 90_000 });
    const { faults, ...sum } = await judgeSweep(done, { pbx, recorder });
    t.comment(`seed ${seed}: ${done.kills} kills, ${done.spoken.length} calls, ${JSON.stringify(sum)}`);
    t.ok(done.kills >= 8, `${done.kills} kills, enough to mean something; npm run crash does 200`);
    t.equal(new Set(done.spoken.map((s) => s.what)).size, 6, 'of every kind of call there was one');
    t.ok(
      sum.recorded + sum.partial >= done.spoken.length / 4,
      'many are recorded, if not from the first word',
    );
    t.same(faults, []);
  },
);
