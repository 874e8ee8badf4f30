import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { makeCoverage, viewCoverage } from '../../daemon/catalogue/coverage.js';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { createCsvReader } from '../../daemon/cdr/csv.js';
import { createMysqlReader } from '../../daemon/cdr/mysql.js';
import type { CdrReader } from '../../daemon/cdr/source.js';
import { createSqliteReader } from '../../daemon/cdr/sqlite.js';
import type { Cdr } from '../../daemon/domain/assurance/cdr.js';
import type { CoverageReport } from '../../daemon/domain/assurance/coverage-view.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { csvRow, translateCdr } from '../../daemon/pbx/cdr.js';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { tone } from '../support/pbx/sources.js';
import { startMariadb } from '../support/peers/mariadb.js';
import { createRecorderLab, readIfThere, until } from '../support/recorder.js';

/** 25 November 2026, 09:00 UTC. */
const T0 = Date.UTC(2026, 10, 25, 9);
const HOUR = 3_600_000;
const NOW = T0 + 24 * HOUR;
const toCdr = (row: unknown): Cdr | null => translateCdr(row, ['UTC'], NOW);
const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** What people and machines put into caller ids. */
const HOSTILE = [
  `'; DROP TABLE cdr; --`,
  `" OR ""="`,
  '=HYPERLINK("http://evil.example","call")',
  '\\',
  'comma, "quote" and\nnew line',
  '\u202eright to left',
  'a'.repeat(5000),
  '',
];

type Kept = { at: number; n: number; name: string; seconds?: number };
const kept = ({ at, n, name, seconds = 30 }: Kept) => ({
  calldate: stamp(at),
  clid: `"${name}" <+1555${n}>`,
  src: `+1555${n}`,
  dst: '5550100',
  dcontext: 'from-trunk',
  channel: `PJSIP/trunk-${n.toString(16).padStart(8, '0')}`,
  dstchannel: `PJSIP/101-${(n + 1).toString(16).padStart(8, '0')}`,
  lastapp: 'Dial',
  lastdata: 'PJSIP/101,30,tT',
  duration: seconds + 5,
  billsec: seconds,
  disposition: 'ANSWERED',
  amaflags: 3,
  accountcode: '',
  uniqueid: `${at / 1000}.${n}`,
  userfield: '',
  linkedid: `${at / 1000}.${n}`,
});

const csvLine = (k: Kept): string => {
  const r = kept(k);
  const end = stamp(k.at + r.duration * 1000);
  const text = (s: string) => `"${s.replaceAll('"', '""')}"`;
  return [
    ...[r.accountcode, r.src, r.dst, r.dcontext, r.clid, r.channel, r.dstchannel, r.lastapp, r.lastdata].map(
      text,
    ),
    ...[r.calldate, stamp(k.at + 5000), end].map(text),
    ...[
      r.duration,
      r.billsec,
      '"ANSWERED"',
      '"DOCUMENTATION"',
      text(r.uniqueid),
      '""',
      '""',
      text(r.linkedid),
      7,
    ],
  ].join(',');
};

/** What every reader must give of these: those of the time asked for, and nothing of another. */
async function givesThem(t: Test, reader: CdrReader, calls: Kept[]) {
  const all = await reader.read({ from: T0, to: NOW });
  t.equal(all.length, calls.length);
  for (const { at, n } of calls) {
    const cdr = all.find((c) => c.uniqueid === `${at / 1000}.${n}`);
    t.match(cdr, { startAt: at, answerAt: at + 5000, endAt: at + 35_000, src: `+1555${n}`, dst: '5550100' });
    t.ok(cdr!.name.length <= 128 && !/[\n\u202e]/.test(cdr!.name), 'names are made fit to be shown');
  }
  const late = await reader.read({ from: T0 + HOUR, to: NOW });
  t.same(
    late.map((c) => c.startAt).sort(),
    calls
      .map((c) => c.at)
      .filter((at) => at + 35_000 >= T0 + HOUR)
      .sort(),
    'what ended before is left out',
  );
  t.same(await reader.read({ from: NOW - HOUR, to: NOW }), []);
}
const hostileCalls = HOSTILE.map((name, n): Kept => ({ at: T0 + n * 600_000, n, name }));

t.test('Master.csv is read from its end, broken and hostile lines and all', async (t) => {
  const path = join(t.testdir(), 'Master.csv');
  const reader = createCsvReader({ path, toCdr: (fields) => toCdr(csvRow(fields)) });
  const code = { code: 'cdr_unreadable' };
  await t.rejects(reader.read({ from: T0, to: NOW }), code, 'a file that is not there is said to be so');
  const old = Array.from({ length: 20_000 }, (_, n) =>
    csvLine({ at: T0 - 90_000_000 - (20_000 - n) * 4000, n, name: 'Old' }),
  );
  writeFileSync(path, `${old.join('\n')}\n`);
  appendFileSync(path, `not a record\n"half of one","x\n${'x'.repeat(70_000)}\n`);
  appendFileSync(path, `${hostileCalls.map(csvLine).join('\n')}\n`);
  appendFileSync(path, csvLine({ at: NOW - 60_000, n: 99, name: 'Being written' }).slice(0, 120));
  await givesThem(t, reader, hostileCalls);
  renameSync(path, `${path}.1`);
  const today = { at: NOW - HOUR - 60_000, n: 500, name: 'After the log was rotated' };
  writeFileSync(path, `${csvLine(today)}\n`);
  t.equal(
    (await reader.read({ from: T0, to: NOW })).length,
    hostileCalls.length + 1,
    'with what logrotate put aside',
  );
});

t.test('the SQLite file of cdr_sqlite3_custom is read and never written', async (t) => {
  const path = join(t.testdir(), 'master.db');
  const reader = createSqliteReader({ path, toCdr });
  await t.rejects(reader.read({ from: T0, to: NOW }), { code: 'cdr_unreadable' });
  const db = new Database(path);
  db.exec('CREATE TABLE other (x)');
  await t.rejects(reader.read({ from: T0, to: NOW }), { message: /no table with the columns/ });
  const columns = Object.keys(kept(hostileCalls[0]!));
  db.exec(`CREATE TABLE "my ""cdrs" (AcctId INTEGER PRIMARY KEY, ${columns.join(', ')})`);
  const add = db.prepare(`INSERT INTO "my ""cdrs" (${columns}) VALUES (${columns.map((c) => `$${c}`)})`);
  for (const call of [...hostileCalls, { at: T0 - 50 * HOUR, n: 77, name: 'Old' }]) add.run(kept(call));
  db.close();
  await givesThem(t, reader, hostileCalls);
});

t.test('MariaDB is read as FreePBX fills it, by a user who may do nothing else', async (t) => {
  const mariadb = await startMariadb();
  t.teardown(() => mariadb.stop());
  await mariadb.run(`
    CREATE DATABASE asteriskcdrdb; USE asteriskcdrdb;
    CREATE TABLE cdr (
      calldate datetime NOT NULL DEFAULT '0000-00-00 00:00:00', clid varchar(80) NOT NULL DEFAULT '',
      src varchar(80) NOT NULL DEFAULT '', dst varchar(80) NOT NULL DEFAULT '', dcontext varchar(80) NOT NULL DEFAULT '',
      channel varchar(80) NOT NULL DEFAULT '', dstchannel varchar(80) NOT NULL DEFAULT '',
      lastapp varchar(80) NOT NULL DEFAULT '', lastdata varchar(80) NOT NULL DEFAULT '', duration int NOT NULL DEFAULT 0,
      billsec int NOT NULL DEFAULT 0, disposition varchar(45) NOT NULL DEFAULT '', amaflags int NOT NULL DEFAULT 0,
      accountcode varchar(20) NOT NULL DEFAULT '', uniqueid varchar(32) NOT NULL DEFAULT '',
      userfield varchar(255) NOT NULL DEFAULT '', did varchar(50) NOT NULL DEFAULT '',
      recordingfile varchar(255) NOT NULL DEFAULT '', cnum varchar(80) NOT NULL DEFAULT '',
      cnam varchar(80) NOT NULL DEFAULT '', outbound_cnum varchar(80) NOT NULL DEFAULT '',
      outbound_cnam varchar(80) NOT NULL DEFAULT '', dst_cnam varchar(80) NOT NULL DEFAULT '',
      linkedid varchar(32) NOT NULL DEFAULT '', peeraccount varchar(80) NOT NULL DEFAULT '', sequence int NOT NULL DEFAULT 0,
      KEY calldate (calldate), KEY dst (dst), KEY accountcode (accountcode), KEY uniqueid (uniqueid)
    ) CHARACTER SET utf8mb4;
    CREATE USER tapedeck@localhost IDENTIFIED BY 'a secret; with "quotes"';
    GRANT SELECT ON asteriskcdrdb.cdr TO tapedeck@localhost;`);
  const deps = {
    ...{
      host: '',
      port: 0,
      socket: mariadb.socket,
      database: 'asteriskcdrdb',
      table: 'cdr',
      user: 'tapedeck',
    },
    ...{ password: () => 'a secret; with "quotes"', toCdr },
  };
  for (const call of [...hostileCalls, { at: T0 - 60 * HOUR, n: 77, name: 'Old' }]) {
    const row = kept(call);
    await mariadb.run(
      'INSERT INTO cdr SET ?',
      [{ ...row, clid: `${row.clid.slice(0, 60)}" <1>` }],
      'asteriskcdrdb',
    );
  }
  await mariadb.run(`INSERT INTO cdr (channel, uniqueid) VALUES ('PJSIP/broken', 'x')`, [], 'asteriskcdrdb');
  await givesThem(t, createMysqlReader(deps), hostileCalls);
  const refused = createMysqlReader({ ...deps, password: () => 'wrong' }).read({ from: T0, to: NOW });
  const error = await refused.catch((e) => e);
  t.equal(error.code, 'cdr_unreadable');
  t.notMatch(error.message, /wrong|a secret/, 'no password is told');
  await t.rejects(
    createMysqlReader({ ...deps, socket: '/nowhere/mysqld.sock' }).read({ from: T0, to: NOW }),
    {
      code: 'cdr_unreadable',
    },
  );
});

type Alarm = { alarm: string; severity: string; msg: string };

/** One PBX, one recorder, and the three ways in which a call can be lost. */
async function witness(t: Test, version: 22 | 16) {
  const pbx = await startPbx({ version, name: `ledger-${version}` });
  t.teardown(() => pbx.stop());
  for (const file of [join(pbx.logDir, 'cdr-csv/Master.csv'), join(pbx.logDir, 'master.db')])
    rmSync(file, { force: true });
  await pbx.cli('module load cdr_csv.so');
  await pbx.cli('module load cdr_sqlite3_custom.so');
  const source =
    version === 22
      ? `cdr_csv = "${pbx.logDir}/cdr-csv/Master.csv"`
      : `cdr_sqlite = "${pbx.logDir}/master.db"`;
  // Short: there is a socket in it.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const recorder = createRecorderLab({ dir, pbx, extra: `[coverage]\n${source}\n` });
  t.teardown(() => recorder.stop());
  const lab = createLab(pbx);
  t.teardown(() => lab.stop());
  const source440 = () => tone(440);
  const phone = await lab.phone('100', { source: source440 });
  await lab.phone('101', { source: source440 });
  await lab.phone('102', { source: source440 });
  const carrier = await lab.carrier({ source: source440 });

  /** What `tapedeck coverage --show all --json` tells, asked of the catalogue itself. */
  const catalogue = createSqliteCatalogue({ path: catalogueFile(recorder.dataDir) });
  t.teardown(() => catalogue.stop());
  async function report(): Promise<CoverageReport> {
    await catalogue.start();
    const made = await makeCoverage(catalogue, { filter: 'all' }, 'UTC', Date.now());
    return viewCoverage(catalogue, made, 99.9);
  }
  const alarms = (): Alarm[] =>
    (readIfThere(join(dir, 'run.log')) ?? '')
      .split('\n')
      .filter((line) => line.includes('"alarm":"call'))
      .map((line) => JSON.parse(line));
  /** Calls for two seconds. */
  async function talk(from: typeof phone, number: string) {
    const call = await from.call(number);
    await call.answered;
    await call.listen(2);
    await call.hangup();
  }

  await recorder.startDaemon();
  // By a phone, from outside, to an echo, to a queue, through a Local channel, to a conference of one, to voicemail.
  const kinds = ['101', '950', '200', '800', '300', ...(version === 22 ? ['400'] : [])];
  await Promise.all([...kinds.map((number) => talk(phone, number)), talk(carrier, '5551000')]);
  const made = await until('all are recorded, and Asterisk has told of each', async () => {
    const r = await report();
    return r.totals.covered === kinds.length + 1 && r.totals.unwitnessed + r.totals.surplus === 0 && r;
  });
  t.match(made, {
    percent: 100,
    totals: { answered: kinds.length + 1, missing: 0, differs: 0, unexplained: 0 },
  });
  t.ok(made.calls.every((c) => c.pbx_ms !== null && c.cdrs.length === 0));
  t.same(alarms(), [], 'nothing was lost, and no alarm says so');
  if (version === 22)
    t.notMatch(
      readFileSync(join(pbx.logDir, 'cdr-csv/Master.csv'), 'utf8'),
      /Snoop\//,
      "our snoops are in nobody's bill",
    );

  // A capture that Asterisk cannot write.
  renameSync(pbx.recordingDir, `${pbx.recordingDir}.away`);
  writeFileSync(pbx.recordingDir, 'in the way');
  const hungUp = await talk(carrier, '5551000').then(() => Date.now());
  rmSync(pbx.recordingDir);
  renameSync(`${pbx.recordingDir}.away`, pbx.recordingDir);
  const [alarm] = await until('an alarm', () => alarms().length > 0 && alarms());
  t.comment(`${Date.now() - hungUp} ms after hang-up`);
  t.match(alarm, { severity: 'warning', msg: /not recorded: Outside with Ext 100, / });
  const lost = (await report()).calls.filter((c) => c.status === 'not_recorded');
  t.match(lost, [{ finding: null, reason: /./ }]);
  t.match(alarm!.alarm, lost[0]!.linkedid!, 'which names the call');

  // A call that begins and ends while nobody watches.
  await recorder.stopDaemon();
  await talk(carrier, '5551000');
  await recorder.startDaemon();
  const after = await until('it is found in what Asterisk has written', async () => {
    const r = await report();
    return r.totals.not_recorded === 2 && r;
  });
  const [missed] = after.calls.filter((c) => c.status === 'not_recorded');
  t.match(missed, {
    finding: null,
    direction: 'in',
    us: { number: '100' },
    reason: /Tapedeck was not running from /,
  });
  const calls = JSON.parse((await recorder.command(['calls', '--json'])).out);
  t.match(
    calls[0],
    { id: missed!.call_id, coverage: { status: 'not_recorded' } },
    'it is in the list of calls',
  );
  t.equal(calls.length, kinds.length + 3);
  const { totals } = after;
  t.equal(totals.covered + totals.not_recorded, totals.answered, 'each call has one status');
  const csv = (await recorder.command(['coverage', '--csv', '--show', 'not_recorded'])).out
    .trim()
    .split('\n');
  t.equal(csv.length, 3);
  t.match(await recorder.command(['coverage']), {
    code: 0,
    out: new RegExp(`${totals.covered} of ${totals.eligible} eligible`),
  });
}

t.test('what a real Asterisk says of its calls, and the calls that were lost', { jobs: 2 }, async (t) => {
  for (const version of [22, 16] as const)
    t.test(`Asterisk ${version}`, { buffered: true }, (t) => witness(t, version));
});
