import { withEntries } from '../../../daemon/catalogue/entries.js';
import type { NewApproval } from '../../../daemon/catalogue/people/approvals.js';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { DAY_MS, digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import type { Cdr } from '../../../daemon/domain/assurance/cdr.js';
import { RETENTION_RUN } from '../../../daemon/domain/certificate/certificate.js';
import { newJob } from '../../../daemon/domain/operations/job.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { defaultPolicy, type KeptDecision } from '../../../daemon/domain/policy/policy.js';
import type { NewStanding, StandingDocument } from '../../../daemon/domain/policy/standing/standing.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Notice, Played } from '../../../daemon/domain/telling/notice.js';
import { T0 } from '../catalogue/crafted.js';
import { aCall, aRecording } from '../recordings/a-call.js';
import { noted } from '../words.js';
import { aPrivacyRequest } from './privacy-request.js';
import { furnishMailing } from './report-mailing.js';

const recorded = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
const cdr: Cdr = {
  pbx: FIRST,
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
  await c.calls.save(aCall('A', { endedAt: null }), undefined, decision);
  await c.calls.save(aCall('T', { test: true, legs: [] }));
  await c.segments.save({
    ...{ callId: 'A', seq: 0, legId: 'leg', inStartedAt: T0, outStartedAt: T0, state: 'capturing' as const },
    ...{ because: null, mutedFrom: { in: null, out: null }, swapped: false, token: '', fed: '' },
  });
  for (const id of ['R1', 'R2', 'R3', 'R4', 'R5']) {
    await c.calls.save(aCall(id));
    await c.recordings.sealed(aRecording(id, id), Buffer.alloc(9), recorded);
  }
  await c.seals.addManifest({
    recordingId: 'R1',
    text: '{}',
    sha256: '',
    signature: '',
    keyId: '',
    madeAt: T0,
  });
  await c.seals.checked('R2', T0, 'Its file is missing.');
  await furnishMailing(c);
  await c.madeReports.keep({ entry: 1, text: '{}', signature: 'S', keyId: 'K', madeAt: T0 });
  await c.certificates.begin({ ...RETENTION_RUN, id: 'RUN', startedAt: T0 });
  for (const id of ['R4', 'R5']) {
    await c.recordings.eraseIntended(id, noted('Over.'), T0);
    await c.recordings.erased(id, T0);
  }
  await c.certificates.describe([{ seq: 1, text: '{}' }]);
  await c.certificates.issue({
    ...{
      number: 1,
      text: '{}',
      signature: '',
      keyId: '',
      issuedAt: T0,
      kind: 'retention',
      items: 1,
      lastSeq: 1,
    },
  });
  await c.recordings.eraseIntended('R3', noted('Over.'), T0);
  await c.policy.save(defaultPolicy, 'ada', T0, 0);
  await c.lists.save({ name: 'VIP', note: '', addedAt: T0, addedBy: 'ada' });
  await c.lists.put('VIP', [{ number: '0301234567', note: '', until: null }], 'ada', T0, false);
  await c.prompts.add({
    ...{ hash: 'a'.repeat(64), kind: 'announce', language: 'en', name: 'Ada', text: '', bytes: 9 },
    ...{ durationMs: 9, addedAt: T0, addedBy: 'ada', saysPurpose: true },
  });
  await c.prompts.activate('announce', 'en', 'a'.repeat(64));
  await c.consents.add([aStanding('0301234567')], 'ada', T0, aDocument());
  await c.notices.decide(aNotice('A'));
  await c.notices.tell(aPlaying('A'));
  const kept = { toldAt: null, toldAs: null, returns: 0, lastsUntil: null, lastsMs: null };
  await c.alarms.save({ ...alarm, ...kept, key: 'disk', raisedAt: T0, done: false });
  await c.alarms.save({ ...alarm, ...kept, key: 'old', raisedAt: T0, clearedAt: T0, done: true });
  const notice = {
    id: 'N',
    kind: 'raised' as const,
    at: T0,
    alarms: [{ ...alarm, key: 'disk', raisedAt: T0 }],
  };
  const waits = { attempts: 0, nextAt: T0, sentAt: null, givenUpAt: null, problem: '' };
  await c.alarms.saveDelivery({ channel: 'mail', notice, ...waits });
  await c.testCalls.remember({
    pbx: FIRST,
    at: T0,
    outcome: 'ok',
    fault: null,
    detail: '',
    measures: null,
    tookMs: 9,
  });
  await c.watch.watched(FIRST, T0);
  await c.watch.open(FIRST, T0, noted('Stopped.'));
  await c.ledger.began(FIRST, T0);
  await c.ledger.add([cdr], 'AMI', T0);
  await c.ledger.noteSource(FIRST, 'Master.csv', T0, '');
  await c.ledger.count();
  const draft = { policy: defaultPolicy, based_on: 0, no_emergency_numbers: false, apply: null };
  await c.approvals.ask(anApproval('A1'), draft);
  await c.privacyRequests.add(aPrivacyRequest('P1'));
  await c.privacyRequests.exclude('P1', 'A', { reason: 'Shared line', by: 'ada', at: T0 });
  await c.privacyRequests.saveLetter('refusal', { text: 'Dear {name}', by: 'ada', at: T0 });
  await c.jobs.add(newJob('J1', 'recordings_check', { a: 1 }, T0));
  await c.jobs.save({
    ...newJob('J1', '', {}, T0),
    state: 'running',
    error: { code: 'disk_full', detail: '' },
  });
  await c.jobs.add(newJob('J2', 'recordings_check', {}, T0));
  await c.jobs.cancel('J2', T0);
  await c.audit.append(entryOf(TAPEDECK, T0, 'start', { detail: { process: 'recorder' } }));
  await c.audit.keepCheckpoint({ size: 1, at: T0, note: 'note' });
  await c.checkpoint();
  await c.stop();
}

/** An objection to all calls with a number, and what was signed. */
export const aStanding = (number: string): NewStanding => ({
  ...{ kind: 'objection', number, contact: '', extensions: [], queues: [] },
  ...{ givenAt: 1, how: 'e-mail', until: null },
});
export const aDocument = (): StandingDocument => ({
  ...{ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', type: 'application/pdf', bytes: 9, sha256: 'b'.repeat(64) },
  ...{ addedAt: 1, erasedAt: null, erasedBy: '' },
});

/** That somebody asks to erase two recordings. */
export function anApproval(id: string, more: Partial<NewApproval> = {}): NewApproval {
  const shown = more.shown ?? { recordings: ['R1', 'R2'] };
  return {
    ...{ id, act: 'erase', object: 'by hand', digest: digestOfShown(shown), reason: 'Asked by the caller.' },
    ...{ askedBy: { id: 'ada', name: 'Ada' }, askedAt: T0, expiresAt: T0 + 7 * DAY_MS, notBefore: T0 },
    ...{ alone: false, ...more, shown },
  };
}

/** What was decided of a call, and played in it. */
export const aNotice = (callId: string): Notice => ({
  ...{
    callId,
    at: T0,
    mode: 'announce',
    others: [],
    askedSince: 0,
    promptInRecording: false,
    purposeAndIdentity: false,
    statedIsEnough: false,
    beepSeconds: null,
    version: 1,
    rule: null,
  },
  because: [
    { code: 'default', mode: 'announce' },
    { code: 'jurisdiction', id: 'DE', from: 'number', needs: 'ask' },
  ],
  jurisdictions: [{ id: 'DE', asOf: '2026-01-01', overridden: false, from: 'number' }],
  ...{ number: '+4930901820', site: { region: 'DE', subdivision: '' }, language: 'de' },
});
export const aPlaying = (callId: string): Omit<Played, 'seq' | 'found'> => ({
  ...{ callId, what: 'prompt', leg: 'L', startedAt: T0, endedAt: T0 + 9, whole: true },
  prompt: { kind: 'announce', language: 'de', hash: 'a'.repeat(64), name: '', durationMs: 9 },
  ...{ heardBy: ['L', 'M'], failed: null },
});

/** Columns of an approval whose row is still found when they have another value. */
export const APPROVAL_COLUMNS = [
  ...['act', 'digest', 'shown', 'reason', 'asked_by', 'asked_name', 'asked_at', 'expires_at', 'not_before'],
  ...['alone', 'approved_by', 'approved_name', 'approved_at', 'used_at', 'withdrawn_at'],
];
