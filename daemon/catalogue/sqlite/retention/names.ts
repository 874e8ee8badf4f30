import { withoutFile } from '../../../domain/importing/imported.js';
import { readWhy } from '../../../domain/reason/reason.js';
import type { CallId } from '../../../domain/recording/recording.js';
import {
  type NamesPlace,
  storedWithoutWords,
  withoutNames,
  withoutWords,
} from '../../../domain/retention/names.js';
import type { NamelessSoon } from '../../retention/names.js';
import type { StoredCall } from '../../stored-call.js';
import type { Db } from '../db.js';

type Cells = Record<string, string | null>;

const WAITS = `EXISTS (SELECT 1 FROM segments s WHERE s.call_id = calls.id AND s.state IN ('capturing', 'captured'))`;

/** `names_from` is kept by triggers: a call has it from when there is no audio of it, until its names and numbers are removed. */
export function createNames(db: Db, isHeld: (id: CallId) => boolean) {
  const due =
    'FROM calls WHERE names_from IS NOT NULL AND (names_from, id) > ($after, $id) AND names_from <= $since';
  const page = db.prepare(`
    SELECT id, names_from AS since,
      (SELECT coalesce(max(min_until), 0) FROM recordings r WHERE r.call_id = calls.id) AS minUntil
    ${due} ORDER BY names_from, id LIMIT $limit`);
  const count = db
    .prepare('SELECT count(*) FROM (SELECT 1 FROM calls WHERE names_from <= $since LIMIT $most)')
    .pluck();
  const removed = db
    .prepare('SELECT count(*) FROM calls WHERE names_removed_at > $after AND names_removed_at <= $until')
    .pluck();
  const one = db.prepare(`
    SELECT them, us, legs, marks, decision, coverage_reason, imported FROM calls
    WHERE id = ? AND names_from IS NOT NULL AND NOT ${WAITS}`);
  const save = db.prepare(`
    UPDATE calls SET them = $them, us = $us, dialled = '', did = '', legs = $legs, marks = $marks, search = '', facts = NULL,
      decision = $decision, coverage_reason = $reason, imported = $imported, names_from = NULL, names_removed_at = $at
    WHERE id = $id`);
  const recordings = db.prepare(`
    SELECT id, gaps, erase_reason, redaction FROM recordings
    WHERE call_id = ? AND (gaps <> '[]' OR erase_reason IS NOT NULL OR redaction IS NOT NULL)`);
  const saveRecording = db.prepare(
    'UPDATE recordings SET gaps = $gaps, erase_reason = $erased, redaction = $redaction WHERE id = $id',
  );
  const segments = db.prepare(
    "SELECT named_call AS call, seq, because FROM segments WHERE call_id = ? AND because <> ''",
  );
  const saveSegment = db.prepare(
    'UPDATE segments SET because = $because WHERE named_call = $call AND seq = $seq',
  );
  const tellings = db.prepare("SELECT seq, failed FROM tellings WHERE call_id = ? AND failed <> ''");
  const saveTelling = db.prepare('UPDATE tellings SET failed = $failed WHERE seq = $seq');
  const ofCall = [
    "DELETE FROM call_reach WHERE call_id = ? AND kind IN ('extension', 'did')",
    "UPDATE directives SET who = '' WHERE call_id = ? AND who <> ''",
    "UPDATE notices SET decision = json_remove(json_set(decision, '$.number', NULL), '$.others') WHERE call_id = ? AND json_valid(decision)",
    `UPDATE ears SET name = '' WHERE name <> '' AND recording_id IN (SELECT id FROM recordings WHERE call_id = ?)`,
    'DELETE FROM cdrs WHERE account_id IN (SELECT id FROM accounts WHERE call_id = ?)',
    "UPDATE accounts SET src = '', dst = '', name = '' WHERE call_id = ?",
    'DELETE FROM import_files WHERE call_id = ?',
  ].map((sql) => db.prepare(sql));
  const strangers = db
    .prepare(`
      SELECT id FROM accounts WHERE call_id IS NULL AND started_at < $before AND ended_at < $before
        AND (src <> '' OR dst <> '' OR name <> '') LIMIT $limit`)
    .pluck();
  const ofStranger = [
    'DELETE FROM cdrs WHERE account_id = ?',
    "UPDATE accounts SET src = '', dst = '', name = '' WHERE id = ?",
  ].map((sql) => db.prepare(sql));

  function removeOne(id: CallId, at: number): boolean {
    const row = one.get(id) as Cells | undefined;
    if (!row || isHeld(id)) return false;
    save.run({ id, at, ...callCells(row) });
    for (const { id: recording, ...cells } of recordings.all(id) as Cells[])
      saveRecording.run({ id: recording, ...recordingCells(cells) });
    for (const { because, ...key } of segments.all(id) as Cells[])
      saveSegment.run({ ...key, because: storedWithoutWords(because!, readWhy) });
    for (const { failed, ...key } of tellings.all(id) as Cells[])
      saveTelling.run({ ...key, failed: storedWithoutWords(failed!, readWhy) });
    for (const statement of ofCall) statement.run(id);
    return true;
  }

  return {
    page: (after: NamesPlace, since: number, limit: number): NamelessSoon[] =>
      page.all({ after: after.since, id: after.id, since, limit }) as NamelessSoon[],
    count: (since: number, most: number): number => count.get({ since, most }) as number,
    remove: (calls: readonly CallId[], at: number): number => calls.filter((id) => removeOne(id, at)).length,
    removeStrangers(before: number, limit: number): number {
      const ids = strangers.all({ before, limit }) as string[];
      for (const id of ids) for (const statement of ofStranger) statement.run(id);
      return ids.length;
    },
    removed: (after: number, until: number): number => removed.get({ after, until }) as number,
  };
}

/** A cell as what it is, or `missing` where it cannot be read: then what it had goes too. */
function parsed<T>(text: string | null | undefined, missing: T): T {
  try {
    return (JSON.parse(text ?? '') as T | null) ?? missing;
  } catch {
    return missing;
  }
}

const NOBODY = { number: '', name: '', ours: false };

function callCells({ them, us, legs, marks, decision, coverage_reason: reason, imported }: Cells) {
  const call = withoutNames({
    ...{ them: parsed(them, NOBODY), us: parsed(us, NOBODY) },
    ...{ legs: parsed<StoredCall['legs']>(legs, []), marks: parsed<StoredCall['marks']>(marks, []) },
  });
  const from = parsed<StoredCall['imported'] | null>(imported, null);
  const decided = parsed<StoredCall['decision']>(decision, null);
  return {
    ...{ them: JSON.stringify(call.them), us: JSON.stringify(call.us) },
    ...{ legs: JSON.stringify(call.legs), marks: JSON.stringify(call.marks) },
    decision: decided && JSON.stringify({ ...decided, why: withoutWords(decided.why) }),
    reason: storedWithoutWords(reason ?? '', readWhy),
    imported: from && JSON.stringify(withoutFile(from)),
  };
}

function recordingCells({ gaps, erase_reason: erased, redaction }: Cells) {
  const gap = (one: { reason?: string; why?: Parameters<typeof withoutWords>[0] }) => ({
    ...one,
    ...(one.reason !== undefined && { reason: '' }),
    ...(one.why !== undefined && { why: withoutWords(one.why) }),
  });
  const redacted = parsed<Record<string, unknown> | null>(redaction, null);
  return {
    gaps: JSON.stringify(parsed<Parameters<typeof gap>[0][]>(gaps, []).map(gap)),
    erased: erased == null ? null : storedWithoutWords(erased, readWhy),
    redaction: redacted && JSON.stringify({ ...redacted, reason: '' }),
  };
}
