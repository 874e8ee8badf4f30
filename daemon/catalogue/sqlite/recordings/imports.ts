import { Type } from 'typebox';
import {
  type ImportNote,
  type ImportOutcome,
  importOutcomes,
  NOTE_WORDS,
} from '../../../domain/importing/outcome.js';
import type { PbxId } from '../../../domain/pbx.js';
import { type CallId, type CoverageStatus, isFileOf } from '../../../domain/recording/recording.js';
import type { ImportFile, ImportRow } from '../../recordings/imports.js';
import { Flag, Length, noun, orNull, type Reader, Text, unreadable } from '../checked.js';
import type { Db } from '../db.js';
import { CoverageShape } from '../rows.js';

const row = noun({
  table: 'imports',
  key: (cells) => cells.call_id,
  shape: Type.Object({
    call_id: Text,
    recording_id: Text,
    file: Text,
    sha256: Text,
    uniqueid: Text,
    name: Text,
    job: Text,
    sealed: Flag,
    erased: Flag,
    known: Flag,
  }),
  make: ({ call_id, recording_id: id, file, sealed, erased, known, ...key }): ImportRow => {
    // What was begun is removed when its import is over: no recording that there is may pass for it.
    if (sealed === 0 && known === 1) unreadable('"recording_id" is that of a recording that is sealed');
    if (!isFileOf(file, id)) unreadable('"file" is not where its recording is kept');
    const place = { id, file };
    return { ...key, callId: call_id, place, sealed: sealed === 1, erased: erased === 1 };
  },
});

const Outcome = Type.Unsafe<ImportOutcome>(Type.Enum([...importOutcomes]));
const Notes = Type.Unsafe<ImportNote[]>(Type.Array(Type.Enum(Object.keys(NOTE_WORDS))));

const file = noun({
  table: 'import_files',
  key: (cells) => `${cells.job} ${cells.path}`,
  json: ['notes'],
  shape: Type.Object({
    ...{ job: Text, path: Text, bytes: Length, sha256: orNull(Text), outcome: Outcome, detail: Text },
    ...{ notes: Notes, call_id: orNull(Text) },
  }),
  make: ({ call_id, ...rest }): ImportFile => ({ ...rest, callId: call_id }),
});

const followed = noun({
  table: 'calls',
  key: (cells) => cells.id,
  shape: Type.Object({ id: Text, coverage_status: CoverageShape.coverage_status }),
  make: ({ id, coverage_status: status }): { id: CallId; status: CoverageStatus } => ({ id, status }),
});

export function createImports(db: Db, reader: Reader) {
  const ALL = `SELECT imports.*, coalesce(recordings.state <> 'sealed', 0) AS erased,
      recordings.id IS NOT NULL AS known
    FROM imports LEFT JOIN recordings ON recordings.id = imports.recording_id`;
  const byHash = db.prepare(`${ALL} WHERE imports.sha256 = ?`);
  const byName = db.prepare(`${ALL} WHERE imports.name = ?`);
  const begun = db.prepare(`${ALL} WHERE imports.sealed = 0`);
  const some = db.prepare('SELECT 1 FROM imports LIMIT 1').pluck();
  const begin = db.prepare(
    'INSERT INTO imports VALUES ($callId, $recordingId, $file, $sha256, $uniqueid, $name, $job, 0)',
  );
  const drop = db.prepare('DELETE FROM imports WHERE call_id = ? AND sealed = 0');
  const seal = db.prepare('UPDATE imports SET sealed = 1 WHERE call_id = ?');
  const putFile = db.prepare(`
    INSERT INTO import_files VALUES ($job, $path, $bytes, $sha256, $outcome, $detail, $notes, $callId)
    ON CONFLICT (job, path) DO UPDATE SET bytes = excluded.bytes, sha256 = excluded.sha256,
      outcome = excluded.outcome, detail = excluded.detail, notes = excluded.notes, call_id = excluded.call_id
    WHERE outcome <> 'imported'`);
  const files = db.prepare('SELECT * FROM import_files WHERE job = ? AND path > ? ORDER BY path LIMIT ?');
  const counts = db.prepare(
    'SELECT outcome, count(*) AS files FROM import_files WHERE job = ? GROUP BY outcome',
  );
  const forget = db.prepare('DELETE FROM import_files WHERE job NOT IN (SELECT id FROM jobs)');
  const near = db.prepare(`
    SELECT id, coverage_status FROM calls
    WHERE pbx = $pbx AND started_at BETWEEN $from AND $to AND coverage_status <> 'imported'
      AND EXISTS (SELECT 1 FROM json_each($ids) l
        WHERE instr(linkedids, '"' || l.value || '"') OR instr(legs, '"' || l.value || '"'))`);

  function saveFile({ notes, ...given }: ImportFile): void {
    putFile.run({ ...given, notes: JSON.stringify(notes) });
  }

  return {
    byHash: (sha256: string): ImportRow[] => reader.all(row, byHash.all(sha256)),
    byName: (name: string): ImportRow[] => reader.all(row, byName.all(name)),
    begun: (): ImportRow[] => reader.all(row, begun.all()),
    any: (): boolean => some.get() !== undefined,
    begin({ place, callId, ...key }: Omit<ImportRow, 'sealed' | 'erased'>): void {
      begin.run({ ...key, callId, recordingId: place.id, file: place.file });
    },
    dropBegun(callId: CallId): void {
      drop.run(callId);
    },
    sealed(callId: CallId, given: ImportFile): void {
      seal.run(callId);
      saveFile(given);
    },
    saveFile,
    files: (job: string, after: string, limit: number): ImportFile[] =>
      reader.fill(file, limit, (rows) => files.all(job, after, rows)),
    counts(job: string): Partial<Record<ImportOutcome, number>> {
      const rows = counts.all(job) as { outcome: ImportOutcome; files: number }[];
      return Object.fromEntries(rows.map(({ outcome, files }) => [outcome, files]));
    },
    /** The files of jobs that are forgotten. */
    forget(): void {
      forget.run();
    },
    followed: (pbx: PbxId, ids: readonly string[], { from, to }: { from: number; to: number }) =>
      reader.all(followed, near.all({ pbx, from, to, ids: JSON.stringify(ids) })),
  };
}
