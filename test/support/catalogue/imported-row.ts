import { randomBytes } from 'node:crypto';
import type { Catalogue } from '../../../daemon/catalogue/catalogue.js';
import type { Imported } from '../../../daemon/domain/importing/imported.js';
import { aCall, aRecording } from '../recordings/a-call.js';

export const anImport: Imported = {
  ...{ recorder: 'freepbx', file: 'out-0301-101.wav', bytes: 9, sha256: 'd'.repeat(64), format: 'wav' },
  ...{ sides: 'mixed', cdrs: { by: 'uniqueid', rows: 1, uniqueids: ['1.1'] }, at: 5, by: 'root', job: 'J1' },
};

/** The columns of what imports keep, but for the ids. */
export const IMPORT_COLUMNS = {
  imports: ['recording_id', 'file', 'sha256', 'uniqueid', 'name', 'job', 'sealed'],
  import_files: ['bytes', 'sha256', 'outcome', 'detail', 'notes', 'call_id'],
};

/** A recording that was imported, one that was begun, and a file that could not be read. */
export async function furnishImport(c: Catalogue): Promise<void> {
  const recording = aRecording('R6', 'R6');
  const key = { sha256: anImport.sha256, uniqueid: 'u', name: 'n', job: 'J1' };
  const begun = { id: 'R7', file: recording.file.replace('R6', 'R7') };
  await c.imports.begin({ ...key, callId: 'R6', place: { id: 'R6', file: recording.file } });
  await c.imports.begin({ ...key, callId: 'R7', place: begun });
  const file = { job: 'J1', bytes: 9, detail: '', notes: [] };
  const manifest = {
    ...{ recordingId: 'R6', text: '{}', sha256: 'c'.repeat(64), signature: 'S', keyId: 'K', madeAt: 1 },
  };
  await c.imports.sealed({ ...aCall('R6'), imported: anImport }, recording, randomBytes(9), manifest, {
    ...{ ...file, path: 'a.wav', sha256: key.sha256, outcome: 'imported', callId: 'R6' },
  });
  await c.imports.saveFiles([
    { ...file, path: 'b.wav', sha256: null, outcome: 'unreadable', detail: 'empty', callId: null },
  ]);
}
