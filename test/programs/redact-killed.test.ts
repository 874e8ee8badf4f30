import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { entryOf } from '../../daemon/domain/assurance/audit.js';
import { RETENTION_RUN } from '../../daemon/domain/certificate/certificate.js';
import { placeOf } from '../../daemon/domain/paths.js';
import { type RedactionOrder, stretchesSaid } from '../../daemon/domain/recording/redaction.js';
import { aNotice, aPlaying } from '../support/catalogue/every-row.js';
import { inThisThread } from '../support/catalogue/in-this-thread.js';
import { killedBeforeEach } from '../support/recordings/killed-at.js';
import { answeredAt, preserveLab, wavOf } from '../support/recordings/preserve-lab.js';
import { NEWER, NOW, openRedactHouse } from '../support/recordings/redact-until-killed.js';

const FOUND = { found: true, in: 'us', fromMs: 80, untilMs: 4_080, share: 1, correlation: 1 } as const;
const PROGRAM = 'redact-until-killed.ts';

const CALL = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** Something like speech: no window is as another. */
function voice(seconds: number, seed: number): Buffer {
  let noise = seed;
  const samples = Int16Array.from({ length: seconds * 8_000 }, (_, n) => {
    noise = (noise * 1_103_515_245 + 12_345) % 2 ** 31;
    const loud = 0.3 + 0.7 * Math.abs(Math.sin(n / (1_700 + seed)));
    return Math.round(
      loud * (6_000 * Math.sin(n / (8 + seed)) + 2_000 * Math.sin(n / 3.1) + noise / 2 ** 22),
    );
  });
  return wavOf(samples);
}

/** A data directory with a sealed recording of eight seconds. */
async function sealed(t: Test) {
  const lab = await preserveLab(t);
  await lab.add(CALL, [{ in: voice(8, 1), out: voice(8, 2) }], { talkMs: 8_000 });
  const { recording } = await lab.run(CALL);
  return { ...lab, recording: recording! };
}

const orderOf = (older: string, olderKept: boolean): RedactionOrder => ({
  ...placeOf(NEWER, answeredAt),
  ...{ older, olderKept },
  stretches: [
    { side: 'them', fromMs: 1_000, untilMs: 3_000 },
    { side: 'both', fromMs: 6_000, untilMs: 8_000 },
  ],
  ...{ by: 'Anna', reason: 'Card number', at: NOW },
});

/** The entry with which somebody has asked for it. */
const askedFor = ({ id, older, by, reason, stretches, olderKept }: RedactionOrder) =>
  entryOf({ actor: 'person', actor_id: 'U1', actor_name: by, address: '' }, NOW, 'redact', {
    ...{ object: 'call', object_id: CALL, reason },
    detail: {
      ...{ recording: older, newer: id, older: olderKept ? 'keep' : 'destroy' },
      stretches: stretchesSaid(stretches),
    },
  });

const loudest = (pcm: Buffer, side: 'them' | 'us', from: number, to: number): number => {
  let most = 0;
  for (let n = from * 8; n < Math.min(to * 8, pcm.length / 4); n++)
    most = Math.max(most, Math.abs(pcm.readInt16LE(4 * n + (side === 'us' ? 2 : 0))));
  return most;
};

t.test('a redaction makes a version that is silent there, and destroys the one before', async (t) => {
  const lab = await sealed(t);
  const older = lab.recording;
  await lab.catalogue.notices.decide(aNotice(CALL));
  const { seq } = await lab.catalogue.notices.tell(aPlaying(CALL));
  await lab.catalogue.notices.found(seq, FOUND);
  await lab.catalogue.recordings.redact(orderOf(older.id, false));
  await t.rejects(
    lab.catalogue.recordings.redact({ ...orderOf(older.id, false), ...placeOf(CALL, answeredAt) }),
    { code: 'redaction_refused' },
    'one at a time',
  );
  const house = await openRedactHouse(lab.dir);
  t.teardown(house.close);
  const before = await house.pcm(older);
  const made = await house.redactor.redact(orderOf(older.id, false));
  const call = (await house.catalogue.calls.get(CALL))!;
  t.match(call.recording, { id: NEWER, of: older.id, version: 2, state: 'sealed', supersededBy: null });
  t.equal(call.coverage.status, 'recorded');
  const after = await house.pcm(made);
  t.ok(Math.abs(after.length - before.length) <= 4 * 8);
  t.ok(loudest(after, 'them', 1_050, 2_950) < 40 && loudest(after, 'them', 6_050, 8_100) < 40);
  t.ok(loudest(after, 'us', 6_050, 8_100) < 40, 'to the very end');
  t.ok(loudest(after, 'us', 1_050, 2_950) > 3_000, 'the other side is heard');
  t.ok(loudest(after, 'them', 3_100, 5_900) > 3_000);
  t.match(made.masks, [
    { atMs: 1_000, untilMs: 3_000, side: 'them', kind: 'redacted' },
    { atMs: 6_000, untilMs: 8_000, side: 'both', kind: 'redacted' },
  ]);
  const { manifest, fault } = await house.manifest(NEWER);
  t.equal(fault, null);
  t.match(manifest!.consent, {
    notice: { mode: 'announce' },
    played: [{ found: { in: 'us', from_ms: 80 } }],
  });
  t.match(manifest!.recording, {
    ...{ id: NEWER, of: older.id, version: 2 },
    redaction: {
      ...{ by: 'Anna', reason: 'Card number' },
      older: {
        id: older.id,
        plain_sha256: older.plainSha256,
        sealed_sha256: older.sealedSha256,
        kept: false,
      },
      stretches: [{ side: 'them', from_ms: 1_000, until_ms: 3_000 }, { side: 'both' }],
    },
  });
  t.match(await house.catalogue.recordings.get(older.id), {
    ...{ state: 'erased', supersededBy: NEWER },
    eraseWhy: { code: 'redacted' },
  });
  t.notOk(await house.keys.has(older.id));
  t.notOk(await house.store.exists(older));
  t.same(await house.catalogue.recordings.redactions(), []);
  t.match(
    (await house.catalogue.audit.entries({ limit: 9 })).map((e) => e.action),
    ['erased', 'erase', 'redacted'],
  );
});

t.test('a version that is kept is heard by nobody, also when the redacted one is erased', async (t) => {
  const lab = await sealed(t);
  const older = lab.recording;
  await lab.catalogue.recordings.redact(orderOf(older.id, true));
  const house = await openRedactHouse(lab.dir);
  t.teardown(house.close);
  await house.redactor.redact(orderOf(older.id, true));
  t.match(await house.catalogue.recordings.get(older.id), { state: 'sealed', supersededBy: NEWER });
  t.ok(await house.keys.has(older.id));
  await house.retain.erase(NEWER, { code: 'redacted', params: {} }, RETENTION_RUN);
  t.match((await house.catalogue.calls.get(CALL))!.recording, { id: NEWER, state: 'erased' });
});

t.test('what cannot be redacted is left as it was', async (t) => {
  const lab = await sealed(t);
  const older = lab.recording;
  const order = orderOf(older.id, false);
  await lab.catalogue.recordings.redact(order);
  const house = await openRedactHouse(lab.dir);
  t.teardown(house.close);
  writeFileSync(join(lab.dir, older.file), 'no recording');
  await t.rejects(house.redactor.redact(order), { code: 'seal_damaged' });
  t.notOk(await house.keys.has(NEWER));
  t.same(await house.catalogue.recordings.redactions(), []);
  t.match((await house.catalogue.calls.get(CALL))!.recording, { id: older.id, state: 'sealed' });
});

t.test('a redaction that was put into the catalogue, or changed there, is not carried out', async (t) => {
  const lab = await sealed(t);
  const older = lab.recording;
  const order = orderOf(older.id, true);
  await lab.catalogue.recordings.redact({ ...order, olderKept: false });
  const house = await openRedactHouse(lab.dir);
  t.teardown(house.close);
  for (const entry of [null, askedFor(order)]) {
    if (entry) await house.catalogue.audit.append(entry);
    await house.redactor.recover();
    t.match((await house.catalogue.calls.get(CALL))!.recording, { id: older.id, state: 'sealed' });
    t.match(house.alarms.get('foreign_redaction')?.why.params, { recordings: 1, named: [older.id] });
    t.equal(await house.keys.has(older.id), true);
  }
});

t.test('killed before any step, a redaction comes to the same end', async (t) => {
  const lab = await sealed(t);
  const older = lab.recording;
  const order = orderOf(older.id, false);
  await lab.catalogue.recordings.redact(order);
  await lab.catalogue.audit.append(askedFor(order));
  writeFileSync(join(lab.dir, 'order.json'), JSON.stringify(order));
  await lab.catalogue.checkpoint();
  const verbs: string[] = [];
  for await (const { dir, said, at, again } of killedBeforeEach(t, PROGRAM, lab.dir)) {
    if (!again) verbs.push(said);
    const house = await openRedactHouse(dir, undefined, inThisThread);
    const heard = (await house.catalogue.calls.get(CALL))!.recording!;
    t.ok(
      heard.state === 'sealed' && (await house.keys.has(heard.id)) && (await house.store.exists(heard)),
      `${at}: one version can be heard`,
    );
    await house.retain.recover();
    await house.redactor.recover();
    const made = (await house.catalogue.calls.get(CALL))!.recording!;
    t.match(made, { id: NEWER, version: 2, state: 'sealed' }, `${at}: the end`);
    t.match(await house.catalogue.recordings.get(older.id), { state: 'erased', supersededBy: NEWER });
    t.notOk((await house.keys.has(older.id)) || existsSync(join(dir, older.file)), `${at}: gone`);
    t.ok(loudest(await house.pcm(made), 'them', 1_050, 2_950) < 40);
    t.equal((await house.manifest(NEWER)).fault, null);
    t.match(await house.keys.register().find(NEWER), { settled: true });
    t.same(await house.catalogue.recordings.redactions(), []);
    await house.close();
  }
  t.equal(verbs.at(-1), 'finished');
  for (const verb of ['keys.create', 'store.put', 'keys.register.seal', 'catalogue.recordings.redacted'])
    t.ok(verbs.includes(verb), `it was killed before ${verb}`);
  for (const verb of [
    'keys.register.settle',
    'keys.destroyAll',
    'store.remove',
    'catalogue.recordings.erased',
  ])
    t.ok(verbs.includes(verb), `it was killed before ${verb}`);
});
