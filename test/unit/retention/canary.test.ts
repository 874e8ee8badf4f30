import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { createCdrJournal } from '../../../daemon/cdr/journal.js';
import { digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { newJob } from '../../../daemon/domain/operations/job.js';
import {
  catalogueFile,
  cdrJournalFile,
  keysFile,
  recordingPath,
  webFile,
} from '../../../daemon/domain/paths.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { DATABASES, fileEntryOf } from '../../../daemon/domain/personal/register.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { ANY_CALL } from '../../../daemon/domain/retention/hold.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createNamesRemoval } from '../../../daemon/recordings/retain/names.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { openStore } from '../../../web/store/store.js';
import { aNotice, anApproval, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { retaining } from '../../support/recordings/retaining.js';

/**
 * A number and a name of a caller are driven through whatever keeps something of a call. Once the recording is erased and the days
 * for names are over, no file of the data directory has them: not in a row, in an index, in the log of SQLite, or in an unused page.
 * A second pair stands where people put it, and is found exactly where the register of personal data says that it stays.
 */
const DAY = 86_400_000;
const T0 = 1_700_000_000_000;
const NOW = T0 + 40 * DAY;
const NUMBER = '+4930555017342';
const NAME = 'Zephyrine Quackenbush';
const KEPT = { number: '+4930555099881', name: 'Ottoline Featherstone' };
const FORMS = ['4930555017342', '30555017342', NAME, NAME.toLowerCase(), 'Quackenbush', 'quackenbush'];
const KEPT_FORMS = ['30555099881', 'Featherstone'];

const site = { timeZone: 'UTC', region: 'DE' };
const policy: Policy = {
  ...defaultPolicy,
  metadata_days: 5,
  retention: [{ name: 'Short', reason: '', when: {}, keep_days: 30 }],
  record: [{ name: 'Known', reason: KEPT.name, when: { number: [KEPT.number] }, outcome: 'record' }],
};

const party = { number: NUMBER, name: NAME, ours: false };
const call: CallRecord = aCall('CALL', {
  them: party,
  us: { number: '101', name: NAME, ours: true },
  ...{ startedAt: T0, dialled: NUMBER, did: NUMBER },
  legs: [{ id: 'L.1', party, endpoint: `trunk-${NAME}`, seenAt: T0, upAt: T0, goneAt: T0 + 9_000 }],
  marks: [{ atMs: 1, untilMs: null, kind: 'transfer', text: `to ${NAME} ${NUMBER}`, legId: 'L.1' }],
  facts: { account: NAME, variables: { CUSTOMER: NAME }, called: [NUMBER], sent: true, originated: false },
});
const failed = because('error', { error: 'pbx_refused', detail: `${NAME} ${NUMBER}` });
const cdr: Cdr = {
  pbx: FIRST,
  ...{ linkedid: 'L.1', uniqueid: 'L.1', channel: `Local/${NUMBER}@in-1`, peer: '', src: NUMBER, dst: '101' },
  ...{ name: NAME, context: 'in', app: 'Dial', startAt: T0, answerAt: T0, endAt: T0 + 9_000 },
  ...{ disposition: 'ANSWERED', ahead: 0 },
};

function filesIn(dir: string, of = dir): string[] {
  return readdirSync(of).flatMap((name) => {
    const path = join(of, name);
    return statSync(path).isDirectory() ? filesIn(dir, path) : statSync(path).isFile() ? [path] : [];
  });
}

/** Where any of these stands: the file, and the form that was found. */
const found = (dir: string, forms: string[]): string[] =>
  filesIn(dir).flatMap((path) => {
    const bytes = readFileSync(path);
    return forms.filter((form) => bytes.includes(form)).map((form) => `${relative(dir, path)} ${form}`);
  });

/** The columns of a database in which any of these stands. */
function columnsWith(path: string, forms: string[]): string[] {
  const db = new Database(path, { readonly: true });
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
  const columns = tables.flatMap((table) =>
    (db.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[]).flatMap((row) =>
      Object.entries(row)
        .filter(([, value]) => forms.some((form) => String(value).includes(form)))
        .map(([column]) => `${table}.${column}`),
    ),
  );
  db.close();
  return [...new Set(columns)].sort();
}

t.test('a number and a name of a call are nowhere once they were removed', async (t) => {
  const dir = t.testdir({ recordings: {}, catalogue: {}, keys: {}, recorder: {}, web: {} });
  const sqlite = createSqliteCatalogue({ path: catalogueFile(dir) });
  await sqlite.start();
  t.teardown(() => sqlite.stop());
  const catalogue = withEntries(sqlite, { clock: () => NOW, later: async () => {} });
  const keys = createKeys({ path: keysFile(dir), masterKey: new Uint8Array(32).fill(7) });
  keys.start();
  t.teardown(() => keys.stop());
  const log = createLog('silent', 'test');

  // What the recorder keeps of a call.
  const decision = { version: 1, outcome: 'record' as const, rule: null, why: failed };
  await catalogue.calls.save(call, { status: 'partial', why: failed, rule: null, missingMs: 9 }, decision);
  const segment = { callId: 'CALL', seq: 0, token: '', legId: 'L.1', inStartedAt: T0, outStartedAt: T0 };
  const rest = { mutedFrom: { in: null, out: null }, swapped: false, fed: '', state: 'captured' as const };
  await catalogue.segments.save({ ...segment, ...rest, because: failed });
  const said = { callId: 'CALL', at: T0, how: 'button' as const, who: NAME, legId: 'L.1' };
  await catalogue.directives.add({ ...said, kind: 'keep' });
  await catalogue.notices.decide({ ...aNotice('CALL'), number: NUMBER });
  await catalogue.notices.tell({ ...aPlaying('CALL'), failed });
  const { identity } = await keys.create('REC');
  const file = recordingPath('REC', T0);
  await mkdir(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), 'sealed');
  const gap = { atMs: 0, untilMs: 9, side: 'both' as const, why: failed };
  const recording = aRecording('REC', 'CALL', {
    file,
    keepUntil: T0 + 30 * DAY,
    keepRule: 'Short',
    gaps: [gap],
  });
  const text = JSON.stringify({ them: party, peaks: 1 });
  await catalogue.recordings.sealed(
    recording,
    Buffer.alloc(900, 7),
    { status: 'recorded', why: failed, rule: null, missingMs: 0 },
    {
      ...{ recordingId: 'REC', text, sha256: '', signature: '', keyId: '', madeAt: T0 },
    },
  );
  const journal = createCdrJournal({ file: cdrJournalFile(dir) });
  journal.append({ at: T0, cdr });
  await journal.sync();
  await catalogue.ledger.add([cdr], 'AMI', T0);
  const times = { startedAt: T0, answeredAt: T0, endedAt: T0 + 9_000, alone: false };
  await catalogue.ledger.saveAccounts(
    [{ ...times, id: 'CALL', callId: 'CALL', linkedid: 'L.1', pbx: FIRST, cdrs: [cdr] }],
    [],
  );
  journal.clear();
  journal.stop();

  // What is told of it.
  const missed = {
    code: 'call_missed' as const,
    params: { from: NUMBER, to: NAME, at: T0, ms: 9, why: failed },
  };
  const alarm = {
    key: 'call_missed:L.1',
    raisedAt: T0,
    severity: 'critical' as const,
    why: missed,
    clearedAt: T0 + DAY,
  };
  const kept = { toldAt: T0, toldAs: null, returns: 0, lastsUntil: null, lastsMs: null, done: true };
  await catalogue.alarms.save({ ...alarm, ...kept });
  const notice = { id: 'N', kind: 'raised' as const, at: T0, alarms: [alarm] };
  const sent = { attempts: 1, nextAt: T0, sentAt: T0, givenUpAt: null, problem: NAME };
  await catalogue.alarms.saveDelivery({ channel: 'mail', notice, ...sent });
  await catalogue.audit.append(entryOf(TAPEDECK, T0, 'search', { words: `${NAME} ${NUMBER}` }));
  await catalogue.audit.append(entryOf(TAPEDECK, T0, 'play', { object: 'call', object_id: 'CALL' }));

  // What the dashboard keeps until the recorder has it.
  const web = openStore({ path: webFile(dir), log });
  const about = { object: '', object_id: '', reason: '', detail: {} };
  const search = { at: T0, person: 'P', address: '', action: 'search' as const, outcome: 'ok' as const };
  web.telling.add([{ ...search, ...about, words: `${NAME} ${NUMBER}` }]);
  web.telling.remove(web.telling.newest());
  web.close();

  // What people put somewhere, about somebody else.
  await catalogue.policy.save(policy, 'Grace', T0, 0);
  await catalogue.lists.save({ name: 'VIP', note: KEPT.name, addedAt: T0, addedBy: 'Grace' });
  await catalogue.lists.put(
    'VIP',
    [{ number: KEPT.number, note: KEPT.name, until: null }],
    'Grace',
    T0,
    false,
  );
  const standing = { kind: 'consent' as const, ...KEPT, contact: KEPT.name, extensions: [], queues: [] };
  const { number, contact, kind, extensions, queues } = standing;
  const given = { givenAt: T0, how: KEPT.name, until: null };
  await catalogue.consents.add([{ kind, number, contact, extensions, queues, ...given }], 'Grace', T0, null);
  const query = { ...ANY_CALL, numbers: [KEPT.number] };
  const matter = { id: 'M', name: KEPT.name, reason: KEPT.name, query, openedBy: 'Grace', openedAt: T0 };
  await catalogue.holds.open(matter);
  await catalogue.holds.apply('M', 100, T0);
  const shown = { query: [KEPT.number] };
  await catalogue.approvals.ask(anApproval('A', { shown, digest: digestOfShown(shown), reason: KEPT.name }));
  await catalogue.jobs.add(newJob('J', 'recordings_check', { note: KEPT.name }, T0));
  await catalogue.audit.append(entryOf(TAPEDECK, T0, 'view', { reason: KEPT.name }));

  for (const form of FORMS) t.ok(found(dir, [form]).length > 0, `${form} is there`);
  /** A run that somebody has confirmed: nothing was recorded for a while. */
  async function run(now: number) {
    const made = retaining(catalogue);
    const retain = createRetain({
      ...{ catalogue, keys, store: createDiskStore(dir), clock: () => now, log, ...made },
      removeNames: createNamesRemoval({ catalogue, site, listsOf: () => [], log }),
    });
    return retain.run({ confirm: (await made.plan(now)).breaker.confirm });
  }
  t.match(await run(NOW), { erased: 1 });
  t.match(await catalogue.calls.get('CALL'), { them: { name: NAME } }, 'it stays for five days');
  await run(NOW + 6 * DAY);
  t.ok(await catalogue.checkpoint());
  t.same(found(dir, FORMS), [], 'not one byte of it is left');
  t.same(found(dir, [identity]), [], 'nor of the key');
  t.match(await catalogue.calls.get('CALL'), { startedAt: T0, them: { number: '', name: '' } });
  t.equal((await catalogue.ledger.rows({ from: 0, to: NOW })).items.length, 1, 'it counts as before');

  const personal = new Map<string, string>(
    DATABASES['catalogue/catalogue.db']!.flatMap(({ table, personal }) =>
      personal.flatMap((one) => one.columns.map((column) => [`${table}.${column}`, one.goes] as const)),
    ),
  );
  const stays = columnsWith(catalogueFile(dir), KEPT_FORMS);
  t.ok(stays.length > 12);
  t.same(
    stays.filter((column) => !personal.has(column)),
    [],
    'what stays is in the register',
  );
  t.same(
    stays.filter((column) => ['audio', 'call'].includes(personal.get(column)!)),
    [],
    'and nowhere that belongs to a call',
  );
  t.same(
    found(dir, KEPT_FORMS).map((at) => at.split(' ')[0]),
    ['catalogue/catalogue.db', 'catalogue/catalogue.db'],
  );
  t.same(
    filesIn(dir).filter((path) => !fileEntryOf(relative(dir, path))),
    [],
    'every file is in the register',
  );
});
