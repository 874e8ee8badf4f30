import type { Db } from '../../../daemon/catalogue/sqlite/db.js';
import {
  type AuditEvent,
  digestOfText,
  EMPTY,
  entryText,
  type Head,
  linked,
} from '../../../daemon/domain/assurance/audit.js';

/** One call each half minute: a million of them are a year. */
export const EVERY_MS = 31_500;
export const BEGAN = Date.UTC(2025, 0, 1);
export const EXTENSIONS = 120;
const QUEUES = ['sales', 'support', 'billing', 'orders', 'returns'];
/** People and tokens that the audit log tells of. */
const ACTORS = 40;
/** So many calls at once: between two of them the log of SQLite is written back. */
const AT_ONCE = 50_000;

/** When call `i` began, in ms since 1970. */
export const startOf = (i: number): number => BEGAN + i * EVERY_MS;
export const callId = (i: number): string => `C${String(i).padStart(10, '0')}`;
export const recordingId = (i: number): string => `R${String(i).padStart(10, '0')}`;

/**
 * Fills a catalogue with so many calls as a site of 120 extensions and five queues has them: nine of ten answered and recorded, one in
 * twenty excluded, one in 500 with a gap; 80,000 numbers outside, each call reached by extension, queue and DID, heard on both sides,
 * compared with the PBX's account, and a third as many entries of the audit log. `told` gets how many are written.
 */
export function fillSite(db: Db, calls: number, told: (done: number) => void = () => {}): void {
  db.pragma('synchronous = OFF');
  const queues = `json_extract('${JSON.stringify(QUEUES)}', '$[' || (i % ${QUEUES.length}) || ']')`;
  const at = `(${BEGAN} + i * ${EVERY_MS})`;
  const number = `('+4930' || (1000000 + i * 7919 % 80000))`;
  const extension = `CAST(100 + i * 31 % ${EXTENSIONS} AS TEXT)`;
  const name = `('Caller ' || (i * 7919 % 80000))`;
  const answered = 'i % 10 <> 0';
  const recorded = `(${answered} AND i % 20 <> 1)`;
  const text = [
    `INSERT INTO calls SELECT printf('C%010d', i), json_array('1700' || i || '.1'), CASE i % 3 WHEN 0 THEN 'out' ELSE 'in' END, ${at},
      iif(${answered}, ${at} + 6000, NULL), ${at} + 186000, iif(${answered}, 'answered', 'no_answer'),
      json_object('number', ${number}, 'name', ${name}, 'ours', json('false')),
      json_object('number', ${extension}, 'name', 'Desk ' || ${extension}, 'ours', json('true')), ${extension}, '0305550' || (i % 10),
      iif(i % 3, ${queues}, ''), CASE WHEN NOT ${answered} THEN 'none' WHEN NOT ${recorded} THEN 'excluded' WHEN i % 500 = 7 THEN 'partial' ELSE 'recorded' END,
      '', iif(${answered} AND NOT ${recorded}, 'Private lines', NULL), iif(i % 500 = 7, 9000, 0), '[]', '[]',
      ${queues} || char(10) || lower(${name}) || char(10) || 'desk ' || ${extension} || char(10) || ${number} || char(10)
        || substr(${number}, 2) || char(10) || ${extension} || char(10) || '0305550' || (i % 10),
      NULL, 0, NULL, '', NULL, NULL, NULL, NULL FROM n`,
    `INSERT INTO call_reach SELECT 'extension', ${extension}, ${at}, printf('C%010d', i) FROM n`,
    `INSERT INTO call_reach SELECT 'queue', ${queues}, ${at}, printf('C%010d', i) FROM n WHERE i % 3`,
    `INSERT INTO call_reach SELECT 'did', '0305550' || (i % 10), ${at}, printf('C%010d', i) FROM n`,
    `INSERT INTO recordings (id, of_id, call_id, state, duration_ms, plain_bytes, sealed_bytes, plain_sha256, sealed_sha256, file,
        sealed_at, left_db, right_db, keep_until, keep_rule, keep_reason, quality_flags)
      SELECT printf('R%010d', i), printf('R%010d', i), printf('C%010d', i), 'sealed', 180000, 540000, 540500, printf('%064d', i),
        printf('%064d', i), printf('recordings/R%010d.age', i), ${at} + 190000, -20, -20,
        CASE i % 4 WHEN 0 THEN NULL ELSE ${at} + 315360000000 END, 'rule ' || (i % 4), '', iif(i % 40 = 3, 'echo', '')
      FROM n WHERE ${recorded}`,
    `INSERT INTO ears SELECT printf('R%010d', i), 'us', 'extension', ${extension}, ${at}, iif(i % 40 = 3, 'echo', '') FROM n WHERE ${recorded}`,
    `INSERT INTO ears SELECT printf('R%010d', i), 'them', 'line', 'provider', ${at}, '' FROM n WHERE ${recorded}`,
    `INSERT INTO seal_checks SELECT printf('R%010d', i), ${at} + 190000, 1, NULL, NULL FROM n WHERE ${recorded}`,
    `INSERT INTO accounts SELECT 'A' || i, printf('C%010d', i), '1700' || i || '.1', ${at}, iif(${answered}, ${at} + 6000, NULL), ${at} + 186000,
        ${number}, ${extension}, '', 0, '' FROM n`,
  ];
  const slice = db.transaction((from: number, to: number) => {
    for (const sql of text)
      db.prepare(
        sql.replace(
          /^(INSERT INTO \w+(?: \([^)]*\))?)/,
          '$1 WITH RECURSIVE n (i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)',
        ),
      ).run(from, to);
    fillAudit(db, Math.floor(from / 3), Math.floor(to / 3));
  });
  for (let from = 0; from < calls; from += AT_ONCE) {
    slice(from, Math.min(calls, from + AT_ONCE));
    told(Math.min(calls, from + AT_ONCE));
  }
  db.exec("INSERT OR IGNORE INTO cdr_sources VALUES ('', 'ledger', 0, NULL, NULL, 0, '')");
  db.pragma('wal_checkpoint(TRUNCATE)');
}

/** Entries of people who listened to calls, after those that are there. */
function fillAudit(db: Db, from: number, to: number): void {
  const add = db.prepare('INSERT INTO audit (seq, entry, hash) VALUES (?, ?, ?)');
  const last = db.prepare(
    'SELECT seq AS size, lower(hex(hash)) AS hash FROM audit ORDER BY seq DESC LIMIT 1',
  );
  let head = (last.get() as Head | undefined) ?? EMPTY;
  for (let i = from; i < to; i += 1) {
    const actor = `person-${i % ACTORS}`;
    const event: AuditEvent = {
      ...{ action: i % 50 === 0 ? 'sign_in' : 'play', actor: 'person', actor_id: actor },
      ...{ actor_name: `Person ${i % ACTORS}`, address: '192.0.2.7' },
      ...{ at: new Date(startOf(i * 3)).toISOString(), detail: { recording: recordingId(i * 3) } },
      ...{ object: 'call', object_id: callId(i * 3), outcome: i % 200 === 0 ? 'refused' : 'ok', reason: '' },
    };
    const seq = head.size + 1;
    const text = entryText({ ...event, seq });
    head = { size: seq, hash: linked(head.hash, digestOfText(text)) };
    add.run(seq, text, Buffer.from(head.hash, 'hex'));
  }
}
