import type { Db } from '../../../daemon/catalogue/sqlite/db.js';
import type { CertificateItem } from '../../../daemon/domain/certificate/certificate.js';
import { MOST_ON_A_LIST } from '../../../daemon/domain/policy/lists/number-list.js';
import { MOST_STANDING } from '../../../daemon/domain/policy/standing/standing.js';
import type { HoldQuery } from '../../../daemon/domain/retention/hold.js';
import type { Notice } from '../../../daemon/domain/telling/notice.js';
import { BEGAN, EVERY_MS } from './busy-site.js';

/** What the tables are about that a site keeps beside its calls. */
export const LIST = 'VIP';
export const MATTER = '01JH0000000000000000000000';
/** Recordings that one run erases. */
const ON_A_CERTIFICATE = 500;

const at = `(${BEGAN} + i * ${EVERY_MS})`;
const numbers = (upTo: number) =>
  `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${upTo})`;
const text = (value: object) => `'${JSON.stringify(value)}'`;

const query: HoldQuery = {
  ...{ text: '', numbers: [], extensions: [], queues: ['sales'], dids: [], from: null, to: null },
  ...{ direction: null, pbx: null, region: '' },
};
const decision: Omit<Notice, 'callId' | 'at'> = {
  ...{ mode: 'announce', because: [{ code: 'rule', mode: 'announce' }], promptInRecording: false },
  purposeAndIdentity: false,
  ...{ beepSeconds: null, jurisdictions: [], version: 1, rule: 'Tell callers', number: '+49301234567' },
  ...{ site: { region: 'DE', subdivision: '' }, language: 'de' },
  ...{ others: [], askedSince: 0, statedIsEnough: false },
};
const prompt = {
  ...{ kind: 'announce', language: 'de', hash: 'a'.repeat(64), name: 'announce', durationMs: 4_000 },
};
const item: CertificateItem = {
  ...{ recording: '', version: 1, call: '', call_started_at: '2025-01-01T08:00:00.000Z' },
  ...{ call_ended_at: '2025-01-01T08:03:00.000Z', duration_ms: 180_000 },
  ...{ sealed_at: '2025-01-01T08:03:10.000Z', sealed_bytes: 540_500, sealed_sha256: 'b'.repeat(64) },
  ...{ manifest_sha256: 'c'.repeat(64), reason: 'It was kept until then.' },
  policy: { version: 1, rule: 'rule 1', purpose: 'Quality of service', legal_basis: 'Consent' },
  ...{
    erasure_began_at: '2025-06-01T03:00:00.000Z',
    erased_at: '2025-06-01T03:00:01.000Z',
    audit_entries: [17],
  },
  verified: { at: '2025-06-01T03:00:02.000Z', key: 'absent', file: 'absent' },
  ...{ left: [], left_not_listed: 0 },
};
const statement = {
  type: 'tapedeck certificate of erasure',
  erasure: { kind: 'retention', requested_by: null, approved_by: null, reference: '', reason: '' },
};

/**
 * Fills a catalogue that has so many calls with what else there are tables of: a list of numbers and standing consents, as many as there
 * may be; notices of every fifth call; a matter that holds all calls of one queue; certificates of every eighth recording.
 */
export function fillTables(db: Db, calls: number): void {
  const [listed, standing] = [Math.min(calls, MOST_ON_A_LIST), Math.min(calls, MOST_STANDING)];
  const recorded = 'FROM recordings r JOIN calls c ON c.id = r.call_id';
  db.transaction(() => {
    for (const sql of [
      `INSERT INTO number_lists VALUES ('${LIST}', 'Customers', ${BEGAN}, 'anna')`,
      `INSERT INTO listed_numbers (list, number, note, until, added_at, added_by, digits) ${numbers(listed)}
        SELECT '${LIST}', '+4930' || (1000000 + i), 'Customer ' || i, ${at} + 315360000000, ${at}, 'anna', '4930' || (1000000 + i) FROM n`,
      `INSERT INTO consents (kind, number, contact, extensions, queues, given_at, how, until, added_at, added_by, digits) ${numbers(standing)}
        SELECT 'consent', '+4940' || (1000000 + i), 'Customer ' || i, '[]', '[]', ${at}, 'By letter', NULL, ${at}, 'anna',
          '4940' || (1000000 + i) FROM n`,
      `INSERT INTO notices ${numbers(calls)} SELECT printf('C%010d', i), ${at}, ${text(decision)} FROM n WHERE i % 5 = 1`,
      `INSERT INTO tellings (call_id, what, prompt, leg, started_at, ended_at, whole, heard_by, failed) ${numbers(calls)}
        SELECT printf('C%010d', i), 'prompt', ${text(prompt)}, 'leg-1', ${at} + 6000, ${at} + 10000, 1, '["leg-1"]', '' FROM n WHERE i % 5 = 1`,
      `INSERT INTO matters (id, name, reason, query, opened_by, opened_at, revision)
        VALUES ('${MATTER}', 'Sales', 'A case', ${text(query)}, 'anna', ${BEGAN}, 1)`,
      `INSERT INTO hold_items (matter, recording_id, why, at, by)
        SELECT '${MATTER}', r.id, 'query', c.started_at, 'tapedeck' ${recorded} WHERE c.queue = 'sales' ORDER BY r.id`,
      `UPDATE matters SET held_query = (SELECT count(*) FROM hold_items)`,
      `INSERT INTO erasures (recording_id, run, seq, erased_at, line)
        SELECT id, NULL, row_number() OVER (ORDER BY id), sealed_at, json_set(${text(item)}, '$.recording', id, '$.call', call_id)
        FROM recordings WHERE substr(id, 2) % 8 = 3`,
      `INSERT INTO certificates (statement, signature, key_id, issued_at, kind, items, last_seq)
        SELECT ${text(statement)}, '', 'key', max(erased_at), 'retention', count(*), max(seq)
        FROM erasures GROUP BY (seq - 1) / ${ON_A_CERTIFICATE} ORDER BY max(seq)`,
    ])
      db.exec(sql);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
}
