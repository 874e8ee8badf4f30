import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ulid } from 'ulid';
import type { TapedeckError } from '../../../daemon/domain/error.js';
import { keysFile } from '../../../daemon/domain/paths.js';
import { FOUNDER, type Person, type TokenRight } from '../../../daemon/domain/people/person.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { opened } from '../../support/catalogue/opened.js';
import { flip } from '../../support/recordings/sealed.js';
import { openSound } from '../../support/requests/sound.js';
import { addRecording, START } from '../../support/web/dashboard.js';
import { noted } from '../../support/words.js';

const NONE = { all: false, extensions: [], queues: [], dids: [] };

/** A recorder that is asked for sound, and what it did, in order. */
async function house(t: Test) {
  const dataDir = t.testdir({});
  const { catalogue: real } = await opened(t, `${dataDir}/catalogue/catalogue.db`);
  const keys = createKeys({ path: keysFile(dataDir), masterKey: randomBytes(32) });
  keys.start();
  t.teardown(() => keys.stop());
  const clock = { ms: START };
  const state = { unwritable: false, beforeKey: async () => {} };
  const did: string[] = [];
  const append: typeof real.audit.append = async (entry) => {
    if (state.unwritable) throw new Error('no room');
    const written = await real.audit.append(entry);
    did.push(entry.action);
    await state.beforeKey();
    return written;
  };
  const catalogue = { ...real, audit: { ...real.audit, append } };
  const counted = {
    identity: async (id: string) => {
      did.push('key');
      return keys.identity(id);
    },
    register: keys.register,
  };
  const sound = openSound({ catalogue, keys: counted, dataDir, clock: () => clock.ms });
  const add = async (name: string, change: Partial<Person> = {}) => {
    await real.people.add({
      ...{ ...FOUNDER, ...change, id: name, name },
      ...{ passwordHash: 'x', createdAt: START },
    });
    return name;
  };
  const made = await addRecording({ catalogue: real, keys, dataDir }, randomBytes(200_000));
  const testCall = () =>
    addRecording({ catalogue: real, keys, dataDir }, randomBytes(1_000), { call: { test: true } });
  const by = (person: string, token?: string) => ({
    ...{ person, session: 'S1', address: '10.0.0.7' },
    ...(token === undefined ? {} : { token }),
  });
  const open = (person: string, more: object = {}, token?: string) =>
    sound.sound.open_recording({
      ...{ by: by(person, token), call: made.call.id, as: 'play' as const, reason: '' },
      ...more,
    });
  const refusal = (work: unknown) =>
    (work as Promise<unknown>).then(
      () => 'given',
      (e: TapedeckError) => e.code,
    );
  const entries = () => real.audit.entries({ actions: ['play', 'download', 'damage'], limit: 100 });
  return {
    ...sound,
    ...made,
    catalogue: real,
    keys,
    dataDir,
    clock,
    state,
    did,
    add,
    testCall,
    open,
    refusal,
    entries,
  };
}

t.test('the key of one recording is given once it is on record who plays it', async (t) => {
  const h = await house(t);
  await h.add('ada');
  const given = await h.open('ada', { reason: 'They called back' });
  t.same(given, { recording: h.recording.id, identity: await h.keys.identity(h.recording.id) });
  t.same(h.did, ['play', 'key'], 'in this order');
  t.match(await h.entries(), [
    {
      ...{ action: 'play', actor: 'person', actor_id: 'ada', actor_name: 'ada', address: '10.0.0.7' },
      ...{ object: 'call', object_id: h.call.id, reason: 'They called back', outcome: 'ok' },
      detail: { recording: h.recording.id },
    },
  ]);
  await h.open('ada', { as: 'download' });
  t.equal((await h.entries())[0]?.action, 'download');
});

t.test('a log that cannot be written gives no key', async (t) => {
  const h = await house(t);
  await h.add('ada');
  h.state.unwritable = true;
  t.equal(await h.refusal(h.open('ada')), 'audit_unwritable');
  t.same(h.did, []);
});

t.test(
  'only to who may hear the call, as the recorder knows them, and with the reason that they owe',
  async (t) => {
    const h = await house(t);
    await h.add('admin', { roles: ['admin'], scope: NONE, grants: [] });
    await h.add('elsewhere', { roles: ['reviewer'], scope: { ...NONE, extensions: ['999'] }, grants: [] });
    await h.add('reviewer', { roles: ['reviewer'], grants: [] });
    await h.add('auditor', { roles: ['auditor'], scope: NONE, grants: [] });
    t.equal(await h.refusal(h.open('nobody')), 'not_signed_in');
    t.equal(await h.refusal(h.open('admin')), 'forbidden', 'who runs the box hears nothing');
    t.equal(await h.refusal(h.open('elsewhere')), 'call_unknown');
    t.equal(await h.refusal(h.open('reviewer', { as: 'download' })), 'forbidden');
    t.equal(await h.refusal(h.open('reviewer', { call: ulid() })), 'call_unknown');
    t.equal(await h.refusal(h.open('reviewer', { call: 'nonsense' })), 'call_unknown');
    t.equal(await h.refusal(h.open('auditor')), 'reason_needed');
    t.equal(await h.refusal(h.open('auditor', { reason: ' \u202e ' })), 'reason_needed');
    for (const reason of ['Complaint of EXAMPLE GmbH', 'The call of 030 123 444', '+4930123444'])
      t.equal(await h.refusal(h.open('auditor', { reason })), 'reason_names', reason);
    t.same(h.did, []);
    t.equal(await h.refusal(h.open('auditor', { reason: 'Audit 2026' })), 'given');
    t.equal(await h.refusal(h.open('reviewer')), 'given');
    const { call } = await h.testCall();
    t.equal(
      await h.refusal(h.open('reviewer', { call: call.id })),
      'call_unknown',
      'test calls are nobody’s',
    );
  },
);

t.test('a token opens what it was made for, and is named', async (t) => {
  const h = await house(t);
  await h.add('ada');
  const token = async (...rights: TokenRight[]) => {
    const id = ulid();
    const times = { createdAt: START, expiresAt: START + 1e9 };
    await h.catalogue.tokens.add(
      { id, userId: 'ada', name: 'script', rights, ...times },
      randomBytes(32).toString('hex'),
    );
    return id;
  };
  t.equal(await h.refusal(h.open('ada', {}, await token('view'))), 'forbidden');
  t.equal(await h.refusal(h.open('ada', {}, ulid())), 'not_signed_in');
  const id = await token('view', 'play');
  await h.open('ada', {}, id);
  t.match((await h.entries())[0], { actor: 'token', detail: { token: id } });
});

t.test('what was erased is not opened, also when that begins between the entry and the key', async (t) => {
  const h = await house(t);
  await h.add('ada');
  h.state.beforeKey = () =>
    h.catalogue.recordings.eraseIntended(h.recording.id, noted('Its time had come.'), START);
  t.equal(await h.refusal(h.open('ada')), 'key_missing');
  t.same(h.did, ['play'], 'the key was not read');
  t.equal(await h.refusal(h.open('ada')), 'key_missing');
});

t.test('who takes too many is refused, with one alarm that names them', async (t) => {
  const h = await house(t);
  for (const name of ['ada', 'bob', 'cleo', 'dan', 'eve', 'fay']) await h.add(name);
  const take = async (name: string, many: number) => {
    let given = 0;
    for (let n = 0; n < many; n++) if ((await h.refusal(h.open(name))) === 'given') given += 1;
    return given;
  };
  t.equal(await take('ada', 210), 200, 'at once');
  t.match(h.standing.get('recordings_taken'), {
    severity: 'critical',
    message: /^ada opened more recordings/,
    forMs: 3_600_000,
  });
  const before = (await h.catalogue.audit.head()).size;
  await take('ada', 3);
  t.equal((await h.catalogue.audit.head()).size, before, 'what is refused is not on record as played');
  t.equal(await take('bob', 1), 1, 'nobody else is kept waiting');
  h.clock.ms += 60_000;
  t.equal(await take('ada', 20), 10, 'and 600 in an hour');
  for (const name of ['bob', 'cleo', 'dan']) await take(name, 200);
  h.standing.clear();
  h.clock.ms += 60_000;
  const all = (await take('eve', 200)) + (await take('fay', 200));
  t.ok(all < 400, 'all together have a limit too');
  t.match(h.standing.get('recordings_taken'), { message: /by all users together/ });
});

t.test('a test call is opened by its own pass alone, once, and without an entry', async (t) => {
  const h = await house(t);
  const { call, recording } = await h.testCall();
  const open = (pass: string, id = call.id) => h.refusal(h.sound.open_test_call({ pass, call: id }));
  t.equal(await open(h.passes.give(h.call.id), h.call.id), 'call_unknown', 'it is somebody’s call');
  const pass = h.passes.give(call.id);
  t.equal(await open(h.passes.give(ulid())), 'call_unknown');
  t.equal(await open('A'.repeat(22)), 'call_unknown');
  t.same(h.did, []);
  t.same(await h.sound.open_test_call({ pass, call: call.id }), {
    recording: recording.id,
    identity: await h.keys.identity(recording.id),
  });
  t.equal(await open(pass), 'call_unknown', 'a second time');
  t.same(h.did, ['key']);
  t.same(await h.entries(), []);
});

t.test('damage is believed when the recorder has seen it', async (t) => {
  const h = await house(t);
  const fault = async () => (await h.catalogue.seals.check(h.recording.id))?.fault ?? null;
  const met = () => h.sound.met_damage({ recording: h.recording.id });
  await met();
  t.equal(await fault(), null, 'it was said of a good one');
  flip(h.path, readFileSync(h.path), 100_000);
  await met();
  t.equal(await fault(), null, 'and not read again within a minute');
  h.clock.ms += 60_000;
  await Promise.all([met(), met()]);
  t.match(await fault(), /not those that were sealed/);
  await met();
  t.match(
    (await h.entries()).map(({ actor, action, object_id, outcome, detail }) => [
      actor,
      action,
      object_id,
      outcome,
      detail.found,
    ]),
    [['tapedeck', 'damage', h.call.id, 'failed', 'when it was played']],
    'once',
  );
  await h.sound.met_damage({ recording: 'nonsense' });
});
