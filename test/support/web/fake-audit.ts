import type { Static } from 'typebox';
import { type AuditAction, auditGroups, entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { AuditEntryView, AuditPage, AuditStateView } from '../../../web/audit/schemas.js';
import type { Made, State } from './fake-data.js';

type Entry = Static<typeof AuditEntryView>;
type Detail = Entry['detail'];

const anna = { actor: 'person', actor_id: 'P1', actor_name: 'Anna Berg', address: '192.168.1.20' } as const;
const hostileName = '<img src=x onerror="window.pwned=1">\u202egnp.exe';

/** An audit log over made-up calls, newest first: one of everything that can stand in it. */
function entriesOf(state: State, { calls }: Made, now: number): Entry[] {
  if (state === 'empty') return [];
  const bad = state === 'hostile';
  const who = bad ? { ...anna, actor_name: hostileName } : anna;
  const other = { ...anna, actor_id: 'P2', actor_name: 'Rüdiger von Hohenstein-Breitenbach', address: '::1' };
  const root = { actor: 'console', actor_id: '', actor_name: 'ada (as root)', address: '' } as const;
  const made: Entry[] = [];
  const add = (
    by: Parameters<typeof entryOf>[0],
    action: AuditAction,
    detail: Detail = {},
    more: Partial<Entry> & { of?: number } = {},
  ) => {
    const { of, ...rest } = more;
    const call = of === undefined ? undefined : calls[of % calls.length];
    const at = now - made.length * 437_000;
    made.push({
      ...entryOf(by, at, action, { detail }),
      ...{ seq: 0, hash: 'a'.repeat(64), words: null, call: null },
      ...(call ? { object: 'call', object_id: call.id, call } : {}),
      ...rest,
    } as Entry);
  };
  const heard = { heard: ['12000-100000', '130000-131000'], total_ms: 89_000, bytes: 400_000 };
  add(who, 'heard', heard, { of: 0 });
  add(who, 'play', {}, { of: 0 });
  add(other, 'play', {}, { of: 1, reason: 'Complaint 2026-114: what was promised?' });
  add(other, 'heard', { ...heard, not_sent_ms: 5_000 }, { of: 1 });
  add(other, 'play', { bytes: 1_234_567, of_bytes: 1_240_000, player: false }, { of: 2 });
  add(who, 'download', {}, { of: 2 });
  add(who, 'search', { words: 'x', letters: 7, digits: 3 }, { words: bad ? hostileName : 'example 444' });
  add(who, 'search', { words: 'x', letters: 5, digits: 0, filters: ['direction in', 'from 2026-11-01'] });
  add(who, 'view', {}, { of: 3 });
  add(other, 'view', { because: 'call_unknown' }, { of: 4, outcome: 'refused' });
  add(other, 'policy_change', { because: 'forbidden' }, { outcome: 'refused' });
  add(who, 'policy_change', {
    changes: ['retention: "Sales" is changed: keep_days 30 -> 90', 'record: "Private" is new'],
  });
  add(root, 'person_add', { name: 'Rüdiger von Hohenstein-Breitenbach', roles: ['auditor'] });
  add(TAPEDECK, 'retention_run', { erased: 4, failed: 0, left: 1 });
  add(TAPEDECK, 'erased', {}, { of: 5, reason: 'Kept 30 days by the rule "Sales".' });
  add(TAPEDECK, 'erase', {}, { of: 5, reason: 'Kept 30 days by the rule "Sales".' });
  add(TAPEDECK, 'sealed', { coverage: 'partial' }, { of: 6 });
  add(TAPEDECK, 'damage', { found: 'when it was played' }, { of: 7, outcome: 'failed' });
  add(TAPEDECK, 'blind_window', {
    from: new Date(now - 9e6).toISOString(),
    until: new Date(now - 8.9e6).toISOString(),
    because: 'Tapedeck was not running.',
  });
  add(TAPEDECK, 'start', { process: 'recorder', version: '0.1.0' });
  add(who, 'report', { from: '2026-11-01', to: '2026-11-30', show: 'exceptions' }, { object: 'coverage' });
  add(other, 'export', {}, { object: 'retention' });
  add(who, 'sign_in');
  add(
    { ...who, actor_id: '', actor_name: '' },
    'sign_in',
    { because: 'unknown name' },
    { outcome: 'refused' },
  );
  add(who, 'session_end', { because: 'it was not used' });
  add(who, 'sign_out');
  if (state === 'year') for (let i = 0; i < 400; i++) add(i % 3 ? who : other, 'heard', heard, { of: i });
  add(TAPEDECK, 'begin', { of: 'an existing catalogue' });
  return made.map((entry, i) => ({ ...entry, seq: made.length - i }));
}

export function auditOf(
  state: State,
  made: Made,
  now: number,
  query: Record<string, string>,
): Static<typeof AuditPage> {
  const group = auditGroups[query.action as keyof typeof auditGroups] as readonly string[] | undefined;
  const limit = Number(query.limit ?? 50);
  const found = entriesOf(state, made, now).filter(
    (e) =>
      (!query.person || e.actor_id === query.person || e.actor_name === query.person) &&
      (!query.call || e.object_id === query.call) &&
      (!group || group.includes(e.action)) &&
      (!query.outcome || e.outcome === query.outcome) &&
      (!query.before || e.seq < Number(query.before)),
  );
  const entries = found.slice(0, limit);
  return { entries, next: found.length > limit ? entries.at(-1)!.seq : null };
}

export function auditStateOf(state: State, made: Made, now: number): Static<typeof AuditStateView> {
  const entries = entriesOf(state, made, now);
  const iso = (ms: number) => new Date(ms).toISOString();
  const people = new Map(
    entries.filter((e) => e.actor !== 'tapedeck' && e.actor_name).map((e) => [e.actor_name, e]),
  );
  const fine = { waiting: 0, last_sent_at: iso(now - 900_000), failing_since: null, problem: '' };
  return {
    entries: state === 'year' ? 1_204_331 : entries.length,
    head: 'b'.repeat(64),
    checkpoint:
      state === 'empty'
        ? null
        : { size: state === 'year' ? 1_204_300 : entries.length, at: iso(now - 900_000) },
    refused:
      state === 'trouble'
        ? 'The audit log was tampered with or damaged. Entry 17 is not what was written. It is not signed any more.'
        : null,
    key_id: 'c'.repeat(16),
    targets:
      state === 'down'
        ? null
        : state === 'little'
          ? []
          : [
              { name: 'file', target: '/mnt/safe/tapedeck-checkpoints', ...fine },
              {
                ...{ name: 'syslog', target: 'logs.office.lan:6514', ...fine, waiting: 3 },
                failing_since: iso(now - 7_000_000),
                problem: 'logs.office.lan:6514: connect ECONNREFUSED 192.168.1.9:6514',
              },
              { name: 'mail', target: 'auditor@office.lan', ...fine },
            ],
    people: [...people.values()].map((e) => ({
      key: e.actor_id || e.actor_name,
      name: e.actor_name,
      console: e.actor === 'console',
    })),
  };
}
