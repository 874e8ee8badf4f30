import t from 'tap';
import { ulid } from 'ulid';
import { placeOf } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { because } from '../../../daemon/domain/reason/reason.js';
import type { Recording } from '../../../daemon/domain/recording/recording.js';
import { createOlderRequests } from '../../../daemon/requests/recordings/older.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { approvalsLab } from '../../support/requests/approvals-lab.js';

const stretches = [{ side: 'both' as const, fromMs: 0, untilMs: 500 }];

/** A call whose recording was redacted; the earlier version was kept. */
async function redactedCall(
  lab: Awaited<ReturnType<typeof approvalsLab>>['lab'],
  change: Partial<Recording> = {},
) {
  const { catalogue, clock } = lab;
  const call = ulid(clock.ms);
  await catalogue.calls.save(aCall(call));
  const older: Recording = { ...aRecording(ulid(clock.ms), call), ...{ of: call, version: 1 }, ...change };
  const decided = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
  await catalogue.recordings.sealed(older, Buffer.alloc(9), decided);
  const place = placeOf(ulid(clock.ms), clock.ms);
  const order = { older: older.id, olderKept: true, stretches, by: 'ada', reason: 'Card', at: clock.ms };
  await catalogue.recordings.redact({ ...place, ...order });
  const redaction = {
    ...{ ...order, olderPlainSha256: older.plainSha256, olderSealedSha256: older.sealedSha256 },
    olderManifestSha256: null,
  };
  await catalogue.recordings.redacted(
    { ...older, ...place, version: 2, redaction },
    Buffer.alloc(9),
    undefined,
  );
  await catalogue.recordings.dropRedaction(place.id);
  return { call, older: older.id, newer: place.id };
}

async function olderLab(t: Parameters<typeof approvalsLab>[0]) {
  const made = await approvalsLab(t);
  const { lab, approvals } = made;
  const erased: string[] = [];
  const older = createOlderRequests({
    ...{ ...lab.deps, approvals, taking: { take: () => {} } },
    identity: async (id) => `key of ${id}`,
    eraseVersion: async (id) => void erased.push(id),
  });
  const code = await made.withFactor('ben');
  for (const name of ['ada', 'eve']) await lab.add(name);
  const approve = async (id: string) => {
    const { digest } = (await lab.catalogue.approvals.get(id))!;
    lab.clock.ms += 30_000;
    await made.proof('ben', code(), { id, digest });
    await made.ask('approve', { by: lab.by('ben'), id, digest });
  };
  return { ...made, older, erased, approve };
}

t.test(
  'an earlier version is given to the person whose request was approved, for a day, each time on record',
  async (t) => {
    const { lab, older, approve } = await olderLab(t);
    const of = await redactedCall(lab);
    const another = await redactedCall(lab);
    const open = (recording = of.older, person = 'ada', as: 'play' | 'download' = 'play') =>
      older.open_older({ by: lab.by(person), recording, as });
    const missing = { code: 'approval_missing' };
    await t.rejects(async () => open(), missing, 'nobody asked');
    const named = { by: lab.by('ada'), recording: of.older, reason: 'Dispute with Ada Caller' };
    await t.rejects(async () => older.ask_older(named), { code: 'reason_names' });
    const { approval } = await older.ask_older({ by: lab.by('ada'), recording: of.older, reason: 'Dispute' });
    t.same(
      await older.ask_older({ by: lab.by('ada'), recording: of.older, reason: 'Again' }),
      { approval },
      'once',
    );
    await t.rejects(async () => open(), missing, 'nobody approved');
    t.match(await older.earlier_versions({ by: lab.by('ada'), call: of.call }), {
      rule: null,
      versions: [
        { recording: of.older, version: 1, kept: true, access: 'waiting', may_ask: true, reason: 'Card' },
      ],
    });
    await approve(approval);
    await lab.unwritten('open_older', async () => open());
    t.same(await open(), { recording: of.older, identity: `key of ${of.older}` });
    const entries = await lab.catalogue.audit.entries({ limit: 2 });
    t.same(entries.map(({ action }) => action).sort(), ['approval_use', 'play']);
    t.match(
      entries.find(({ action }) => action === 'play'),
      {
        ...{ actor_id: 'ada', object_id: of.call, reason: 'Dispute' },
        detail: { recording: of.older, version: 1, approval },
      },
    );
    await open(of.older, 'ada', 'download');
    t.match(await lab.entry(), { action: 'download', detail: { approval } });
    for (const person of ['ben', 'eve']) await t.rejects(async () => open(of.older, person), missing, person);
    await t.rejects(async () => open(another.older), missing, 'another version');
    await t.rejects(async () => open(of.newer), { code: 'recording_absent' }, 'it is no earlier version');
    const until = (await lab.catalogue.approvals.get(approval))!.expiresAt;
    lab.clock.ms = until - 1;
    await open();
    await lab.catalogue.people.change('ben', { disabled: true }, lab.clock.ms);
    await t.rejects(async () => open(), missing, 'the second person was disabled');
    await lab.catalogue.people.change('ben', { disabled: false }, lab.clock.ms);
    lab.clock.ms = until;
    await t.rejects(async () => open(), missing, 'a day later');
    t.match(await older.earlier_versions({ by: lab.by('ada'), call: of.call }), {
      versions: [{ access: 'used' }],
    });
  },
);

t.test('a withdrawn approval closes it, and only who may play the whole call asks', async (t) => {
  const { lab, older, approve, ask } = await olderLab(t);
  const of = await redactedCall(lab);
  await lab.add('box', { ...FOUNDER, roles: ['admin'] });
  const asking = (person: string) =>
    older.ask_older({ by: lab.by(person), recording: of.older, reason: 'Dispute' });
  await t.rejects(async () => asking('box'), { code: 'forbidden' }, 'who plays nothing');
  t.match(await older.earlier_versions({ by: lab.by('box'), call: of.call }), {
    versions: [{ may_ask: false }],
  });
  const { approval } = await asking('ada');
  await approve(approval);
  const open = async () => older.open_older({ by: lab.by('ada'), recording: of.older, as: 'play' });
  await open();
  await ask('withdraw_approval', { by: lab.by('ben'), id: approval });
  await t.rejects(open(), { code: 'approval_missing' });
});

t.test('an earlier version is erased later with a reason, on record, and then given to nobody', async (t) => {
  const { lab, older, erased } = await olderLab(t);
  const of = await redactedCall(lab);
  const erase = (recording: string, reason: string) =>
    older.erase_older({ by: { console: 'root' }, recording, reason });
  await t.rejects(async () => erase(of.older, ' '), { code: 'request_invalid' });
  await t.rejects(
    async () => erase(of.newer, 'Not needed'),
    { code: 'recording_absent' },
    'never the newest',
  );
  await erase(of.older, 'Not needed');
  t.same(erased, [of.older]);
  t.match(await lab.entry(), {
    action: 'older_erase',
    reason: 'Not needed',
    detail: { recording: of.older },
  });
});

t.test('an earlier version under legal hold, or before its minimum, is not erased', async (t) => {
  const { lab, older, erased } = await olderLab(t);
  const { catalogue, clock } = lab;
  const erase = (recording: string) =>
    older.erase_older({ by: { console: 'root' }, recording, reason: 'Not needed' });
  const early = await redactedCall(lab, { minUntil: clock.ms + 1_000 });
  await t.rejects(async () => erase(early.older), { code: 'kept_by_minimum' });
  const held = await redactedCall(lab);
  const opened = { id: 'M1', name: 'Court', reason: 'Claim', openedBy: 'ada', openedAt: clock.ms };
  await catalogue.holds.open({ ...opened, query: null });
  await catalogue.holds.pick('M1', [held.older], 'ada', clock.ms);
  await t.rejects(async () => erase(held.older), { code: 'kept_by_hold', detail: /Court/ });
  const before = because('redacted');
  for (const [id, code] of [
    [early.older, 'kept_by_minimum'],
    [held.older, 'kept_by_hold'],
  ] as const)
    await t.rejects(catalogue.recordings.eraseIntended(id, before, clock.ms), { code }, 'the second lock');
  t.same(erased, []);
  t.same(
    await catalogue.audit.entries({ actions: ['older_erase'], limit: 9 }),
    [],
    'no entry says that it was',
  );
  clock.ms += 1_000;
  await erase(early.older);
  t.same(erased, [early.older], 'once the minimum is over');
});
