import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { unzipSync } from 'fflate';
import t, { type Test } from 'tap';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { verify } from '../../../daemon/cli/verify.js';
import { check } from '../../../web/ui/verify/check.js';
import { get, openDashboard, setUp } from '../../support/web/dashboard.js';

/** What the version before wrote, whose reasons were sentences: see the README beside the files. */
const FIXTURES = join(import.meta.dirname, '../../fixtures/before-reasons');
const id = (n: number) => `01ARZ3NDEKTSV4RRFFQ69G5FA${n}`;
const LATE =
  'Tapedeck was not running from 10:00:00 to 10:00:01. The call was answered between 09:59:58 and 10:00:01; the PBX does not say when.';
const ANEW = 'One side went silent; the capture was restarted.';
const BY_DEFAULT = 'No rule matches; it is kept forever by default.';

/** The data directory of the version before. */
function dataBefore(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(join(FIXTURES, 'data.zip'))))) {
    if (name.endsWith('/')) continue;
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), bytes);
  }
  chmodSync(join(dir, 'master.key'), 0o600);
  return dir;
}

t.test('"tapedeck verify" finds recordings of the version before as they were signed', async (t) => {
  const dir = dataBefore(t);
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const said: string[] = [];
  const program = new Command('tapedeck').exitOverride();
  verify(program, { ...context, out: (line) => void said.push(line), err: (line) => void said.push(line) });
  await program.parseAsync(['verify', '--all', '--json'], { from: 'user' });
  const verdicts = said.map((line) => JSON.parse(line));
  t.match(
    verdicts.map(({ call_id, state, faults }) => ({ call_id, state, faults })),
    [
      { call_id: id(0), state: 'sealed', faults: [] },
      { call_id: id(1), state: 'sealed', faults: [] },
      { call_id: id(2), state: 'erased', faults: [] },
    ],
  );
  t.equal(process.exitCode ?? 0, 0);
});

t.test('the verifier in a pack finds a pack of the version before as it was given out', async (t) => {
  const report = await check(readFileSync(join(FIXTURES, 'pack.zip')), () => {});
  t.same(report.faults, []);
  t.ok(report.whole);
  t.equal(report.call, id(1));
  t.match(report.story, LATE);
});

t.test('the API shows what the version before wrote, in its words', async (t) => {
  const dataDir = dataBefore(t);
  rmSync(join(dataDir, 'keys'), { recursive: true }); // those of the dashboard under test are others
  const dashboard = await openDashboard(t, { dataDir });
  const cookie = await setUp(dashboard);
  const call = async (n: number) => (await get(dashboard.app, `/calls/${id(n)}`, cookie)).json();
  t.match(await call(0), {
    coverage: { status: 'recorded', reason: '', rule: 'Orders' },
    recording: { gaps: [], keep_reason: BY_DEFAULT, erase_reason: null },
  });
  t.match(await call(1), {
    coverage: {
      status: 'partial',
      reason: `The PBX was short of processor time: 0.4 s are missing at 0:02.2. Nothing was recorded from 0:04.4 to 0:06.0. ${ANEW}`,
    },
    recording: {
      gaps: [
        { at_ms: 0, until_ms: 1000, side: 'both', reason: LATE },
        { reason: 'The PBX was short of processor time: 0.4 s are missing.' },
        { at_ms: 4400, until_ms: 6000, reason: ANEW },
      ],
    },
    seal: { fault: null },
  });
  t.match(await call(2), { recording: { state: 'erased', erase_reason: 'Short: The law.' } });
  t.match(await call(3), {
    coverage: { status: 'excluded', reason: 'The line of the works council.', rule: 'Works council' },
  });
  t.match(await call(4), {
    coverage: { status: 'not_recorded', reason: 'The PBX could not be made to record.' },
  });
  t.match(await call(5), { coverage: { status: 'none', reason: '' } });
  const report = await get(dashboard.app, '/coverage?from=2026-01-01&to=2026-01-31', cookie);
  t.match(report.json(), {
    blind: [
      { to: null, reason: 'The PBX does not answer: connect ECONNREFUSED 127.0.0.1:8088' },
      { reason: 'Tapedeck was not running.' },
    ],
    witness_gaps: [{ reason: 'More CDRs came than could be kept while the catalogue was locked.' }],
  });
});
