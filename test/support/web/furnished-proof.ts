import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import {
  type About,
  type Actor,
  type AuditAction,
  entryOf,
  TAPEDECK,
} from '../../../daemon/domain/assurance/audit.js';
import type { Account, Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { noted } from '../words.js';
import type { Dashboard } from './dashboard.js';

const DAY = 86_400_000;
type Furnishing = { dashboard: Dashboard; now: number };

/**
 * One of everything that can stand in the audit log, the last of it two days ago: apart from what a test does itself.
 * `heard`: and so many times more that somebody listened.
 */
export async function fillAudit(
  { dashboard: { catalogue }, now }: Furnishing,
  calls: readonly StoredCall[],
  { hostile = '', heard: times = 0 } = {},
): Promise<void> {
  const who: Actor = {
    ...{ actor: 'person', actor_id: 'anna', actor_name: hostile || 'Anna Berg', address: '192.168.1.20' },
  };
  const other: Actor = { ...who, actor_id: 'rue', actor_name: 'Rüdiger von Hohenstein-Breitenbach' };
  const nobody: Actor = { ...who, actor_id: '', actor_name: '' };
  const root: Actor = { actor: 'console', actor_id: '', actor_name: 'ada (as root)', address: '' };
  const about = (n: number): About => ({ object: 'call', object_id: calls[n % calls.length]!.id });
  const spans = { heard: ['12000-100000', '130000-131000'], total_ms: 89_000, bytes: 400_000 };
  const complaint = { reason: 'Complaint 2026-114: what was promised?' };
  const sales = { reason: 'Kept 30 days by the rule "Sales".' };
  const words = hostile || 'example 444';
  const iso = (ms: number) => new Date(ms).toISOString();
  const newestFirst: [Actor, AuditAction, About?][] = [
    [who, 'heard', { ...about(0), detail: spans }],
    [who, 'play', about(0)],
    [other, 'play', { ...about(1), ...complaint }],
    [other, 'heard', { ...about(1), detail: { ...spans, not_sent_ms: 5_000 } }],
    [other, 'play', { ...about(2), detail: { bytes: 1_234_567, of_bytes: 1_240_000, player: false } }],
    [who, 'download', about(2)],
    [who, 'search', { words, detail: { letters: 7, digits: 3 } }],
    [who, 'search', { words: 'berger', detail: { letters: 6, digits: 0, filters: ['direction in'] } }],
    [who, 'view', about(3)],
    [other, 'view', { ...about(4), outcome: 'refused', detail: { because: 'call_unknown' } }],
    [other, 'policy_change', { outcome: 'refused', detail: { because: 'forbidden' } }],
    [
      who,
      'policy_change',
      {
        detail: {
          changes: ['retention: "Sales" is changed: keep_days 30 -> 90', 'record: "Private" is new'],
        },
      },
    ],
    [root, 'person_add', { detail: { name: other.actor_name, roles: ['auditor'] } }],
    [
      TAPEDECK,
      'certificate',
      { object: 'certificate', object_id: '1', detail: { number: 1, recordings: 4 } },
    ],
    [TAPEDECK, 'retention_run', { detail: { erased: 4, failed: 0, left: 1 } }],
    [TAPEDECK, 'erased', { ...about(5), ...sales }],
    [TAPEDECK, 'erase', { ...about(5), ...sales }],
    [TAPEDECK, 'sealed', { ...about(6), detail: { coverage: 'partial' } }],
    [TAPEDECK, 'damage', { ...about(7), outcome: 'failed', detail: { found: 'when it was played' } }],
    [
      TAPEDECK,
      'blind_window',
      {
        detail: {
          ...{ from: iso(now - 9e6), until: iso(now - 8.9e6) },
          because: 'Tapedeck was not running.',
        },
      },
    ],
    [TAPEDECK, 'start', { detail: { process: 'recorder', version: '0.1.0' } }],
    [
      who,
      'report',
      { object: 'coverage', detail: { from: '2026-11-01', to: '2026-11-30', show: 'exceptions' } },
    ],
    [other, 'export', { object: 'retention' }],
    [who, 'sign_in'],
    [nobody, 'sign_in', { outcome: 'refused', detail: { because: 'unknown name' } }],
    [who, 'session_end', { detail: { because: 'the session was idle' } }],
    [who, 'sign_out'],
    ...Array.from({ length: times }, (_, n): [Actor, AuditAction, About] => [
      who,
      'heard',
      { ...about(n), detail: spans },
    ]),
  ];
  const entries = newestFirst.map(([by, action, more], n) =>
    entryOf(by, now - 2 * DAY - n * 437_000, action, more),
  );
  await Promise.all(entries.toReversed().map((entry) => catalogue.audit.append(entry)));
}

/** What Asterisk says of a call that it connected to the trunk. */
function cdrOf(linkedid: string, call: StoredCall, change: Partial<Cdr> = {}): Cdr {
  return {
    pbx: FIRST,
    ...{ linkedid, uniqueid: linkedid, channel: `PJSIP/trunk-${linkedid.slice(-8)}` },
    ...{ peer: 'PJSIP/112-0000002b', src: call.them.number, dst: call.us.number, name: call.them.name },
    ...{ context: 'from-trunk', app: 'Dial', disposition: 'ANSWERED', ahead: 0 },
    ...{ startAt: call.startedAt, answerAt: call.answeredAt, endAt: call.endedAt! },
    ...change,
  };
}

/**
 * Asterisk's account of these calls: of the second that it answered it counts eight seconds more, of the third it knows
 * nothing, and of another one Tapedeck does not. A database of CDRs that cannot be read, and a gap of each kind.
 */
export async function fillLedger(
  { dashboard: { catalogue }, now }: Furnishing,
  calls: readonly StoredCall[],
): Promise<void> {
  const answered = calls.filter((c) => c.answeredAt !== null && c.endedAt !== null);
  const account = (id: string, callId: string | null, cdr: Cdr): Account => ({
    ...{ id, pbx: cdr.pbx, linkedid: cdr.linkedid, callId, alone: false, cdrs: [cdr] },
    ...{ startedAt: cdr.startAt, answeredAt: cdr.answerAt, endedAt: cdr.endAt },
  });
  const accounts = answered.flatMap((call, i) =>
    i === 2
      ? []
      : account(
          call.id,
          call.id,
          cdrOf(call.linkedids[0]!, call, i === 1 ? { endAt: call.endedAt! + 8_000 } : {}),
        ),
  );
  const [first] = answered;
  const unseen = cdrOf('1700000000.99', first!, { startAt: first!.startedAt - 60_000, channel: 'PJSIP/x-1' });
  accounts.push(account('1700000000.99', null, unseen));
  await catalogue.ledger.began(FIRST, now - 400 * DAY);
  const cdrs = accounts.flatMap((a) => a.cdrs);
  await catalogue.ledger.add(cdrs.slice(-1), 'AMI', now - 400 * DAY);
  await catalogue.ledger.add(cdrs.slice(0, -1), 'AMI', now);
  await catalogue.ledger.saveAccounts(accounts, []);
  await catalogue.ledger.noteSource(FIRST, 'cdr_mysql', now - 9 * DAY, '');
  await catalogue.ledger.noteSource(
    FIRST,
    'cdr_mysql',
    now - 2 * DAY,
    "/run/mysqld/mysqld.sock, asteriskcdrdb.cdr: Access denied for user 'tapedeck'@'localhost'",
  );
  await catalogue.watch.open(FIRST, now - 2 * DAY, noted('The daemon was restarted.'));
  await catalogue.watch.close(FIRST, now - 2 * DAY + 95_000);
  await catalogue.listening.open(FIRST, now - 3 * DAY, noted('The connection to AMI was closed.'));
  await catalogue.listening.close(FIRST, now - 3 * DAY + 61_000);
  await catalogue.listening.watched(FIRST, now);
}
