import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { makeCoverage, viewCoverage } from '../../daemon/catalogue/coverage.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { CoverageReport } from '../../daemon/domain/assurance/coverage-view.js';
import { catalogueFile, cdrJournalFile } from '../../daemon/domain/paths.js';
import { ask } from '../../daemon/ops/control-client.js';
import { createTcpProxy } from '../support/pbx/fake-pbx.js';
import { createLab, emptySpool, type Pbx, startPbx } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';
import { createRecorderLab, readIfThere, seconds, until } from '../support/recorder.js';

/** What Asterisk says of its calls while the recorder stops, is killed, cannot write, or does not listen. */
t.jobs = 3;
const MINUTE = 60_000;
let pbxs = 0;

/** A PBX of the test's own, on which nobody but its recorder hears of its calls. */
async function place(t: Test) {
  const pbx = await startPbx({ name: `witness-stop-${++pbxs}` });
  t.teardown(() => pbx.stop());
  emptySpool(pbx);
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const source = () => tone(440);
  const phone = await lab.phone('100', { source });
  await lab.phone('101', { source });
  return { pbx, phone };
}

type Place = Awaited<ReturnType<typeof place>>;

/** A recorder that reaches the PBX of a place as `seen`, and its catalogue as other programs see it. */
async function recorderFor(t: Test, { pbx, phone, seen = pbx }: Place & { seen?: Pbx }) {
  // Short: there is a socket in it.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const recorder = createRecorderLab({ dir, pbx: seen });
  t.teardown(() => recorder.stop());
  const path = catalogueFile(recorder.dataDir);
  const catalogue = createSqliteCatalogue({ path });
  t.teardown(() => catalogue.stop());

  async function report(laterMs = 0): Promise<CoverageReport> {
    await catalogue.start();
    const made = await makeCoverage(catalogue, { filter: 'all' }, 'UTC', Date.now() + laterMs);
    return viewCoverage(catalogue, made, 99.9);
  }
  const status = () => ask(recorder.dataDir, 'status');
  const linked = () =>
    until('both links', async () => {
      const [pbx] = (await status()).pbxes;
      return pbx?.ari && pbx.ami;
    });
  await recorder.startDaemon();
  await linked();
  await catalogue.start();
  /** A call of two seconds. `during` runs in the middle of it. */
  async function talk(during = async () => {}): Promise<void> {
    const call = await phone.call('101');
    await call.answered;
    await seconds(1);
    await during();
    await seconds(1);
    await call.hangup();
  }
  return {
    talk,
    recorder,
    catalogue,
    report,
    status,
    linked,
    log: () => readIfThere(join(dir, 'run.log')) ?? '',
    /** CDRs that are in the catalogue. */
    cdrs: async () => (await catalogue.ledger.sources()).find((s) => s.name === 'AMI')?.count ?? 0,
    journal: () => readIfThere(cdrJournalFile(recorder.dataDir)) ?? '',
    /** Keeps every other program from writing the catalogue until what it returns is called. */
    lock(): () => void {
      const other = new Database(path);
      t.teardown(() => other.close());
      other.exec('BEGIN IMMEDIATE');
      return () => other.exec('ROLLBACK');
    },
  };
}

/** Calls with a recording. A busy machine may cost one its first moments, which is not what is tested here. */
const kept = ({ totals }: { totals: { recorded: number; partial: number } }) =>
  totals.recorded + totals.partial;

t.test(
  'a CDR heard in the last seconds before an ordinary stop has an account',
  { buffered: true },
  async (t) => {
    const r = await recorderFor(t, await place(t));
    await r.talk();
    await until('the CDR', async () => (await r.cdrs()) > 0);
    // That comes by AMI, and may come before ARI has told of the hang-up.
    await until('the end of the call', async () =>
      (await r.catalogue.calls.list({ limit: 5 })).some((call) => call.endedAt !== null),
    );
    await r.recorder.stopDaemon('SIGTERM');
    const made = await r.report(5 * MINUTE);
    t.equal(kept(made), 1);
    t.match(made.totals, { answered: 1, unwitnessed: 0, surplus: 0, missing: 0 });
    t.match(await r.recorder.command(['coverage']), { code: 0, out: /[01] of 1 eligible/ });
    t.notMatch((await r.recorder.command(['coverage'])).out, /no CDRs/);
  },
);

t.test(
  'a CDR heard in the last seconds before a kill gets its account at the next start',
  { buffered: true },
  async (t) => {
    const r = await recorderFor(t, await place(t));
    await r.talk();
    await until('the CDR', async () => (await r.cdrs()) > 0);
    await r.recorder.stopDaemon('SIGKILL');
    await r.recorder.startDaemon();
    const { totals } = await until('its account', async () => {
      const made = await r.report(5 * MINUTE);
      return made.totals.unwitnessed + made.totals.surplus === 0 && kept(made) === 1 && made;
    });
    t.match(totals, { answered: 1, missing: 0 });
  },
);

t.test(
  'a CDR heard while the catalogue is locked is written when the lock is released',
  { buffered: true },
  async (t) => {
    const r = await recorderFor(t, await place(t));
    let release = () => {};
    await r.talk(async () => {
      release = r.lock();
    });
    await until('the journal has it', () => r.journal().includes('PJSIP/100'));
    t.equal(await r.cdrs(), 0, 'the catalogue cannot have it');
    release();
    await until('the catalogue has it', async () => (await r.cdrs()) > 0);
    await until('the journal is empty again', () => r.journal() === '');
  },
);

t.test('a lock and a kill together lose no CDR', { buffered: true, jobs: 2 }, async (t) => {
  for (const from of ['the middle of the call', 'before the call'] as const)
    t.test(`locked from ${from}`, { buffered: true }, async (t) => {
      const r = await recorderFor(t, await place(t));
      let release = () => {};
      if (from === 'before the call') release = r.lock();
      await r.talk(async () => {
        if (from === 'the middle of the call') release = r.lock();
      });
      await until('the journal has it', () => r.journal().includes('PJSIP/100'));
      await r.recorder.stopDaemon('SIGKILL');
      release();
      await r.recorder.startDaemon();
      const { calls } = await until('its account', async () => {
        const made = await r.report(5 * MINUTE);
        return made.totals.answered === 1 && made.calls[0]!.pbx_ms !== null && made;
      });
      t.match(calls, [{ call_id: /./, them: { number: '100' } }], 'the call is in the ledger, once');
      await until('the journal is empty again', () => r.journal() === '');
    });
});

t.test('a time in which AMI was away is a monitoring gap of the witness', { buffered: true }, async (t) => {
  const here = await place(t);
  const { pbx } = here;
  const proxy = await createTcpProxy(pbx.ports.ami);
  t.teardown(() => proxy.stop());
  const r = await recorderFor(t, { ...here, seen: { ...pbx, ami: { ...pbx.ami, port: proxy.port } } });
  await r.talk();
  await until('the first CDR', async () => (await r.cdrs()) > 0);

  const from = Date.now();
  proxy.vanish();
  await r.talk();
  await until('the loss is noticed', async () => !(await r.status()).pbxes[0]!.ami);
  proxy.comeBack();
  await r.linked();
  const to = Date.now();

  await r.talk();
  await until('the last CDR', async () => (await r.cdrs()) > 1);
  const view = await until('the last call is recorded', async () => {
    const made = await r.report(5 * MINUTE);
    const witnessed = made.calls.filter((call) => call.pbx_ms !== null).length;
    return kept(made) === 3 && witnessed === 2 && made;
  });
  t.match(
    view.totals,
    { answered: 3, unwitnessed: 1, surplus: 0 },
    'Asterisk is not said to have no CDR of the call in between',
  );
  const gaps = view.witness_gaps.filter((gap) => gap.to !== null);
  t.equal(gaps.length, 1);
  const [gap] = gaps;
  t.match(gap!.reason, /AMI|127\.0\.0\.1/);
  t.ok(Math.abs(Date.parse(gap!.from) - from) < 5_000, `from ${gap!.from}`);
  t.ok(Math.abs(Date.parse(gap!.to!) - to) < 5_000, `to ${gap!.to}`);
  t.same(view.blind, [], 'calls were watched all the time');
  const { out } = await r.recorder.command(['coverage']);
  t.match(out, /CDR monitoring gap/i);
});
