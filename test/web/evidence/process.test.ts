import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { unzipSync } from 'fflate';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import { digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { placeOf } from '../../../daemon/domain/paths.js';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import { keptOlder, shownOlder } from '../../../daemon/domain/recording/older.js';
import { askStream } from '../../../daemon/ops/control-client.js';
import { until } from '../../support/recorder.js';
import { openSound } from '../../support/requests/sound.js';
import { START } from '../../support/web/dashboard.js';
import { haveCall, openHouse, verify } from '../../support/web/evidence.js';

/** A recorder that gives packs out over its own socket, and those who may have them. */
async function recorder(t: Test, size: number) {
  const house = await openHouse(t, 'recorder-keys.db');
  const state = { unwritable: false, written: async () => {} };
  const { audit } = house.catalogue;
  const append: typeof audit.append = async (entry) => {
    if (state.unwritable) throw new Error('no room');
    await state.written();
    return audit.append(entry);
  };
  const catalogue = { ...house.catalogue, audit: { ...audit, append } };
  const { evidence } = openSound({
    ...{ catalogue, keys: house.keys, dataDir: house.dir, clock: Date.now },
    signing: {
      key: async () => house.key.keyId,
      sign: async () => (await house.checkpoints.sign()).note,
    },
  });
  Object.assign(house.streams, evidence.handlers);
  t.teardown(() => evidence.stop());
  const bytes = randomBytes(size);
  const { call, recording } = await haveCall(house, bytes);
  const add = (id: string, change: Partial<Person> = {}) =>
    house.catalogue.people.add({ ...FOUNDER, ...change, id, name: id, passwordHash: 'x', createdAt: START });
  for (const id of ['ada', 'bob', 'cleo']) await add(id);
  const ask = (person: string, more: object = {}, gone?: AbortSignal) =>
    askStream(
      house.dir,
      'make_evidence',
      {
        by: { person, session: 'S', address: '10.0.0.7' },
        call: call.id,
        reason: 'Case 9',
        version: '',
        ...more,
      },
      gone,
    );
  const exports = async () =>
    (await house.catalogue.audit.entries({ objectId: call.id, actions: ['export'], limit: 99 })).filter(
      (e) => e.outcome === 'ok',
    );
  return { ...house, bytes, state, call, recording, ask, exports, stop: evidence.stop };
}

const all = async (stream: Readable): Promise<Buffer> => Buffer.concat((await stream.toArray()) as Buffer[]);

/** The processes of ours that make packs. */
function packing(): number[] {
  const mine = (pid: string) => {
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
      const alive = !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      const runs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('evidence.js');
      return alive && runs && Number(parent) === process.pid;
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && mine(name))
    .map(Number);
}

t.test('a pack is made by a process that has one key, and is given out once it is on record', async (t) => {
  const r = await recorder(t, 90_000);
  const identity = await r.keys.identity(r.recording.id);
  let seen = 0;
  r.state.written = async () => {
    const [pid] = packing();
    seen = pid ?? 0;
    for (const file of ['cmdline', 'environ'])
      t.notOk(readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(identity), `${file} has no key`);
    t.equal(readFileSync(`/proc/${pid}/environ`, 'utf8').includes('PATH='), false, 'nothing is passed on');
    t.equal(Number(/\) \S (?:\S+ ){15}(\S+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]), 10);
  };
  const { head, stream } = await r.ask('ada');
  t.ok(seen > 0);
  t.same(head, { name: `tapedeck-evidence-${r.call.id}.zip` });
  t.match(await r.exports(), [
    {
      actor: 'person',
      actor_name: 'ada',
      address: '10.0.0.7',
      reason: 'Case 9',
      detail: { what: 'evidence' },
    },
  ]);
  const zip = await all(stream);
  t.same((await verify(zip)).faults, []);
  t.ok(r.bytes.equals(unzipSync(zip)['recording.opus']!));
  await until('that it has ended', async () => packing().length === 0);
});

t.test('nothing is given out without an entry, or to who may not have it', async (t) => {
  const r = await recorder(t, 20_000);
  r.state.unwritable = true;
  await t.rejects(r.ask('ada'), { code: 'audit_unwritable' });
  r.state.unwritable = false;
  await t.rejects(r.ask('nobody'), { code: 'not_signed_in' });
  await t.rejects(r.ask('ada', { call: 'nonsense' }), { code: 'call_unknown' });
  const { name } = r.call.them;
  await t.rejects(r.ask('ada', { reason: `Sent to ${name}` }), { code: 'reason_names' });
  t.same(await r.exports(), []);
  t.same(packing(), []);
});

t.test('a pack of a version from before a redaction, for whom a second person has approved', async (t) => {
  const r = await recorder(t, 20_000);
  const { recordings, approvals, people } = r.catalogue;
  const older = r.recording;
  const stretches = [{ side: 'both' as const, fromMs: 0, untilMs: 500 }];
  const order = { older: older.id, olderKept: true, stretches, by: 'cleo', reason: 'Card', at: START };
  const place = placeOf(ulid(START), START);
  await recordings.redact({ ...place, ...order });
  const before = { olderPlainSha256: older.plainSha256, olderSealedSha256: older.sealedSha256 };
  const redaction = { ...order, ...before, olderManifestSha256: null };
  await recordings.redacted({ ...older, ...place, version: 2, redaction }, Buffer.alloc(9), undefined);
  await recordings.dropRedaction(place.id);

  const version = older.id;
  await t.rejects(r.ask('ada', { version }), { code: 'approval_missing' }, 'nobody has approved');
  const of = keptOlder(await recordings.of(r.call.id), version);
  const shown = shownOlder(of);
  const at = Date.now();
  const id = ulid(at);
  await approvals.ask({
    ...{ id, act: 'hear_older', object: version, digest: digestOfShown(shown), shown, reason: 'Dispute' },
    ...{ askedBy: { id: 'ada', name: 'ada' }, askedAt: at, notBefore: at, expiresAt: at + 9e6, alone: false },
  });
  await t.rejects(r.ask('ada', { version }), { code: 'approval_missing' }, 'it only was asked for');
  const by = { id: 'bob', name: 'bob' };
  await approvals.approve(id, { digest: digestOfShown(shown), by, at: Date.now() });
  await t.rejects(r.ask('bob', { version }), { code: 'approval_missing' }, 'it is another person’s');
  await people.add({
    ...{ ...FOUNDER, grants: [], id: 'dora', name: 'dora', passwordHash: 'x', createdAt: START },
  });
  await t.rejects(r.ask('dora', { version }), { code: 'forbidden' }, 'who may not export');
  const { call: other } = await haveCall(r, randomBytes(500));
  await t.rejects(r.ask('ada', { version, call: other.id }), { code: 'recording_absent' });
  t.same(await r.exports(), []);

  const { head, stream } = await r.ask('ada', { version });
  t.same(head, { name: `tapedeck-evidence-${r.call.id}-v1.zip` });
  const zip = await all(stream);
  t.same((await verify(zip)).faults, []);
  const files = unzipSync(zip);
  t.ok(r.bytes.equals(files['recording.opus']!), 'the sound from before');
  const cover = execFileSync('pdftotext', ['-raw', '-', '-'], { input: files['cover.pdf']! }).toString();
  const from = 'version 1, from before cleo redacted it as version 2; approved by bob';
  t.ok(cover.replace(/\s/g, '').includes(`${from} (approval ${id})`.replace(/\s/g, '')), 'the cover says so');
  t.match(await r.exports(), [{ detail: { recording: version, version: 1, approval: id } }]);
  const [used] = await r.catalogue.audit.entries({ actions: ['approval_use'], limit: 1 });
  t.match(used, { object_id: id, actor_name: 'ada' });
});

t.test('at most two at once, one for each person; who goes away ends theirs', async (t) => {
  const r = await recorder(t, 20_000_000);
  const [ada, bob] = [await r.ask('ada'), await r.ask('bob')];
  t.equal(packing().length, 2);
  await t.rejects(r.ask('ada'), { code: 'too_many' });
  await t.rejects(r.ask('cleo'), { code: 'too_many' });
  ada.stream.destroy();
  await until('that one has ended', async () => packing().length === 1);
  const gone = new AbortController();
  const waiting = r.ask('cleo', {}, gone.signal);
  await until('that it has begun', async () => packing().length === 2);
  gone.abort();
  await t.rejects(waiting);
  await until('that it has ended', async () => packing().length === 1);

  process.kill(packing()[0]!, 'SIGKILL');
  await t.rejects(all(bob.stream), 'a pack that breaks off is not taken for a whole one');
  const next = await r.ask('cleo');
  r.stop();
  await t.rejects(all(next.stream), 'nor one that the recorder ends');
  await until('that all have ended', async () => packing().length === 0);
});
