import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { importCdrs } from '../../../daemon/app/import-cdrs.js';
import { callTime } from '../../../daemon/domain/importing/call-time.js';
import { readFileName } from '../../../daemon/domain/importing/file-name.js';
import { importedCall } from '../../../daemon/domain/importing/imported-call.js';
import type { PbxConfig } from '../../../daemon/ops/config-schema.js';
import { startMariadb } from '../../support/peers/mariadb.js';

const ZONE = 'Europe/Berlin';
const START = Date.parse('2026-03-02T09:11:12Z');

type Row = Record<string, string | number>;
/** A CDR as FreePBX keeps it: `calldate` is what the clock of the PBX showed. */
const row = (uniqueid: string, calldate: string, { src = '0301234567', ...more }: Row = {}): Row => ({
  ...{ calldate, clid: `"Ann" <${src}>`, src, dst: '101', dcontext: 'from-did-direct' },
  ...{ channel: 'PJSIP/trunk-0000000a', dstchannel: 'PJSIP/101-0000000b', lastapp: 'Dial', lastdata: '' },
  ...{ duration: 68, billsec: 60, disposition: 'ANSWERED', amaflags: 3, accountcode: '', uniqueid },
  ...{ userfield: '', did: '0309999', recordingfile: '', linkedid: uniqueid, sequence: 1 },
  ...more,
});
const id = (at: number, n: number) => `${at / 1000}.${n}`;
const [FIRST, SECOND] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map((text) => Date.parse(text)) as [
  number,
  number,
];
const QUEUE = id(START, 20);

const ROWS: Row[] = [
  row(id(START, 12), '2026-03-02 10:11:12'),
  // A queue rang two phones before the third answered: its file has the id of the call, and no row of its own.
  row(id(START, 21), '2026-03-02 10:11:12', {
    ...{
      linkedid: QUEUE,
      dst: '600',
      dcontext: 'ext-queues',
      lastapp: 'Queue',
      dstchannel: 'PJSIP/102-0000000e',
    },
    ...{ disposition: 'NO ANSWER', billsec: 0, duration: 15, channel: 'PJSIP/trunk-0000000d', sequence: 2 },
  }),
  row(id(START, 22), '2026-03-02 10:11:27', {
    ...{
      linkedid: QUEUE,
      dst: '600',
      dcontext: 'ext-queues',
      lastapp: 'Queue',
      dstchannel: 'PJSIP/103-0000000c',
    },
    ...{ channel: 'PJSIP/trunk-0000000d', sequence: 3 },
  }),
  // Clocks were set back: both calls began at 02:30.
  row(id(FIRST, 1), '2026-10-25 02:30:00', { src: '0301111111' }),
  row(id(SECOND, 2), '2026-10-25 02:30:00', { src: '0302222222' }),
  // Its name says nothing; only its CDR knows it.
  row(id(START, 40), '2026-03-02 10:20:00', {
    ...{ src: '0305555555', recordingfile: 'about the roof.wav', userfield: 'audio:about the roof.wav' },
  }),
  row('', '2026-03-02 10:30:00', { disposition: '', channel: '' }),
];

const named = (front: string, local: string, uniqueid: string) => `${front}-${local}-${uniqueid}.wav`;
/** Files, and by what they are joined to how many rows; who called; when it began, where the rows say so. */
const FILES: [path: string, by: string | null, rows: number, them: string, startedAt: number][] = [
  [named('in-0309999-0301234567', '20260302-101112', id(START, 12)), 'uniqueid', 1, '0301234567', START],
  [named('q-600-0301234567', '20260302-101112', QUEUE), 'linkedid', 2, '0301234567', START],
  [named('external-101-0301111111', '20261025-023000', id(FIRST, 1)), 'uniqueid', 1, '0301111111', FIRST],
  [named('external-101-0302222222', '20261025-023000', id(SECOND, 2)), 'uniqueid', 1, '0302222222', SECOND],
  ['about the roof.wav', 'file', 1, '0305555555', Date.parse('2026-03-02T09:20:00Z')],
  [
    named('out-0307777777-104', '20260302-111112', id(START + 3_600_000, 77)),
    null,
    0,
    '0307777777',
    START + 3_600_000,
  ],
];

async function joined(cdrsAt: ReturnType<typeof importCdrs>, path: string) {
  const name = readFileName(path);
  const written = { writtenAt: Date.parse('2026-03-02T09:21:00Z'), durationMs: 60_000 };
  const time = callTime(name, ZONE, written);
  const match = (await cdrsAt(time.startedAt))(path, name, time.startedAt);
  const call = importedCall({
    ...{ id: 'CALL', pbx: '', name, time, match, durationMs: 60_000, trunkContexts: ['from-did-direct'] },
  });
  return { match, call, time };
}

async function isJoined(t: Test, cdrsAt: ReturnType<typeof importCdrs>, without: string[] = []) {
  for (const [path, by, rows, them, startedAt] of FILES) {
    if (without.includes(by ?? '')) continue;
    const { match, call, time } = await joined(cdrsAt, path);
    t.match(
      { by: match.by, rows: match.cdrs.length, several: match.several },
      { by, rows, several: false },
      path,
    );
    t.equal(call.them.number, them, path);
    t.equal(call.startedAt, startedAt, path);
    t.not(time.note, 'ambiguous', 'a uniqueid knows which 02:30 it was');
  }
}

t.test('files are joined to the CDRs of a real MariaDB, as FreePBX keeps them', async (t) => {
  const mariadb = await startMariadb();
  t.teardown(() => mariadb.stop());
  const text = (name: string, size: number) => `${name} varchar(${size}) NOT NULL DEFAULT ''`;
  await mariadb.run(`CREATE DATABASE asteriskcdrdb; USE asteriskcdrdb; SET sql_mode = '';
    CREATE TABLE cdr (calldate datetime NOT NULL DEFAULT '0000-00-00 00:00:00', ${text('clid', 80)}, ${text('src', 80)},
      ${text('dst', 80)}, ${text('dcontext', 80)}, ${text('channel', 80)}, ${text('dstchannel', 80)}, ${text('lastapp', 80)},
      ${text('lastdata', 80)}, duration int NOT NULL DEFAULT 0, billsec int NOT NULL DEFAULT 0, ${text('disposition', 45)},
      amaflags int NOT NULL DEFAULT 0, ${text('accountcode', 20)}, ${text('uniqueid', 32)}, ${text('userfield', 255)},
      ${text('did', 50)}, ${text('recordingfile', 255)}, ${text('linkedid', 32)}, sequence int NOT NULL DEFAULT 0,
      KEY calldate (calldate), KEY uniqueid (uniqueid));
    INSERT INTO cdr (channel, uniqueid) VALUES ('PJSIP/broken', 'x')`);
  for (const one of ROWS) await mariadb.run('INSERT INTO cdr SET ?', [one], 'asteriskcdrdb');
  const file = join(t.testdir(), 'password');
  writeFileSync(file, '\n');
  const section = {
    id: '',
    cdr_mysql: {
      ...{ host: '127.0.0.1', port: 3306, socket: mariadb.socket, database: 'asteriskcdrdb', table: 'cdr' },
      ...{ user: 'root', password_file: file },
    },
  } as PbxConfig;
  const order = { cdr: 'configured', zone: ZONE, region: 'DE' };
  await isJoined(t, importCdrs(order, section));
  const { call } = await joined(importCdrs(order, section), FILES[1]![0]);
  t.match(call, { queue: '600', direction: 'in' });
  t.ok(
    call.legs.some(({ party, upAt }) => party.number === '103' && upAt !== null),
    'who answered at last took part',
  );
  await mariadb.run('DROP TABLE cdr', [], 'asteriskcdrdb');
  await t.rejects(joined(importCdrs(order, section), FILES[0]![0]), { code: 'cdr_unreadable' });
});

t.test('and to those of an SQLite database, of any of the ways to keep one', async (t) => {
  const dir = t.testdir();
  const made = (name: string, columns: string[]) => {
    const path = join(dir, name);
    const db = new Database(path);
    db.exec(`CREATE TABLE cdr (AcctId INTEGER PRIMARY KEY, ${columns.join(', ')})`);
    const names = columns.map((column) => `@${column}`).join(', ');
    for (const one of ROWS) db.prepare(`INSERT INTO cdr (${columns.join(', ')}) VALUES (${names})`).run(one);
    db.close();
    return importCdrs({ cdr: path, zone: ZONE, region: 'DE' }, { id: '' } as PbxConfig);
  };
  await isJoined(t, made('all.db', Object.keys(ROWS[0]!)));
  // cdr_sqlite3_custom.conf as Asterisk ships it: without numbers, linkedid and recordingfile.
  const shipped = [
    ...[
      'calldate',
      'clid',
      'dcontext',
      'channel',
      'dstchannel',
      'lastapp',
      'lastdata',
      'duration',
      'billsec',
    ],
    ...['disposition', 'amaflags', 'accountcode', 'uniqueid', 'userfield'],
  ];
  await isJoined(t, made('cdr.db', shipped), ['linkedid', 'file']);
});
