import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { makeCoverage, viewCoverage } from '../../daemon/catalogue/coverage.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import type { TestCall } from '../../daemon/domain/call/test-call.js';
import { isTiming } from '../../daemon/domain/call/test-fault.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { ask } from '../../daemon/ops/control-client.js';
import { createLab, emptySpool, type Pbx, startPbx, startPbxOrSkip } from '../support/pbx/pbx.js';
import type { Phone } from '../support/pbx/phone.js';
import { tone } from '../support/pbx/sources.js';
import { lackOf } from '../support/pbx/whole.js';
import { createApiClient, createRecorderLab, readIfThere, seconds, until } from '../support/recorder.js';
import { amplitude, decode } from '../support/recordings/audio.js';

/** One recorder for two PBXs, Asterisk 22 and 16, on which everything has the same names. */
const OLD = 'warehouse';

/** Every phone has a tone of its own, in Hz. */
const HZ = { office: { caller: 500, callee: 700 }, warehouse: { caller: 900, callee: 1_100 } };

async function twoPbxs(office: Pbx, warehouse: Pbx): Promise<void> {
  for (const pbx of [office, warehouse]) {
    t.teardown(() => pbx.stop());
    emptySpool(pbx);
    await pbx.cli('module load cdr_csv.so');
  }
  const csv = (pbx: Pbx) => join(pbx.logDir, 'cdr-csv/Master.csv');
  for (const pbx of [office, warehouse]) rmSync(csv(pbx), { force: true });
  // Short: there is a socket in it.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const second = { id: OLD, name: 'Warehouse', pbx: warehouse, more: `cdr_csv = "${csv(warehouse)}"` };
  const recorder = createRecorderLab({
    dir,
    pbx: office,
    others: [second],
    webPort: office.ports.sip + 60,
    testCalls: '[test_calls]\nschedule = "0 0 1 1 *"\nmax_load = 1000\n',
    extra: `[coverage]\ncdr_csv = "${csv(office)}"\n`,
  });
  t.teardown(() => recorder.stop());
  const places = await Promise.all(
    (
      [
        ['office', office],
        ['warehouse', warehouse],
      ] as const
    ).map(async ([name, pbx]) => {
      const lab = createLab(pbx);
      t.teardown(() => lab.stop());
      const caller = await lab.phone('100', { source: () => tone(HZ[name].caller) });
      const callee = await lab.phone('101', { source: () => tone(HZ[name].callee) });
      const carrier = await lab.carrier({ source: () => tone(HZ[name].caller) });
      return { pbx, id: name === 'office' ? '' : OLD, hz: HZ[name], caller, callee, carrier };
    }),
  );
  const [here, there] = places as [(typeof places)[number], (typeof places)[number]];
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  t.teardown(() => catalogue.stop());
  const status = () => ask(recorder.dataDir, 'status');
  const log = () => readIfThere(join(dir, 'run.log')) ?? '';
  const linked = () =>
    until('all links', async () => (await status()).pbxes.every((pbx) => pbx.ari && pbx.ami));

  /** The number of the last channel that this PBX has made, and how it names channels. */
  async function channelsSoFar({ pbx, caller }: (typeof places)[number]): Promise<number> {
    const call = await caller.call('950');
    await call.answered;
    const [channel] = await pbx.ask<{ id: string }[]>('/channels');
    await call.hangup();
    return Number(channel!.id.split('.').at(-1));
  }
  /** Makes both PBXs number their channels alike, so that those of one second have the same uniqueids. */
  async function align(): Promise<void> {
    const [a, b] = [await channelsSoFar(here), await channelsSoFar(there)];
    const behind = a < b ? here : there;
    for (let n = Math.abs(a - b); n > 0; n--) await channelsSoFar(behind);
  }
  async function talk(from: Phone, number: string, forSeconds = 3) {
    const call = await from.call(number);
    await call.answered;
    await seconds(forSeconds);
    await call.hangup();
  }
  const sameIds = ([a, b]: StoredCall[]) => String(a?.linkedids) === String(b?.linkedids);
  let made = 0;
  /** The calls that are over and recorded, newest first. */
  const recordedCalls = (count: number) =>
    until(`${count} recordings`, async () => {
      const calls = await catalogue.calls.list({ limit: 50 });
      const done = calls.filter((c) => c.endedAt !== null && c.recording);
      return done.length >= count && done;
    });

  await align();
  await recorder.startDaemon();
  await linked();
  await catalogue.start();
  const { address, setupCode } = await recorder.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, 'anna', 'four unrelated quiet words');

  await t.test('calls with the same ids at the same time are two, each with its own sound', async (t) => {
    let calls: StoredCall[] = [];
    // Uniqueids have whole seconds: where the machine was too busy to begin both in the same one, again.
    for (let tries = 0; tries < 6 && (tries === 0 || !sameIds(calls)); tries++) {
      await seconds(1 - ((Date.now() / 1_000) % 1));
      await Promise.all(places.map(({ caller }) => talk(caller, '101')));
      made += 2;
      calls = (await recordedCalls(made)).slice(0, 2);
    }
    t.same(calls.map((c) => c.pbx).sort(), ['', OLD]);
    t.same(calls[0]!.linkedids, calls[1]!.linkedids, 'both PBXs gave them the same id');
    for (const call of calls) {
      const { hz, id } = places.find((place) => place.id === call.pbx)!;
      t.equal(lackOf(call.coverage), '', `all of it, on "${id}"`);
      const { channels, rate } = await decode(await api.audio(call.id));
      const loud = (channel: number) =>
        Object.values(HZ)
          .flatMap((pair) => Object.values(pair))
          .filter((tone) => amplitude(channels[channel]!.subarray(rate, 2 * rate), tone, rate) > 0.05);
      t.same([loud(0), loud(1)].sort(), [[hz.caller], [hz.callee]].sort(), `nobody else is heard on "${id}"`);
    }
  });

  await t.test('a queue of the same name is two queues', async (t) => {
    await Promise.all(places.map(({ carrier }) => talk(carrier, '5552000', 4)));
    made += 2;
    const calls = (await recordedCalls(made)).slice(0, 2);
    t.same(calls.map((c) => `${c.queue} on "${c.pbx}"`).sort(), ['support on ""', `support on "${OLD}"`]);
  });

  await t.test("each PBX's CDRs are compared with its own calls", async (t) => {
    const report = async () => {
      const made = await makeCoverage(catalogue, { filter: 'all' }, 'UTC', Date.now());
      return viewCoverage(catalogue, made, 99.9);
    };
    const told = await until('Asterisk has told of each', async () => {
      const r = await report();
      return r.totals.covered === made && r.totals.unwitnessed + r.totals.surplus === 0 && r;
    });
    t.match(told, { percent: 100, totals: { answered: made, missing: 0, differs: 0, unexplained: 0 } });
    t.notMatch(log(), /"alarm":"call/, 'no alarm says that one was lost');
  });

  await t.test('each has its test calls, its state and its figures', async (t) => {
    const tested = async (tries = 4): Promise<TestCall[]> => {
      const { out, err } = await recorder.command(['test-call', '--json']);
      if (!out) throw new Error(err);
      const calls: TestCall[] = JSON.parse(out);
      return tries > 1 && calls.some((c) => c.fault && isTiming(c.fault)) ? tested(tries - 1) : calls;
    };
    t.match(await tested(), [
      { pbx: '', outcome: 'ok' },
      { pbx: OLD, outcome: 'ok' },
    ]);
    t.match((await status()).pbxes, [
      { id: '', name: 'Head office', test_call: { outcome: 'ok' } },
      { id: OLD, name: 'Warehouse', test_call: { outcome: 'ok' } },
    ]);
    const { out } = await recorder.command(['status']);
    t.match(out, /PBX +Head office: 22.*\n.*PBX +Warehouse: 16/);
    const figures = await ask(recorder.dataDir, 'metrics');
    t.match(figures, /tapedeck_link_up\{link="ari",pbx="warehouse"\} 1/);
    t.match(figures, /tapedeck_link_up\{link="ari",pbx=""\} 1/);
    const found: { check: string; state: string }[] = JSON.parse(
      (await recorder.command(['doctor', '--json'])).out,
    );
    for (const check of ['PBX (ARI)', 'PBX (AMI)', 'ARI rights', 'spool', 'CDR sources'])
      for (const name of ['Head office', 'Warehouse'])
        t.ok(
          found.some((f) => f.check === `${check} ${name}` && f.state === 'ok'),
          `${check} ${name}`,
        );
  });

  await t.test('one that hangs keeps nothing of the other', async (t) => {
    const had = (await recordedCalls(made)).length;
    const { pid } = warehouse;
    process.kill(pid!, 'SIGSTOP');
    try {
      await Promise.all([talk(here.caller, '101'), talk(here.carrier, '5551000')]);
      const calls = (await recordedCalls(had + 2)).slice(0, 2);
      for (const c of calls) t.match({ ...c, lacks: lackOf(c.coverage) }, { pbx: '', lacks: '' });
      await until('it is noticed', async () => !(await status()).pbxes[1]!.ari);
      t.match((await status()).pbxes[0], { ari: true, ami: true });
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
    await linked();
  });

  await t.test('while one is dead the other is recorded, and only the dead one has a gap', async (t) => {
    const began = Date.now();
    const had = (await recordedCalls(made + 2)).length;
    const call = await here.caller.call('101');
    await call.answered;
    await warehouse.kill();
    await until('it is noticed', async () => !(await status()).pbxes[1]!.ari);
    await seconds(3);
    await talk(here.carrier, '5551000'); // one that begins meanwhile
    await call.hangup();
    const { pbxes, health, blind } = await status();
    t.match(pbxes[0], { ari: true, ami: true, problem: null });
    t.match(health.problems, [{ code: 'pbx_down', message: /^Warehouse: / }]);
    t.match(
      blind.filter((gap) => gap.to === null),
      [{ pbx: OLD }],
    );
    t.match(log(), /"alarm":"pbx_link @warehouse"/);
    t.notMatch(log(), /"alarm":"pbx_link"/);
    const calls = (await recordedCalls(had + 2)).slice(0, 2);
    for (const c of calls)
      t.match({ ...c, lacks: lackOf(c.coverage) }, { pbx: '', lacks: '' }, 'without a gap');
    await warehouse.start();
    await linked();
    const gaps = await until('the gap is over', async () => {
      const found = await catalogue.watch.windows({ from: began });
      return found.every((w) => w.to !== null) && found;
    });
    t.same(
      gaps.map((w) => w.pbx),
      [OLD],
    );
    await Promise.all(places.map(({ caller }) => talk(caller, '101')));
    const both = (await recordedCalls(had + 4)).slice(0, 2);
    t.same(both.map((c) => c.pbx).sort(), ['', OLD], 'both record again');
  });

  await t.test('a PBX that is taken out of the configuration loses nothing', async (t) => {
    const had = (await catalogue.calls.list({ limit: 50 })).length;
    const call = await there.caller.call('101');
    await call.answered;
    await seconds(2);
    await recorder.stopDaemon('SIGKILL');
    recorder.setOthers([]);
    await recorder.startDaemon();
    await until('it is said', () => log().includes('"alarm":"pbx_removed @warehouse"'));
    await call.hangup();
    t.equal((await status()).pbxes.length, 1);
    t.equal((await catalogue.calls.open()).length, 1, 'the call waits');
    await recorder.stopDaemon();
    recorder.setOthers([second]);
    await recorder.startDaemon();
    const calls = await until('it is sealed', async () => {
      const all = await catalogue.calls.list({ limit: 50 });
      return all.length > had && all.every((c) => c.endedAt !== null && c.recording) && all;
    });
    t.match(calls[0], { pbx: OLD });
    t.equal((await status()).alarms.filter((a) => a.key.startsWith('pbx_removed')).length, 0);
  });
  await t.test('one that refuses the password keeps nothing of the other', async (t) => {
    const passwordFile = join(dir, 'wrong');
    writeFileSync(passwordFile, 'not the password\n', { mode: 0o600 });
    const refused = {
      ...warehouse,
      ari: { ...warehouse.ari, passwordFile },
      ami: { ...warehouse.ami, secretFile: passwordFile },
    };
    await recorder.stopDaemon();
    recorder.setOthers([{ ...second, pbx: refused }]);
    await recorder.startDaemon();
    const had = (await catalogue.calls.list({ limit: 50 })).length;
    await talk(here.caller, '101');
    const [call] = await recordedCalls(had + 1);
    t.match({ ...call, lacks: lackOf(call!.coverage) }, { pbx: '', lacks: '' });
    const { pbxes, alarms } = await until('it is said', async () => {
      const now = await status();
      return now.alarms.some((a) => a.key === 'pbx_link @warehouse') && now;
    });
    t.match(pbxes, [
      { ari: true, ami: true },
      { ari: false, problem: { message: /refused the user name/ } },
    ]);
    t.match(alarms, [{ message: /^Warehouse: .*refused/ }]);
  });
  t.notMatch(readFileSync(join(dir, 'run.log'), 'utf8'), /could not be followed/);
}

const old = await startPbxOrSkip(t, { version: 16, name: 'two-16' });
if (old) await twoPbxs(await startPbx({ version: 22, name: 'two-22' }), old);
