import { randomBytes } from 'node:crypto';
import type { ImportFile } from '../../../daemon/catalogue/recordings/imports.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { anImport } from '../../support/catalogue/imported-row.js';
import { recorded } from '../../support/catalogue/opened.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import type { Part } from '../catalogue.js';

const IMPORTED = anImport;
const KEY = { sha256: 'd'.repeat(64), uniqueid: 'u', name: 'n' };
const file = (path: string, more: Partial<ImportFile> = {}): ImportFile => ({
  ...{ job: 'J', path, bytes: 9, sha256: null, outcome: 'already', detail: '', notes: [], callId: null },
  ...more,
});

/** Recordings of other recorders. */
export const imports: Part = (t, open) => {
  t.test('an original is imported once, and known after it was erased', async (t) => {
    const { catalogue } = await open(t);
    const { imports } = catalogue;
    const [call, recording] = [{ ...aCall('C1'), imported: IMPORTED }, aRecording('R1', 'C1')];
    const place = { id: 'R1', file: recording.file };
    await imports.begin({
      ...KEY,
      callId: 'C0',
      place: { ...place, id: 'R0', file: place.file.replace('R1', 'R0') },
      job: 'J',
    });
    await imports.begin({ ...KEY, callId: 'C1', place, job: 'J' });
    t.equal((await imports.begun()).length, 2);
    await imports.dropBegun('C0');
    t.match(await imports.begun(), [{ callId: 'C1', sealed: false }]);
    const manifest = {
      ...{ recordingId: 'R1', text: '{}', sha256: 'c'.repeat(64), signature: 'S', keyId: 'K', madeAt: 1 },
    };
    const item = file('a.wav', { outcome: 'imported', callId: 'C1', sha256: KEY.sha256, notes: ['mixed'] });
    await imports.sealed(call, recording, randomBytes(9), manifest, item);
    t.same(await imports.begun(), []);
    t.match(await catalogue.calls.get('C1'), { imported: IMPORTED, coverage: { status: 'imported' } });
    t.match(await imports.byHash(KEY.sha256), [{ callId: 'C1', sealed: true, erased: false }]);
    await imports.dropBegun('C1');
    t.match(await imports.byName('n'), [{ callId: 'C1' }], 'what is sealed stays');
    await catalogue.recordings.eraseIntended('R1', { code: 'test_call', params: {} }, 9);
    await catalogue.recordings.erased('R1', 10);
    t.match(await imports.byHash(KEY.sha256), [{ erased: true }]);
  });

  t.test('what became of each file is kept, and what was imported stays so', async (t) => {
    const { catalogue } = await open(t);
    const { imports } = catalogue;
    await imports.saveFiles([file('b.wav'), file('a.wav', { outcome: 'imported' })]);
    await imports.saveFiles([file('a.wav'), file('c.wav', { outcome: 'unreadable', detail: 'empty' })]);
    t.match(await imports.files('J', '', 9), [
      { path: 'a.wav', outcome: 'imported' },
      { path: 'b.wav', outcome: 'already' },
      { path: 'c.wav', detail: 'empty' },
    ]);
    t.match(await imports.files('J', 'a.wav', 1), [{ path: 'b.wav' }]);
    t.same(await imports.counts('J'), { imported: 1, already: 1, unreadable: 1 });
  });

  t.test('calls that Tapedeck followed itself are found by the ids of their channels', async (t) => {
    const { catalogue } = await open(t);
    const call = aCall('C1');
    await catalogue.calls.save(call, recorded);
    await catalogue.calls.save(
      { ...aCall('C2', { linkedids: ['C1.1'] }), imported: IMPORTED },
      {
        ...recorded,
        status: 'imported',
      },
    );
    const range = { from: call.startedAt - 1, to: call.startedAt + 1 };
    t.same(await catalogue.imports.followed(FIRST, ['C1.1'], range), [{ id: 'C1', status: 'recorded' }]);
    t.same(await catalogue.imports.followed(FIRST, ['C1.1'], { from: 0, to: 1 }), []);
    t.same(await catalogue.calls.coverageSince(0), { recorded: 1 }, 'imported calls are not counted');
  });
};
