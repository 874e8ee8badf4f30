import { rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { captureOf } from '../../../daemon/domain/recording/captures.js';
import { type Gap, parseOurs } from '../../../daemon/domain/recording/recording.js';
import { createApiClient, createRecorderLab, readIfThere, until } from '../recorder.js';
import { type Detail, faultsOf } from './judge.js';
import { startPbxOrSkip } from './pbx.js';
import type { Expected, Scenario } from './scenario.js';
import { scenarios } from './scenarios.js';
import { createStages, type Stage } from './stage.js';

/** How many scenarios play at once, besides the first, which lasts longer. */
const AT_ONCE = 5;
/** When the machine has more to do than it can, Asterisk takes seconds for what it does at once otherwise. */
const isBusy = () => loadavg()[0]! > cpus().length;
/** How often a scenario that went wrong on a busy machine is played again, alone, and judged as strictly. */
const AGAIN = 2;
/** So much time lies between two looks at the dashboard's calls, in ms. */
const LOOK_AGAIN = 300;
/**
 * The recorder's clock follows this machine's only while no call is in progress, so that it may be this much behind one that is being
 * set. An earlier call of the same phones began longer ago. In ms.
 */
const APART_MS = 1_000;
const PASSWORD = 'four unrelated quiet words';

/**
 * Plays every scenario on one Asterisk with one Tapedeck beside it, several at once, a test each. SCENARIO=transfer in the
 * environment: only those with that in their name.
 */
export async function playAll(t: Test, version: 22 | 16): Promise<void> {
  const started = await startPbxOrSkip(t, { version, name: `calls-${version}` });
  if (!started) return;
  const pbx = started;
  t.teardown(() => pbx.stop());
  const dir = t.testdir({});
  const recorder = createRecorderLab({ dir, pbx });
  t.teardown(() => recorder.stop());
  const stages = createStages(pbx);
  t.teardown(() => stages.stop());
  // What an earlier run that failed has left.
  for (const file of stages.spool()) rmSync(join(pbx.recordingDir, file));
  await stages.start();
  await recorder.startDaemon();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', PASSWORD);

  const isSettled = (c: Detail) => c.state === 'ended' && c.coverage.status !== 'pending';
  const settled = new Map<string, Detail>();
  let look: { at: number; calls: Promise<Detail[]> } = { at: -LOOK_AGAIN, calls: Promise.resolve([]) };

  /** Every call so far. All who wait share one look at the dashboard, which counts what is asked of it. */
  function everyCall(): Promise<Detail[]> {
    if (performance.now() - look.at >= LOOK_AGAIN) look = { at: performance.now(), calls: ask() };
    return look.calls;
  }

  async function ask(): Promise<Detail[]> {
    const listed = await api.calls();
    const details = await Promise.all(listed.map(async ({ id }) => settled.get(id) ?? detail(id)));
    const calls = details.filter((call) => call !== null);
    for (const call of calls) if (isSettled(call)) settled.set(call.id, call);
    return calls;
  }

  /** Null when it has become part of another call since it was listed. */
  async function detail(id: string): Promise<Detail | null> {
    const answer = await api.ask('GET', `/calls/${id}`);
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${id}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Detail;
  }

  /** The calls in which one of these took part, oldest first, when all of them are over and accounted for. */
  async function callsOf(stage: Stage, since: number, wanted: number): Promise<Detail[]> {
    const users = new Set<string>([...stage.actors.map((a) => a.user), stage.caller]);
    let mine: Detail[] = [];
    await until('the calls', async () => {
      mine = (await everyCall())
        .filter((c) => Date.parse(c.started_at) >= since)
        .filter((c) => c.legs.some((l) => users.has(l.party.number)))
        .sort((a, b) => a.started_at.localeCompare(b.started_at));
      return mine.length >= wanted && mine.every(isSettled);
    }).catch((e) => t.comment(String(e)));
    if (mine.length < wanted) {
      const theirs = (await everyCall()).filter((c) => c.legs.some((l) => users.has(l.party.number)));
      const began = theirs.map((c) => Date.parse(c.started_at) - since);
      t.comment(`${mine.length} of ${wanted} calls; those of these phones began so many ms after: ${began}`);
    }
    return (await Promise.all(mine.map(({ id }) => detail(id)))).filter((call) => call !== null);
  }

  /** What a scenario has left behind on the PBX. */
  async function leftOf(calls: Detail[]): Promise<string[]> {
    const look = async () => {
      const { channels } = await stages.there();
      const ids = calls.map((c) => c.id.toLowerCase());
      return [
        ...channels.filter((c) => ids.some((id) => c.id.toLowerCase().includes(id))).map((c) => c.name),
        ...stages.spool().filter((file) => ids.some((id) => file.toLowerCase().includes(id))),
      ];
    };
    let left = await look();
    await until('nothing left', async () => {
      left = await look();
      return left.length === 0;
    }).catch(() => {});
    return left;
  }

  /** What came of a scenario, to be judged when none plays any more: judging would make the phones late. */
  type Played = { expected: Expected[]; calls: Detail[]; left: string[]; busy: boolean; broken?: string };

  /** What Asterisk says of itself where a phone got no further: whether it lives, and which of its tasks stand. */
  async function stateOf(): Promise<string> {
    const asked = ['core show uptime', 'core show channels concise', 'core show taskprocessors'].map((c) =>
      pbx.cli(c).catch((error) => `${c}: ${error}`),
    );
    const [uptime, channels, tasks] = await Promise.all(asked);
    // The columns are what a task processor has done, what waits, and how much ever waited.
    const standing = tasks!.split('\n').filter((line) => /\s\d+\s+[1-9]\d*\s+\d+\s/.test(line));
    return [uptime, channels, ...standing].join('\n');
  }

  async function play(scenario: Scenario): Promise<Played | string> {
    try {
      return (await scenario.hindrance?.({ pbx })) ?? (await perform(scenario));
    } catch (error) {
      const broken = `${scenario.name}: ${error}\n${await stateOf()}`;
      return { expected: [], calls: [], left: [], busy: isBusy(), broken };
    }
  }

  function perform(scenario: Scenario): Promise<Played> {
    return stages.play(scenario, async (stage) => {
      const since = Date.now() - APART_MS;
      await scenario.play(stage);
      const expected = scenario.expected(stage);
      const calls = await callsOf(stage, since, expected.length);
      if (scenario.flaw?.(stage))
        for (const call of expected) {
          delete call.left;
          delete call.right;
        }
      return { expected, calls, left: await leftOf(calls), busy: isBusy() };
    });
  }

  /** Stretches in which either side was not captured, in ms. */
  function gapsOf(call: Detail): number {
    const db = new Database(catalogueFile(recorder.dataDir), { readonly: true });
    const gaps = db.prepare('SELECT gaps FROM recordings WHERE call_id = ?').pluck().get(call.id) as string;
    db.close();
    const lengths = (JSON.parse(gaps ?? '[]') as Gap[]).map((g) => g.untilMs - g.atMs);
    return lengths.reduce((sum, ms) => sum + ms, 0);
  }

  const chosen = scenarios.filter((s) => s.name.includes(process.env.SCENARIO ?? ''));
  const played = new Map<Scenario, Promise<Played | string>>();
  /** Resolves when it is over; how it went is asked of `played`. */
  const begin = async (scenario: Scenario): Promise<void> => {
    const playing = play(scenario);
    played.set(scenario, playing);
    await playing;
  };
  const [longest, ...others] = chosen;
  if (!longest) throw new Error('no scenario has that in its name');
  const long = begin(longest);
  const queue = others.values();
  const lane = async () => {
    for (const scenario of queue) await begin(scenario);
  };
  await Promise.all([long, ...Array.from({ length: AT_ONCE }, lane)]);

  async function judge({ expected, calls, left, broken }: Played): Promise<string[]> {
    if (broken) return [broken];
    const faults = left.map((what) => `${what} is left on the PBX`);
    if (calls.length !== expected.length)
      faults.push(`${calls.length} calls: ${calls.map((c) => `${c.them.number}-${c.us.number}`)}`);
    for (const [i, wanted] of expected.entries())
      if (calls[i])
        for (const fault of await faultsOf(api, gapsOf, calls[i], wanted, calls))
          faults.push(`call ${i + 1}: ${fault}`);
    return faults;
  }

  for (const scenario of chosen)
    t.test(scenario.name, async (t) => {
      const result = await played.get(scenario)!;
      if (typeof result === 'string') return t.plan(0, result);
      let last = result;
      let faults = await judge(last);
      for (let n = 0; n < AGAIN && faults.length > 0 && last.busy; n++) {
        t.comment(`Played again, alone, for the machine was busy: ${faults.join('; ')}`);
        last = (await play(scenario)) as Played;
        faults = await judge(last);
      }
      t.same(faults, []);
      const flaw = scenario.flaw?.({ pbx });
      if (flaw) t.pass('who is heard on its sides', { skip: flaw });
    });

  t.test('what was signed of every call is what its file and its rows say', async (t) => {
    const { code, out } = await recorder.command(['verify', '--all']);
    t.equal(code, 0, out);
    t.match(out, /all as sealed and signed/);
  });

  t.test('no channel, bridge or file is left when all is over', async (t) => {
    const there = await stages.there();
    t.same(
      there.channels.map((c) => c.name),
      [],
    );
    // Asterisk keeps its parking lot.
    t.same(
      there.bridges.filter((b) => b.name !== 'default'),
      [],
    );
    let left = stages.spool();
    // Captured files go after their recording is sealed, and the recorder probes this disk with a file now and then.
    const look = () => {
      left = stages.spool();
      return left.length === 0;
    };
    await until('an empty spool', look).catch(() => {});
    t.same(left, []);
    for (const id of new Set(left.map((file) => parseOurs(captureOf(file) ?? '')?.callId ?? file)))
      tellOf(t, id);
  });

  /** What the recorder noted of a call, and of the call that its captures belong to. */
  function tellOf(t: Test, id: string): void {
    const log = readIfThere(join(dir, 'run.log')) ?? '';
    for (const line of log.split('\n')) if (line.includes(id)) t.comment(line);
    const db = new Database(catalogueFile(recorder.dataDir), { readonly: true });
    const captures = db.prepare(
      'SELECT segments.*, calls.* FROM segments JOIN calls ON calls.id = call_id WHERE named_call = ?',
    );
    t.comment(JSON.stringify(captures.all(id)));
    db.close();
  }
}
