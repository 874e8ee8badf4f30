import { withEntries } from '../../../daemon/catalogue/entries.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { newJob } from '../../../daemon/domain/operations/job.js';
import { defaultPolicy, type KeptDecision } from '../../../daemon/domain/policy/policy.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import { T0 } from '../catalogue/crafted.js';
import { aCall, aRecording } from '../recordings/a-call.js';
import { noted } from '../words.js';

const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
const cdr: Cdr = {
  ...{ linkedid: 'A.1', uniqueid: 'A.1', channel: 'PJSIP/1', peer: '', src: '1', dst: '2', name: '' },
  ...{ context: 'internal', app: 'Dial', startAt: T0, answerAt: T0, endAt: T0 + 9, disposition: 'ANSWERED' },
  ahead: 0,
};
const alarm = {
  severity: 'warning',
  why: { code: 'disk_slow', params: { dir: '/data' } },
  clearedAt: null,
} as const;

/** A catalogue with something in every table that the recorder reads. */
export async function furnish(path: string): Promise<void> {
  const sqlite = createSqliteCatalogue({ path });
  await sqlite.start();
  const c = withEntries(sqlite, { clock: () => T0, later: async () => {} });
  const decision: KeptDecision = {
    version: 1,
    outcome: 'record',
    rule: 'All',
    why: because('rule', { reason: 'Training.' }),
  };
  await c.saveCall(aCall('A', { endedAt: null }), undefined, decision);
  await c.saveCall(aCall('T', { test: true, legs: [] }));
  await c.saveSegment({
    ...{ callId: 'A', seq: 0, legId: 'leg', inStartedAt: T0, outStartedAt: T0, state: 'capturing' as const },
    ...{ because: null, mutedFrom: { in: null, out: null }, swapped: false, token: '', fed: '' },
  });
  for (const id of ['R1', 'R2', 'R3']) {
    await c.saveCall(aCall(id));
    await c.recordingSealed(aRecording(id, id), Buffer.alloc(9), recorded);
  }
  await c.addManifest({ recordingId: 'R1', text: '{}', sha256: '', signature: '', keyId: '', madeAt: T0 });
  await c.checked('R2', T0, 'Its file is missing.');
  await c.eraseIntended('R3', noted('Over.'), T0);
  await c.savePolicy(defaultPolicy, 'ada', T0, 0);
  const kept = { toldAt: null, toldAs: null, returns: 0, lastsUntil: null, lastsMs: null };
  await c.saveAlarm({ ...alarm, ...kept, key: 'disk', raisedAt: T0, done: false });
  await c.saveAlarm({ ...alarm, ...kept, key: 'old', raisedAt: T0, clearedAt: T0, done: true });
  const notice = {
    id: 'N',
    kind: 'raised' as const,
    at: T0,
    alarms: [{ ...alarm, key: 'disk', raisedAt: T0 }],
  };
  const waits = { attempts: 0, nextAt: T0, sentAt: null, givenUpAt: null, problem: '' };
  await c.saveDelivery({ channel: 'mail', notice, ...waits });
  await c.rememberTestCall({ at: T0, outcome: 'ok', fault: null, detail: '', measures: null, tookMs: 9 });
  await c.watched(T0);
  await c.openBlindWindow(T0, noted('Stopped.'));
  await c.ledgerBegan(T0);
  await c.addCdrs([cdr], 'AMI', T0);
  await c.noteSource('Master.csv', T0, '');
  await c.addJob(newJob('J1', 'recordings_check', { a: 1 }, T0));
  await c.saveJob({
    ...newJob('J1', '', {}, T0),
    state: 'running',
    error: { code: 'disk_full', detail: '' },
  });
  await c.addJob(newJob('J2', 'recordings_check', {}, T0));
  await c.cancelJob('J2', T0);
  await c.audit(entryOf(TAPEDECK, T0, 'start', { detail: { process: 'recorder' } }));
  await c.keepCheckpoint({ size: 1, at: T0, note: 'note' });
  await c.checkpoint();
  await c.stop();
}
