import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import { unzipSync } from 'fflate';
import t, { type Test } from 'tap';
import { createCliContext } from '../../../daemon/cli/common/context.js';
import { verify } from '../../../daemon/cli/verify.js';
import { times } from '../../../daemon/domain/days.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import {
  buildManifest,
  disagreements,
  manifestText,
  parseManifest,
} from '../../../daemon/domain/recording/manifest.js';
import { check } from '../../../web/ui/verify/check.js';
import { makeCatalogue } from '../../support/catalogue/make-catalogue.js';
import { aCall, aRecording, nothingTold } from '../../support/recordings/a-call.js';
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

/** What `tapedeck verify` says of a data directory. */
async function verdictsOf(t: Test, dir: string) {
  const code = process.exitCode;
  const context = createCliContext(() => join(dir, 'tapedeck.toml'));
  t.teardown(() => context.close());
  const said: string[] = [];
  const program = new Command('tapedeck').exitOverride();
  verify(program, { ...context, out: (line) => void said.push(line), err: (line) => void said.push(line) });
  await program.parseAsync(['verify', '--all', '--json'], { from: 'user' });
  process.exitCode = code;
  return said
    .map((line) => JSON.parse(line))
    .map(({ call_id, state, faults }) => ({ call_id, state, faults }));
}

t.test('"tapedeck verify" finds recordings of the version before as they were signed', async (t) => {
  const dir = dataBefore(t);
  const good = [
    { call_id: id(0), state: 'sealed', faults: [] },
    { call_id: id(1), state: 'sealed', faults: [] },
    { call_id: id(2), state: 'erased', faults: [] },
  ];
  const before = readFileSync(catalogueFile(dir));
  await t.rejects(verdictsOf(t, dir), { code: 'catalogue_older' }, 'the recorder alone converts it');
  t.ok(readFileSync(catalogueFile(dir)).equals(before));
  await makeCatalogue(dir);
  t.same(await verdictsOf(t, dir), good);
  const db = new Database(catalogueFile(dir));
  const set = db.prepare('UPDATE recordings SET gaps = replace(gaps, ?, ?) WHERE id = ?');
  t.equal(set.run(ANEW, 'Nothing is missing.', id(1)).changes, 1);
  db.close();
  const [, changed] = await verdictsOf(t, dir);
  t.match(changed, { call_id: id(1), faults: [/differs from what was signed: recording\.gaps\./] });
});

t.test(
  'a manifest has each reason as a sentence and as a code, and rows are compared by codes',
  async (t) => {
    const late = because('unwatched', { from: 1_000, until: 2_000, why: because('not_running') });
    const call = aCall(id(0));
    const recording = aRecording(id(0), id(0), {
      gaps: [{ atMs: 0, untilMs: 1_000, side: 'both', why: late }],
      keepWhy: because('kept_by_default'),
    });
    const given = {
      ...{
        call,
        recording,
        segments: [],
        decision: null,
        told: nothingTold,
        policyVersion: 1,
        sealedFor: null,
        version: '1.0',
        later: false,
      },
      coverage: { status: 'partial' as const, why: late, rule: null, missingMs: 1_000 },
      madeAt: recording.sealedAt,
    };
    const signed = buildManifest({ ...given, say: times('Asia/Tokyo') });
    const sentence = 'Tapedeck was not running from 1970-01-01 09:00:01 to 1970-01-01 09:00:02.';
    const read = parseManifest(manifestText(signed))!;
    t.match(read, {
      format_version: 5,
      coverage: { reason: sentence, why: late },
      recording: { gaps: [{ reason: sentence, why: late }] },
      retention: { reason: BY_DEFAULT, why: { code: 'kept_by_default', params: {} } },
    });
    t.same(disagreements(read, call, recording), [], 'wherever the site is');
    const gaps = [{ ...recording.gaps[0]!, why: because('began_late') }];
    t.same(disagreements(read, call, { ...recording, gaps }), ['recording.gaps']);
  },
);

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
        {
          at_ms: 0,
          until_ms: 1000,
          side: 'both',
          reason: LATE,
          why: { code: 'text', params: { text: LATE } },
        },
        { reason: 'The PBX was short of processor time: 0.4 s are missing.' },
        { at_ms: 4400, until_ms: 6000, reason: ANEW },
      ],
    },
    seal: { fault: null },
  });
  t.match(await call(2), {
    recording: { state: 'erased', erase_reason: 'Short: The law.', erase_why: { code: 'text' } },
  });
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
