import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { createDoubts } from '../../../daemon/assurance/doubts.js';
import { createWatch } from '../../../daemon/calls/watch.js';
import type { BadRow, Catalogue } from '../../../daemon/catalogue/catalogue.js';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { FIRST_SEAL } from '../../../daemon/catalogue/retention/tiers.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { iso } from '../../../daemon/domain/days.js';
import { TapedeckError } from '../../../daemon/domain/error.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { FIRST_DUE } from '../../../daemon/domain/retention/plan.js';
import { createAlert } from '../../../daemon/operations/alert.js';
import { createDeliver } from '../../../daemon/operations/deliver.js';
import { createHealth } from '../../../daemon/operations/health.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createCustody } from '../../../daemon/recordings/custody.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { craft, loosely, recorderOn, T0 } from '../../support/catalogue/crafted.js';
import { APPROVAL_COLUMNS, furnish } from '../../support/catalogue/every-row.js';
import { inThisThread } from '../../support/catalogue/in-this-thread.js';
import { PRIVACY_COLUMNS } from '../../support/catalogue/privacy-request.js';
import { MAILING_TABLES } from '../../support/catalogue/report-mailing.js';
import { retaining } from '../../support/recordings/retaining.js';
import { full, repeat, sample, seed } from '../../support/search/share-of-search.js';

/** Of the cells, for each of the two values that every cell is tried with. */
const SHARE = 0.3;
const log = createLog('silent', 'test');
/** Everything that the recorder asks at its start, and every list that it reads later. */
const questions: Record<string, (c: Catalogue) => Promise<unknown>> = {
  openCalls: (c) => c.calls.open(),
  calls: (c) => c.calls.list({ limit: 50 }),
  segments: (c) => c.segments.of('A'),
  callsToPreserve: (c) => c.segments.callsToPreserve(),
  preserveQueue: (c) => c.segments.queue(),
  keptSlice: (c) => c.due.keptSlice(null, T0),
  dueSlice: (c) => c.due.dueSlice(FIRST_DUE, Number.MAX_SAFE_INTEGER),
  erasable: (c) => c.due.erasable(FIRST_DUE, Number.MAX_SAFE_INTEGER, 99),
  due: (c) => c.due.page('erasable', FIRST_DUE, Number.MAX_SAFE_INTEGER, 99),
  protected: (c) => c.due.page('protected', FIRST_DUE, 0, 99),
  later: (c) => c.due.page('later', FIRST_DUE, 0, 99),
  undated: (c) => c.due.undated('', 99),
  newestSealedAt: (c) => c.due.newestSealedAt(),
  growth: (c) => c.recordings.growth(T0, T0 + 1),
  erasing: (c) => c.recordings.erasing(),
  erased: (c) => c.recordings.tombstones(9),
  uncertified: (c) => c.certificates.open(0, 9),
  signed: async (c) => [await c.certificates.list({ limit: 9 }), await c.madeReports.list({ limit: 9 })],
  certified: (c) => c.certificates.items(1, 0, 9),
  policy: async (c) => [await c.policy.newest(), await c.mailings.list(), await c.organisation.get()],
  versions: (c) => c.policy.versions(),
  lists: (c) => c.lists.all(),
  listed: (c) => c.lists.entries({ limit: 99 }),
  prompts: (c) => c.prompts.list(),
  consents: (c) => c.consents.list({ limit: 99 }),
  notices: (c) => c.notices.of('A'),
  toldCalls: (c) => c.notices.calls({ from: 0, to: Number.MAX_SAFE_INTEGER, limit: 99 }),
  activePrompt: (c) => c.prompts.active('announce', 'en'),
  openAlarms: (c) => c.alarms.open(),
  pastAlarms: (c) => c.alarms.past(9),
  openDeliveries: (c) => c.alarms.openDeliveries(),
  toCheck: (c) => c.seals.toCheck(Number.MAX_SAFE_INTEGER, 20),
  damaged: (c) => c.seals.damaged(9),
  figures: (c) => c.seals.figures(),
  after: (c) => c.recordings.after('', 9),
  toMove: (c) => c.tiers.due(Number.MAX_SAFE_INTEGER, FIRST_SEAL, 9),
  moving: (c) => c.tiers.moving(FIRST_SEAL, 9),
  left: (c) => c.tiers.left('', 9),
  byTier: (c) => c.tiers.slice(null),
  related: (c) => c.ledger.related(FIRST, ['A.1']),
  coverageRows: (c) => c.ledger.rows({ from: 0, to: Number.MAX_SAFE_INTEGER }),
  counts: (c) => c.ledger.counts({ from: 0, to: T0 * 2 }),
  toldCounts: (c) => c.notices.counts({ from: 0, to: T0 * 2 }),
  sources: async ({ ledger: l }) => [await l.sources(), await l.count()],
  dueCdrs: (c) => c.ledger.due(FIRST, Number.MAX_SAFE_INTEGER, 99),
  witness: (c) => c.ledger.witness(FIRST),
  approvals: (c) => c.approvals.open(T0 + 1),
  approvalsOver: (c) => c.approvals.over(T0 + 1, 9),
  newestApproval: (c) => c.approvals.newest({ act: 'erase', object: 'by hand' }, 'ada'),
  openJobs: (c) => c.jobs.open(),
  newestJobs: (c) => c.jobs.newest(),
  jobs: async ({ jobs }) => [await jobs.get('J1'), await jobs.list(9)],
  imports: async ({ imports: i }) => [await i.begun(), await i.files('J1', '', 99), await i.counts('J1')],
  privacy: async ({ privacyRequests: p }) => [await p.open(), await p.exclusions('P1'), await p.letters()],
  began: (c) => c.ledger.began(FIRST, T0 + 1),
  blind: (c) => c.watch.windows({}),
  watched: (c) => c.watch.lastWatched(FIRST),
  tests: (c) => c.testCalls.newest(9),
  testsLeft: (c) => c.testCalls.left(),
  entries: (c) => c.audit.entries({ limit: 99 }),
  rows: (c) => c.audit.rows(1, 99),
  checkpoints: (c) => c.audit.checkpoints(9),
};

/** Columns by which a row is found at all: with another value it is another row, and no wrong one. */
const columns: Record<string, string[]> = {
  calls: [
    ...['linkedids', 'direction', 'started_at', 'answered_at', 'outcome', 'them', 'us', 'dialled', 'did'],
    ...['queue', 'coverage_status', 'coverage_reason', 'missing_ms', 'legs', 'marks', 'consult_for', 'test'],
    ...['decision', 'facts', 'imported'],
  ],
  segments: [
    'seq',
    'leg_id',
    'in_started_at',
    'out_started_at',
    'state',
    'because',
    'in_muted_from',
    'swapped',
  ],
  recordings: [
    ...['state', 'duration_ms', 'plain_bytes', 'sealed_bytes', 'plain_sha256', 'file', 'sealed_at'],
    ...['left_db', 'tier'],
    ...['keep_until', 'keep_rule', 'keep_reason', 'erased_at', 'gaps', 'masks', 'quality', 'redaction'],
  ],
  erasure_runs: ['about', 'started_at'],
  ...{ erasures: ['erased_at', 'line'], reports: ['statement', 'signature', 'key_id', 'made_at'] },
  certificates: ['statement', 'signature', 'key_id', 'issued_at', 'kind', 'items'],
  seal_checks: ['checked_at', 'signed', 'fault', 'fault_at'],
  policies: ['changed_at', 'changed_by', 'policy'],
  number_lists: ['note', 'added_at', 'added_by'],
  listed_numbers: ['number', 'note', 'until', 'added_at', 'added_by', 'digits'],
  alarms: [
    'severity',
    'message',
    'hint',
    'why',
    'cleared_at',
    'told_at',
    'returns',
    'lasts_until',
    'lasts_ms',
  ],
  deliveries: ['notice', 'attempts', 'next_at', 'problem'],
  test_calls: ['outcome', 'fault', 'detail', 'measures', 'took_ms'],
  blind_windows: ['from_at', 'to_at', 'reason'],
  ...{ watch: ['seen_at'], cdrs: ['linkedid', 'start_at', 'end_at', 'cdr'] },
  cdr_sources: ['since', 'read_at', 'last_at', 'count', 'problem'],
  consent_counts: [...['mode', 'told', 'answer', 'found', 'findings', 'calls', 'first_answer', 'last_end']],
  coverage_counts: ['status', 'finding', 'calls', 'first_start', 'last_start', 'first_end', 'last_end'],
  checkpoints: ['note'],
  prompts: [
    ...['hash', 'kind', 'language', 'name', 'text', 'bytes', 'duration_ms', 'added_at', 'added_by', 'active'],
  ],
  consents: [
    ...['kind', 'number', 'contact', 'extensions', 'queues', 'given_at', 'how', 'until', 'added_at'],
    ...['added_by', 'withdrawn_at', 'withdrawn_by', 'document'],
  ],
  approvals: APPROVAL_COLUMNS,
  ...PRIVACY_COLUMNS,
  notices: ['at', 'decision'],
  tellings: [...['what', 'prompt', 'leg', 'started_at', 'ended_at', 'whole', 'heard_by', 'failed', 'found']],
  ...MAILING_TABLES,
  jobs: [
    ...['kind', 'params', 'state', 'asked_at', 'started_at', 'ended_at', 'cursor', 'done', 'total', 'faults'],
    ...['failures', 'next_at', 'error'],
  ],
};
const cells = Object.entries(columns).flatMap(([table, names]) => names.map((name) => ({ table, name })));

const NUMBERS = [-1, 0, 2, 1.5, Number.MAX_SAFE_INTEGER, -(2 ** 53), 9e18, -9e18, 1e308];

const value = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      null,
      '',
      '{broken',
      '[]',
      '{}',
      'null',
      '"x"',
      '[{"id":7}]',
      '[null]',
      '{"code":"nothing_like_it","params":{}}',
      '{"code":"busy","params":{"ms":"long"}}',
      '{"code":"disk_slow","params":{}}',
      '{"code":"text","params":{"message":"m","hint":"h"}}',
      '{"code":"retention_refused","params":{"why":{"code":"many_due","params":{}},"confirm":null}}',
      '[{"atMs":0,"untilMs":1,"side":"us","why":{"code":"several","params":{"whys":[{"code":"gap"}]}}}]',
    ),
  },
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...NUMBERS) },
  { weight: 2, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  { weight: 1, arbitrary: fc.constant(Buffer.from([0xff, 0, 0x80])) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(10_000_000)) },
);

/** Numbers that cannot be a time, a length or a level. */
function nonsense(found: unknown): string | null {
  const text = JSON.stringify(found, (_, v) => {
    if (typeof v === 'number' && !Number.isFinite(v)) throw new Error('not a number');
    return v;
  });
  return text !== undefined && text.length > 9_000_000 ? 'endless text' : null;
}

/** What the recorder does at its start, in its order, with a PBX that has nothing; then a call comes. */
async function startAndRecord(path: string, _dir: string) {
  const { standing, alarms } = alarmBoard();
  const bad: BadRow[] = [];
  const sqlite = createSqliteCatalogue({
    path,
    beginThread: inThisThread,
    onBadRow: (row) => {
      bad.push(row);
      doubts.row(row);
    },
  });
  const catalogue = withEntries(sqlite, { clock: () => T0, later: async () => {} });
  const clock = () => T0 + 60_000;
  const doubts = createDoubts({ catalogue, alarms, clock, log });
  await catalogue.start();
  const custody = createCustody({
    ...{ catalogue, alarms, log, recovery: '', rotation: null },
    openSigningKey: () => {
      throw new Error('not asked for');
    },
    started: async () => {},
    changed: async () => {},
  });
  const deliver = createDeliver({ catalogue, channels: [], clock, log, onTrouble: () => {} });
  const alert = createAlert({ catalogue, tell: deliver.tell, mint: () => 'id', say: iso, clock, log });
  const retain = createRetain({
    catalogue,
    keys: { destroyAll: async () => {}, has: () => false },
    store: { remove: async () => true, exists: async () => null },
    ...retaining(catalogue),
    ...{ clock, alarms, log },
  });
  const watch = createWatch({ pbx: '', kept: catalogue.watch, clock, log });
  const link = { up: true, version: '', problem: null };
  const r = recorderOn(catalogue);
  const health = createHealth({
    log,
    ...{
      catalogue,
      alarms: alert,
      ...{ encoder: 'separate' as const, testCallsOn: true },
      pbxes: [
        {
          ...{ id: '', name: 'PBX', ari: () => link, ami: () => link },
          ...{ now: r.recorder.now, list: r.recorder.list },
          testCall: async () => (await catalogue.testCalls.newest(1))[0] ?? null,
        },
      ],
    },
    ...{
      channels: () => [],
      disk: () => null,
      scrub: () => null,
      erasing: () => null,
      backups: () => null,
      archive: () => ({
        ...{ directory: '', problem: null, freeBytes: null, totalBytes: null, left: 0 },
        ...{ hot: { recordings: 0, bytes: 0 }, archive: { recordings: 0, bytes: 0 } },
      }),
      jobs: catalogue.jobs.newest,
      processor: () => ({ known: false, short: false, waiting: 0, oldestAt: null }),
      eventLoopP99Ms: () => null,
      clock,
      say: iso,
    },
  });
  const parts = [custody, doubts, deliver, alert];
  for (const part of parts) await part.start();
  await retain.recover();
  await watch.start();
  const early = r.call();
  await r.recover();
  await early;
  await r.recorder.idle();
  await watch.up();
  const status = await health.status();
  const answers: [string, unknown][] = [];
  for (const [name, ask] of Object.entries(questions))
    answers.push([
      name,
      await ask(catalogue).catch((e) =>
        e instanceof TapedeckError && e.code === 'row_unreadable' ? null : e,
      ),
    ]);
  await r.recorder.stop();
  await watch.stop();
  await doubts.stop();
  await alert.stop();
  await deliver.stop();
  await catalogue.stop();
  if (!status.since) throw new Error('no status');
  return { begun: r.begun, standing, bad, answers };
}

t.test(
  'whatever stands in a row, the recorder starts, records the next call, and names the row',
  async (t) => {
    const base = join(t.testdir({}), 'base.db');
    await furnish(base);
    let n = 0;
    let named = 0;
    const runOnce = async (change: { table: string; name: string }[], values: unknown[]) => {
      const dir = join(t.testdirName, String(++n));
      mkdirSync(dir, { recursive: true });
      const path = join(dir, 'catalogue.db');
      copyFileSync(base, path);
      const written: string[] = [];
      craft(path, (db) => {
        for (const [i, { table, name }] of change.entries())
          try {
            const write = () => db.prepare(`UPDATE ${table} SET ${name} = ?`).run(values[i % values.length]);
            if (n % 3 === 0) loosely(db, table, write);
            else write();
            written.push(`${table}.${name}`);
          } catch {
            // The table does not take such a value, whoever writes it.
          }
      });
      const { begun, standing, bad, answers } = await startAndRecord(path, dir);
      if (begun.join() !== 'ann') throw new Error(`${written}: the call was not captured`);
      for (const [name, answer] of answers) {
        if (answer instanceof Error) throw new Error(`${written}: ${name}: ${answer.stack}`);
        const found = nonsense(answer);
        if (found) throw new Error(`${written}: ${name}: ${found}`);
      }
      if (bad.length > 0 && !standing.has('catalogue_rows')) throw new Error(`${written}: no alarm`);
      named += bad.length;
    };
    t.comment(repeat);
    for (const cell of sample(cells, SHARE)) await runOnce([cell], ['{broken']);
    for (const cell of sample([...cells].reverse(), SHARE)) await runOnce([cell], [9e18]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...cells), { minLength: 1, maxLength: 6 }),
        fc.array(value, { minLength: 1, maxLength: 6 }),
        runOnce,
      ),
      { numRuns: full ? 60 : 20, seed },
    );
    t.ok(named > (full ? 100 : 25), `${named} bad rows were named`);
  },
);
