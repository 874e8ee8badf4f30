import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { BadRow } from '../../../daemon/catalogue/catalogue.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { times } from '../../../daemon/domain/days.js';
import { errors } from '../../../daemon/domain/error.js';
import { type KeptAlarm, raised } from '../../../daemon/domain/operations/alarm.js';
import { ALARMS, type NewAlarmWhy, toAlarmWhy } from '../../../daemon/domain/operations/alarm-codes.js';
import { alarmInWords } from '../../../daemon/domain/operations/alarm-words.js';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { channel, open, pbx } from '../../support/alerts.js';
import { until } from '../../support/recorder.js';

const T0 = Date.UTC(2026, 0, 5, 9, 0, 0);
const say = times('Europe/Berlin');
const REFUSED = /^(the params of "\w+" are others|the code ".*" is not known)$/;
const room = { of: 'The disk of /x', fault: null, files: null, free: 3e6, reserve: 1e9 };
const away = { error: 'pbx_unreachable', detail: 'ECONNREFUSED.' };
const ofAda = { name: 'Ada', factor: 'laptop', by: null, counts: null };
const many = because('many_due', { due: 5, total: 10, percent: 20 });

/** Every code with examples, what its message says, and its hint where that depends on the params. */
const EXAMPLES: {
  [C in NewAlarmWhy['code']]: [Extract<NewAlarmWhy, { code: C }>['params'], RegExp, RegExp?][];
} = {
  pbx_link: [
    [
      { link: 'ari', ...away },
      /^Tapedeck cannot see the calls on the PBX.* is not responding\. ECONNREFUSED\.$/,
      /Check/,
    ],
    [{ link: 'ami', ...away }, /^The PBX is not reporting queues/],
    [{ link: 'ari', error: 'of_a_later_version', detail: '' }, /of_a_later_version/, /^$/],
  ],
  pbx_down: [
    [{ error: null }, /^The PBX is not responding: new/, /http\.conf/],
    [{ error: 'pbx_refused' }, /^The PBX is not responding: new/, /^Compare ari\.conf/],
  ],
  pbx_ari_down: [[{ error: null }, /over ARI/, /http\.conf/]],
  pbx_ami_down: [[{ error: null }, /over AMI/, /manager\.conf/]],
  pbx_removed: [
    [{ id: 'warehouse', open: 1, waiting: 0 }, /no PBX "warehouse" any more, and a call of it is unfinished/],
    [{ id: 'warehouse', open: 1, waiting: 2 }, /and 3 calls of it are/, /id = "warehouse"/],
  ],
  need_missing: [[{ check: 'ffmpeg', says: 'No.', todo: 'Mend it.' }, /^No\.$/, /^Mend it\.$/]],
  pbx_clock: [
    [{ ms: 5_000, pbx: { id: 'warehouse', name: 'Warehouse' } }, /^Warehouse: The PBX's clock is/],
    [{ ms: -5_000 }, /^The PBX's clock is about 5 seconds behind this machine's\.$/],
    [{ ms: 5_000 }, /^The PBX's clock is about 5 seconds ahead of this machine's\.$/],
  ],
  pbx_starved: [[{}, /short of processor time/]],
  clock_moved: [
    [{ ms: 3_600_000 }, /moved forward by about 1 hour while/],
    [{ ms: -3_600_000 }, /moved back by about 1 hour while/],
  ],
  event_loop_slow: [[{}, /slow to react/]],
  mask_timed_out: [[{}, /ended by itself/]],
  capture_silent: [[{}, /no audio arrives/]],
  mask_leaked: [[{ call: '01ARZ3NDEKTSV4RRFFQ69G5FAV' }, /while call 01ARZ3NDEKTSV4RRFFQ69G5FAV was masked/]],
  telling_failed: [
    [
      { call: 'C', strict: true, ...away },
      /^The people on call C could not be told.*: it is not recorded\. /,
    ],
    [{ call: 'C', strict: false, ...away }, /could not be told that it is recorded\. /],
  ],
  captures_fail: [[{}, /could not be captured/]],
  mask_failed: [
    [
      { call: '01ARZ3NDEKTSV4RRFFQ69G5FAV', at: Date.UTC(2026, 0, 5, 9), ms: 4_100 },
      /^Masked audio was written to disk: 4\.1 s of the call of 2026-01-05 10:00:00.*while its recording was masked/,
      /Treat what was said then/,
    ],
  ],
  prompt_not_found: [
    [
      { call: '01ARZ3NDEKTSV4RRFFQ69G5FAV', at: Date.UTC(2026, 0, 5, 9), prompts: 1 },
      /^An announcement is missing from the recording of the call of 2026-01-05 10:00:00 \(01ARZ3NDEKTSV4RRFFQ69G5FAV\): the PBX reported/,
      /Listen to the recording/,
    ],
    [
      { call: '01ARZ3NDEKTSV4RRFFQ69G5FAV', at: 0, prompts: 2 },
      /^2 announcements are missing from the recording/,
      /Listen to the recording/,
    ],
  ],
  silent_side: [
    [{ kind: 'extension', name: '101' }, /^No sound from extension 101:/],
    [{ kind: 'line', name: 'trunk' }, /^No sound from the line trunk:/],
    [{ kind: 'line', name: '' }, /^No sound from the outside line:/],
  ],
  test_call_fault: [
    [
      { fault: 'silent', detail: '-90 dB.' },
      /^A test call failed.*silent\.$/,
      /extensions\.conf\. \(-90 dB\.\)$/,
    ],
  ],
  test_call_not_set_up: [
    [{ fault: 'dialplan', detail: 'x' }, /^Test calls cannot be made\. The PBX has no/, /\(x\)$/],
  ],
  test_call_failed: [[{}, /last test call failed/]],
  foreign_test_calls: [
    [{ calls: 1, call: 'C1' }, /^Call C1 is marked /],
    [{ calls: 2, call: 'C1' }, /^2 calls, such as C1, are marked /],
  ],
  recordings_taken: [
    [{ name: 'Ada', hourly: 600 }, /^Ada opened more recordings .*: over 600 an hour\./, /audit log/],
    [{ name: null, hourly: 5000 }, /^More recordings .*: over 5000 an hour by all users together\./],
  ],
  approval_alone: [
    [
      { act: 'erase', name: 'Ada', at: 0 },
      /^Ada asked to erase recordings, and there is no second person .* from 1970-01-01/,
      /tapedeck approvals withdraw/,
    ],
  ],
  factors_changed: [
    [
      { name: 'Ada', change: 'passkey_added', factor: 'laptop', by: null, counts: 0 },
      /^The passkey "laptop" was added to the account of Ada\. It counts for approvals from 1970-01-01/,
      /tapedeck user factors NAME --since DAY/,
    ],
    [
      { name: 'Ada', change: 'all_removed', factor: '', by: 'root', counts: null },
      /^All second factors of Ada were removed by root on the command line\.$/,
      /who has root/,
    ],
    [{ ...ofAda, change: 'app_added' }, /^An authenticator app was added to the account of Ada\.$/],
    [{ ...ofAda, change: 'app_replaced' }, /^The authenticator app of Ada was replaced/],
    [{ ...ofAda, change: 'app_removed' }, /^The authenticator app of Ada was removed\.$/],
    [{ ...ofAda, change: 'passkey_removed' }, /^The passkey "laptop" of Ada was removed\.$/],
    [{ ...ofAda, change: 'codes_made' }, /^New recovery codes were created for the account of Ada\.$/],
    [{ ...ofAda, change: 'some_removed' }, /^Second factors of Ada were removed \(laptop\)\.$/],
  ],
  approver_new: [
    [{ name: 'Ben', by: 'Ada' }, /^Ada gave Ben the permission to approve/, /tapedeck user disable NAME/],
  ],
  preserve_behind: [[{}, /long to process/]],
  processor_short: [
    [
      { calls: 3, since: T0 },
      /^Recordings have waited 2 hours .*: 3 waiting, the oldest since \S/,
      /one at a time/,
    ],
  ],
  preserve_failed: [
    [
      { error: 'ffmpeg_missing', minutes: 10 },
      /recordings\. ffmpeg cannot be started\.$/,
      /every 10 minutes\. Install it/,
    ],
  ],
  spool_denied: [
    [{ calls: 1, error: 'spool_denied', detail: 'a.wav.' }, /^A call is waiting .* a\.wav\.$/, /mode 2770/],
    [{ calls: 3, error: 'spool_denied', detail: 'a.wav.' }, /^3 calls are waiting /],
    [{ calls: 1, error: 'spool_failing', detail: 'a.wav.' }, /^A call is waiting /, /dmesg/],
  ],
  spool_left: [
    [{ files: 1, error: 'spool_denied', detail: 'a.wav.' }, /unencrypted in Asterisk's spool\. a\.wav\.$/],
    [
      { files: 3, error: 'pbx_failed', detail: '' },
      /The PBX refused a request\. And 2 more\.$/,
      /detail says/,
    ],
  ],
  spool_strange: [
    [
      { files: 2, file: '/s/a.wav', refusal: { kind: 'several_names', links: 2, owner: 1, folder: 1 } },
      /leaves it alone\. \/s\/a\.wav: it has 2 names .*\. And 1 more\.$/,
      /samefile/,
    ],
    [
      { files: 1, file: '/s/a.wav', refusal: { kind: 'other_owner', links: 1, owner: 7, folder: 1 } },
      /user 7, but the folder belongs to user 1\.$/,
      /chown/,
    ],
    [
      { files: 1, file: '/s/a.wav', refusal: { kind: 'not_plain', links: 1, owner: 1, folder: 1 } },
      /it is not a plain file/,
      /Find out who/,
    ],
  ],
  spool_unknown: [
    [{ files: 1, file: 'tapedeck-x', until: 1_700_000_000_000 }, /no known call: tapedeck-x\.$/],
  ],
  spool_rights: [
    [{ dir: '/s', fault: 'EACCES' }, /spool \/s \(EACCES\)/, /"chmod 2770 \/s"/],
    [{ dir: '/s', fault: 'EROFS_UNIT' }, /spool \/s/, /^Run "systemctl edit tapedeck".*ReadWritePaths=/],
  ],
  recording_damaged: [
    [
      { recordings: 1, named: [{ call: 'C1', fault: 'It was cut.' }] },
      /^A recording failed the integrity check\. Call C1: It was cut\.$/,
    ],
    [
      { recordings: 3, named: [{ call: 'C1', fault: 'It was cut.' }] },
      /^3 recordings failed .* And 2 more: see "tapedeck/,
    ],
  ],
  recording_stray: [
    [
      {
        files: 4,
        named: [
          { file: 'a.age', recording: null },
          { file: 'b.age', recording: 'R1' },
        ],
      },
      /: a\.age, b\.age \(that of recording R1\) and 2 more\.$/,
    ],
  ],
  foreign_erasing: [
    [
      { recordings: 1, named: [{ recording: 'R1', call: 'C1' }] },
      /^A recording is .*: R1 of call C1\. Tapedeck/,
    ],
    [
      { recordings: 3, named: [{ recording: 'R1', call: 'C1' }] },
      /^3 recordings are .*: R1 of call C1 and 2 more\./,
    ],
  ],
  retention_overdue: [
    [
      { recordings: 1, since: 0 },
      /^1 recording has been due for more than 3 days and is not erased; the oldest since 1970/,
      /retention page/,
    ],
    [{ recordings: 12, since: 0 }, /^12 recordings have been due/],
  ],
  foreign_redaction: [
    [
      { recordings: 1, named: ['R3'] },
      /orders a redaction that .* of recording R3\. .* carry it out\.$/,
      /as they were/,
    ],
    [{ recordings: 5, named: ['R1', 'R2', 'R3'] }, /orders 5 redactions .* carry them out\.$/],
  ],
  foreign_erased: [
    [
      { recordings: 1, named: ['R3'] },
      /^A recording is marked .* the key is still in keys\.db: R3\. .* a restore keeps it\.$/,
      /Keep a copy/,
    ],
    [{ recordings: 5, named: ['R1', 'R2', 'R3'] }, /^5 recordings are marked/],
  ],
  certificate_refused: [
    [
      { recordings: 1, named: [{ recording: 'R3', call: 'C3', fault: 'key_present' }] },
      /^catalogue\.db lists a recording as erased.*of it: R3 of call C3: its key is still in keys\.db\.$/,
      /^Tapedeck certifies only what .* Keep a copy of catalogue\.db/,
    ],
    [
      {
        recordings: 12,
        named: [
          {
            ...{ recording: '01ARZ3NDEKTSV4RRFFQ69G5FAV', call: '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
            fault: 'no_intent',
          },
          {
            ...{ recording: '01ARZ3NDEKTSV4RRFFQ69G5FAW', call: '01ARZ3NDEKTSV4RRFFQ69G5FAW' },
            fault: 'never_sealed',
          },
        ],
      },
      /lists 12 recordings as erased/,
    ],
  ],
  certificate_forged: [[{ number: 4 }, /EC-000004 that Tapedeck did not issue/, /Keep a copy/]],
  retention_refused: [
    [
      { why: many, confirm: 'erase-5-x' },
      /safety limit stopped.* 5 of 10 .*Confirm with "erase-5-x"\.$/,
      /retention plan/,
    ],
    [{ why: many, confirm: null }, /5 of 10 .*had started before the recorder last stopped\.$/],
  ],
  signing_key_new: [[{ key: 'ab12' }, /a new one: ab12\.$/]],
  request_confirm: [
    [
      { requests: 1, number: 4, day: '2026-12-03' },
      /^1 request .* needs a confirmation .* Request 4 .* by 2026-12-03\.$/,
      /enter the day on the page/,
    ],
    [{ requests: 2, number: 4, day: '2026-12-03' }, /^2 requests .* need a confirmation of receipt\./],
  ],
  request_due: [
    [
      { requests: 1, number: 4, day: '2026-12-03' },
      /^1 request .* has to be .* Request 4 .* by 2026-12-03\./,
      /extend/,
    ],
    [{ requests: 2, number: 4, day: '2026-12-03' }, /^2 requests .* have to be answered within 7 days\./],
  ],
  request_overdue: [
    [
      { requests: 1, number: 4, day: '2026-12-03' },
      /^1 request .* is overdue\. Request 4 .* by 2026-12-03\./,
    ],
    [{ requests: 2, number: 4, day: '2026-12-03' }, /^2 requests .* are overdue\./, /"Requests"/],
  ],
  call_missed: [
    [
      {
        from: 'Ada',
        to: '',
        at: T0,
        ms: 30_400,
        why: because('unwatched', { from: T0, until: T0 + 1_000, why: null }),
      },
      /: Ada with unknown, 2026-01-05 10:00:00, 30 s\. The link .* 2026-01-05 10:00:00 to 2026-01-05 10:00:01\.$/,
    ],
    [{ from: '', to: '7', at: T0, ms: 0, why: null }, /: unknown with 7, /],
  ],
  calls_missed: [
    [{ calls: 1 }, /^1 more answered call was/],
    [{ calls: 2 }, /^2 more answered calls were/],
  ],
  cdr_silent: [
    [{ since: T0 }, /no CDRs since 2026-01-05 10:00:00,/, /cdr\.conf/],
    [{ since: null }, /has never sent a CDR,/],
  ],
  cdr_source: [[{ source: 'Master.csv' }, /from Master\.csv\.$/]],
  cdr_journal: [[{ file: '/j', detail: 'EIO' }, /to \/j\. EIO$/]],
  audit_chain: [
    [
      { entry: 17, fault: 'altered' },
      /Entry 17 differs from what was written\. The log is no longer being signed\.$/,
    ],
  ],
  audit_checkpoint: [
    [{ error: null }, /could not be signed/, /^The log of the recorder/],
    [{ error: 'disk_full' }, /could not be signed/, new RegExp(errors.disk_full.hint.slice(0, 20))],
  ],
  catalogue_fails: [[{}, /cannot be read or written/]],
  upgrade_failed: [
    [
      { error: 'disk_full', detail: 'x.' },
      /^The upgrade of the catalogue failed: .*x\. Calls are recorded/,
      /upgrade back/,
    ],
  ],
  catalogue_damaged: [
    [{ file: '/c.db', error: 'catalogue_damaged', detail: 'x.' }, /^\/c\.db cannot be written\. .*x\.$/, /./],
  ],
  dashboard_restarted: [
    [
      { file: '/c.db', seconds: 6, lock: 'let_go' },
      /^The dashboard was restarted: \/c\.db had been locked for 6 s,/,
      /taken over the dashboard/,
    ],
    [
      { file: '/c.db', seconds: 36, lock: 'held' },
      /\/c\.db is still locked: another program holds it\./,
      /lslocks.*systemctl stop tapedeck-web/,
    ],
  ],
  catalogue_rows: [
    [
      { rows: 1, named: [{ table: 'calls', key: 'B', fault: 'no' }] },
      /^A row in .* is left out: calls B \(no\)\.$/,
    ],
    [
      { rows: 3, named: [{ table: 'calls', key: 'B', fault: 'no' }] },
      /^3 rows .* are left out: .*, and 2 more\.$/,
    ],
  ],
  catalogue_policy: [[{ version: 7, fault: 'no' }, /^Version 7 of the policy cannot be read: no\./]],
  catalogue_schema: [[{ faults: ['A.', 'B.'] }, /recordings\. A\. B\.$/]],
  recorder_not_started: [
    [
      { error: 'data_absent', detail: 'Nothing of Tapedeck is in /d.' },
      /no call is being recorded\. The data directory is empty.*is in \/d\./,
      /mount it/,
    ],
  ],
  catalogue_empty: [
    [{ catalogue: '/c.db', keys: '/k.db', recordings: 3 }, /^\/c\.db .* \/k\.db .* 3 recordings/],
  ],
  keys_were_open: [[{ file: '/k.db' }, /could read the keys .*\(\/k\.db\)/, /keys rotate/]],
  data_strange: [[{ files: 3, named: ['/a', '/b'] }, /did not put there: \/a, \/b and 1 more\.$/]],
  backup_locked: [[{ place: '/mnt/nas' }, /\/mnt\/nas does not allow/, /docs\/operate\/backup\.md/]],
  backup_failed: [
    [
      { what: 'backup', error: 'disk_full', detail: '' },
      /^The backup failed; the backups before/,
      /backup create/,
    ],
    [{ what: 'check', error: 'backup_target', detail: '/x.' }, /could not be checked\. .*\/x\.$/],
    [
      { what: 'keys', error: 'backup_target', detail: '/x.' },
      /^The keys of old backups could not be destroyed/,
    ],
    [{ what: 'list', error: 'of_a_later_version', detail: '' }, /would not know of the latest ones/],
  ],
  backup_overdue: [
    [{ since: null }, /never|ever made/],
    [{ since: T0 }, /2026/, /backup create/],
  ],
  backup_damaged: [
    [{ backup: 'B1', faults: 1, first: 'a is missing.' }, /^Backup B1 is damaged: a is missing\.$/],
    [{ backup: 'B1', faults: 2, first: 'a is missing.' }, /2 faults, the first: a is missing\.$/],
  ],
  backup_unchecked: [
    [{ since: null }, /ever read again/],
    [{ since: T0 }, /2026/, /backup check/],
  ],

  drill_failed: [
    [
      { backup: 'B1', faults: 1, first: 'a is missing.' },
      /^The restore drill of backup B1 found a fault: a is missing\.$/,
    ],
    [{ backup: 'B1', faults: 2, first: 'a is missing.' }, /2 faults, the first: a is missing\.$/],
  ],
  drill_overdue: [
    [{ since: null }, /^No restore drill has ever succeeded/],
    [{ since: T0 }, /2026/, /backup drill/],
  ],
  disk_full: [
    [{ disk: 'data', room }, /^The disk of \/x has 3 MB free.* Recordings cannot be stored there\.$/],
    [{ disk: 'spool', room }, /Calls are not recorded/, /^Free some space/],
    [
      { disk: 'data', room: { ...room, fault: 'EROFS' } },
      /is read-only \(EROFS\)/,
      /disk error: see "dmesg"/,
    ],
    [
      { disk: 'data', room: { ...room, fault: 'EROFS_UNIT' } },
      /is writable, but not for the recorder: .* ReadWritePaths=/,
      /^Run "systemctl edit tapedeck"/,
    ],
  ],
  disk_reserve: [[{ room }, /^The disk of \/x has 3 MB free; the reserve is 1 GB\.$/]],
  disk_low: [[{}, /full soon/]],
  disk_slow: [[{ dir: '/x' }, /^The disk of \/x takes/]],
  disk_stalled: [[{ data: '/x', spool: '/y' }, /^The disk of \/x or \/y is not/]],
  archive_unreachable: [
    [
      { recordings: 1, detail: '/mnt is not marked.' },
      /: 1 recording in it .* \/mnt is not marked\.$/,
      /findmnt/,
    ],
    [{ recordings: 2, detail: '' }, /: 2 recordings in it/],
  ],
  archive_unwritable: [
    [{ directory: '/mnt', fault: 'EROFS' }, /^The archive \/mnt .* \(EROFS\)/, /ReadWritePaths/],
  ],
  archive_full: [[{ directory: '/mnt', free: 1e6, reserve: 2e6 }, /^The archive \/mnt has 1 MB free; 2 MB/]],
  archive_fails: [
    [{ directory: '/mnt', recording: 'R1', detail: 'No.' }, /^Recording R1 .* \/mnt\. No\.$/, /archive run/],
  ],
  alerts_undelivered: [[{ channel: 'mail', detail: 'No.' }, /by mail\. No\.$/, /alert test/]],
  checkpoints_undelivered: [[{ channel: 'syslog', detail: 'No.' }, /by syslog\. No\.$/]],
  mailing_failed: [
    [
      { report: 'Retention', detail: 'No.', over: false },
      /^The retention report .*: No\.$/,
      /^It is tried again/,
    ],
    [{ report: 'Retention', detail: 'No.', over: true }, /could not be sent/, /three days/],
  ],
  mailing_stopped: [[{ report: 'Access', detail: 'No.' }, /no longer sent by email: No\.$/, /"Reports"/]],
};
const examples = Object.entries(EXAMPLES).flatMap(([code, list]) =>
  (list as [object, RegExp, RegExp?][]).map(([params, message, hint = /./]) => ({
    why: { code, params } as NewAlarmWhy,
    message,
    hint,
  })),
);

const kept = (key: string, why: KeptAlarm['why']): KeptAlarm => ({
  ...{ key, severity: 'warning', why, raisedAt: T0, clearedAt: null },
  ...{ toldAt: null, toldAs: null, returns: 0, lastsUntil: null, lastsMs: null, done: false },
});

async function opened(t: Test, path: string) {
  const bad: BadRow[] = [];
  const catalogue = createSqliteCatalogue({ path, onBadRow: (row) => void bad.push(row) });
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const db = new Database(path);
  t.teardown(() => db.close());
  return { catalogue, db, bad };
}

t.test('every code has its words, and is read as it was written', async (t) => {
  t.same(Object.keys(EXAMPLES).toSorted(), Object.keys(ALARMS).toSorted());
  const { catalogue, bad } = await opened(t, catalogueFile(t.testdir({})));
  for (const [n, { why, message, hint }] of examples.entries()) {
    const words = alarmInWords(why, say);
    t.match(words, { message, hint }, why.code);
    t.ok(words.message.length <= 400 && words.hint.length <= 400, why.code);
    await catalogue.alarms.save(kept(`k${String(n).padStart(3, '0')}`, why));
  }
  t.same(
    (await catalogue.alarms.open()).map((a) => a.why),
    examples.map((e) => e.why),
  );
  t.same(bad, []);
});

t.test('nothing that a peer says makes an alarm longer than its limits', async (t) => {
  const why = { code: 'cdr_journal' as const, params: { file: '😀'.repeat(300), detail: 'x'.repeat(9_000) } };
  const alarm = raised(undefined, 'k'.repeat(500), { severity: 'warning', why }, T0);
  t.ok(JSON.stringify(alarm).length < 1_500);
  t.ok(JSON.stringify(alarm).isWellFormed());
  t.equal(alarmInWords(alarm.why).message.length, 400);
});

t.test('what no version can have written is refused, and the others are read', async (t) => {
  const { catalogue, db, bad } = await opened(t, catalogueFile(t.testdir({})));
  const wrong = [
    { code: 'nothing_like_it', params: {} },
    { code: 'toString', params: {} },
    { code: 'busy', params: { ms: 3 } },
    { code: 'text', params: { message: 'An earlier version had no codes.', hint: '' } },
    { code: 'disk_slow' },
    { code: 'disk_slow', params: {} },
    { code: 'disk_slow', params: { dir: 7 } },
    { code: 'disk_slow', params: { dir: '/x', message: 'A sentence.' } },
    { code: 'disk_slow', params: { dir: '/x' }, hint: 'A sentence.' },
    { code: 'pbx_starved', params: { message: 'A sentence.' } },
    { code: 'audit_chain', params: { entry: 1, fault: 'none' } },
    { code: 'cdr_silent', params: { since: 1e15 } },
    { code: 'retention_refused', params: { why: { code: 'many_due', params: {} }, confirm: null } },
    { code: 'retention_refused', params: { why: null, confirm: null, more: 1 } },
    { code: 'call_missed', params: { from: '', to: '', at: 0, ms: 0, why: { code: 'nothing', params: {} } } },
    7,
    [],
    {},
  ];
  await catalogue.alarms.save(kept('good', { code: 'disk_low', params: {} }));
  await catalogue.alarms.save(kept('bad', { code: 'disk_low', params: {} }));
  const set = db.prepare("UPDATE alarms SET why = ? WHERE key = 'bad'");
  for (const value of wrong) {
    const stored = JSON.stringify(value);
    t.throws(() => toAlarmWhy(value), REFUSED, stored);
    set.run(stored);
    t.same(
      (await catalogue.alarms.open()).map((a) => a.key),
      ['good'],
      stored,
    );
    t.match(bad.at(-1), { table: 'alarms', key: 'bad', fault: /"why" has a reason that cannot be read/ });
  }
  for (const [stored, fault] of [
    ['{broken', /"why" is not JSON/],
    [null, /"why" is missing/],
    ['null', /"why" is missing/],
  ] as const) {
    set.run(stored);
    t.equal((await catalogue.alarms.open()).length, 1);
    t.match(bad.at(-1), { key: 'bad', fault });
  }
});

t.test('sentences of a version without codes stand, are told, and stay sentences', async (t) => {
  const path = catalogueFile(t.testdir({ catalogue: {} }));
  const old = new Database(path);
  const before = migrations.findIndex((sql) => /ALTER TABLE alarms ADD COLUMN why/.test(sql));
  for (const sql of migrations.slice(0, before)) old.exec(sql);
  old.pragma(`user_version = ${before}`);
  const said = { message: 'The disk is slow.', hint: 'Look at it.' };
  const notice = { id: 'N', kind: 'raised', at: T0 };
  const alarm = { key: 'disk_slow /x', severity: 'critical', ...said, raisedAt: T0, clearedAt: null };
  old
    .prepare(
      "INSERT INTO alarms VALUES ('disk_slow /x', ?, 'critical', ?, ?, NULL, ?, 'critical', 0, NULL, 0)",
    )
    .run(T0, said.message, said.hint, T0);
  old
    .prepare("INSERT INTO deliveries VALUES ('N', 'mail', ?, ?, 1, 0, NULL, NULL, 'out of order')")
    .run(T0, JSON.stringify({ ...notice, alarms: [alarm] }));
  old.close();

  const mail = channel('mail');
  const clock = { ms: T0 + 60_000 };
  const { alert, catalogue } = await open(t, path, [mail], clock);
  const text = { code: 'text', params: said };
  t.match(alert.standing(), [{ key: 'disk_slow /x', why: text }]);
  await until('what waited', () => mail.got.length === 1);
  t.match(mail.got[0], { ...notice, alarms: [{ key: 'disk_slow /x', severity: 'critical', why: text }] });
  mail.works = false;
  alert.clear('disk_slow /x');
  clock.ms += 6_000;
  await until('its end waits', async () => (await catalogue.alarms.openDeliveries()).length === 1);
  t.match(await catalogue.alarms.openDeliveries(), [
    { notice: { kind: 'cleared', alarms: [{ why: text }] } },
  ]);

  const db = new Database(path, { readonly: true });
  t.teardown(() => db.close());
  t.match(db.prepare('SELECT message, hint, why FROM alarms').all(), [{ ...said, why: null }]);
  const waiting = db.prepare('SELECT notice FROM deliveries WHERE sent_at IS NULL').pluck().get() as string;
  t.match(JSON.parse(waiting).alarms[0], said);
  t.notMatch(waiting, /"why"|"code"/);
});

t.test('an alarm is news when its code or params change, however it is worded', async (t) => {
  const { alert, lines } = await open(t, catalogueFile(t.testdir({})), [], { ms: T0 });
  const logged = () => lines.filter((line) => /"alarm":"k"/.test(line)).length;
  alert.raise('k', pbx);
  alert.raise('k', { ...pbx, why: { code: 'pbx_down', params: { error: null } } });
  t.equal(logged(), 1);
  alert.raise('k', { ...pbx, why: { code: 'pbx_down', params: { error: 'pbx_refused' } } });
  t.equal(logged(), 2, 'though the message is the same');
  alert.raise('k', { ...pbx, severity: 'warning' });
  t.equal(logged(), 3);
});
