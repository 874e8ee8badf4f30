import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { OWNER } from '../../../daemon/domain/operations/control/owner.js';
import { CONTROL, type ControlBody, type ControlName } from '../../../daemon/domain/operations/control.js';
import { controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';
import { createControl } from '../../../daemon/operations/control.js';
import { ask as askOwner, connectControl } from '../../../daemon/ops/control-client.js';
import { createLog } from '../../../daemon/ops/log.js';
import { hashPassword, verifyPassword } from '../../../daemon/ops/secrets/password.js';
import { tablesOf } from '../../support/catalogue/tables.js';
import { handlersOf, streamsOf } from '../../support/control-handlers.js';
import { AUDITOR, type PeopleLab, peopleLab } from '../../support/people-lab.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const by = { console: 'root' };
const CONSOLE = { actor: 'console', actor_id: '', actor_name: 'root', address: '' };

/** A recording, as sealed. */
async function withRecording({ catalogue }: PeopleLab): Promise<void> {
  await catalogue.calls.save(aCall('C1'));
  const coverage = { status: 'recorded', why: noted('All of it.'), rule: null, missingMs: 0 } as const;
  await catalogue.recordings.sealed(aRecording('R1', 'C1'), Buffer.alloc(9), coverage);
}

t.test('the first person may be added without rights, and everybody after with theirs', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, hash } = lab;
  const first = () => ask('add_user', { by, name: 'ada', hash });
  await t.rejects(ask('add_user', { by, name: 'ada', hash: 'in the clear' }), { code: 'request_invalid' });
  await lab.unwritten('add_user', first);
  const { id } = await first();
  t.match(await lab.entry(), { ...CONSOLE, action: 'person_add', object_id: id, detail: { name: 'ada' } });
  const size = await lab.size();
  t.match(await catalogue.people.get(id), { ...FOUNDER, name: 'ada', passwordHash: hash });

  await t.rejects(ask('add_user', { by, name: 'ben', hash }), { code: 'request_invalid', detail: /rights/ });
  const add = (name: string, rights = AUDITOR) => ask('add_user', { by, name, hash, rights });
  await t.rejects(add('ADA'), { code: 'user_exists' });
  await t.rejects(add('b\u202en'), { code: 'name_unclear' });
  await t.rejects(add('ben', { ...AUDITOR, roles: [] }), { code: 'person_invalid' });
  t.equal(await lab.size(), size, 'what is refused changes nothing');
  const ben = await add('ben');
  t.match(await lab.entry(), { ...CONSOLE, action: 'person_add', detail: { roles: ['auditor'] } });
  t.match(await catalogue.people.get(ben.id), AUDITOR);
});

t.test('a password that is set ends sessions and tokens, with the entry or not at all', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock } = lab;
  await lab.add('ada');
  const token = { id: 'tok', userId: 'ada', name: 'nightly', rights: ['oversee' as const], createdAt: 1 };
  await catalogue.tokens.add({ ...token, expiresAt: clock.ms + 1e9 }, 'h');
  const { epoch } = (await catalogue.people.standing('ada'))!;
  const next = await hashPassword('four other quiet words');
  const set = (id = 'ada', hash = next) => ask('set_password', { by, id, hash });
  await t.rejects(set('nobody'), { code: 'person_unknown' });
  await t.rejects(set('ada', 'in the clear'), { code: 'request_invalid' });
  await lab.unwritten('set_password', set);
  t.equal((await catalogue.people.standing('ada'))!.epoch, epoch);
  t.strictSame(await set(), { tokens_ended: ['nightly'] });
  t.match(await lab.entry(), {
    ...{ ...CONSOLE, action: 'password_change', object_id: 'ada' },
    detail: { name: 'ada', tokens_ended: ['nightly'] },
  });
  t.ok((await catalogue.people.standing('ada'))!.epoch > epoch, 'sessions have ended');
  t.strictSame(await catalogue.tokens.of('ada'), []);
  t.ok(await verifyPassword((await catalogue.people.get('ada'))!.passwordHash, 'four other quiet words'));
});

t.test('second factors are reset, with the entry or not at all', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  await lab.add('ada');
  await lab.prove('ada', { password: 'five unrelated quiet words' });
  await lab.withApp('ada');
  const { epoch } = (await catalogue.people.standing('ada'))!;
  const reset = (id = 'ada') => ask('reset_factors', { by, id });
  await t.rejects(reset('nobody'), { code: 'person_unknown' });
  await lab.unwritten('reset_factors', reset);
  t.match(await catalogue.factors.state('ada'), { totp: true });
  await reset();
  t.match(await lab.entry(), {
    ...CONSOLE,
    action: 'person_change',
    detail: { changes: [/second factors/] },
  });
  t.match(await catalogue.factors.state('ada'), { totp: false, passkeys: 0, recoveryCodes: 0 });
  t.ok((await catalogue.people.standing('ada'))!.epoch > epoch, 'sessions have ended');
});

t.test('what somebody else may have added is taken back by its name or by its age', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue, clock, standing } = lab;
  await lab.add('ada');
  await lab.prove('ada', { password: 'five unrelated quiet words' });
  const code = await lab.withApp('ada');
  const addKey = (id: string, name: string) =>
    catalogue.factors.addPasskey({
      ...{ id, userId: 'ada', name, publicKey: new Uint8Array(9), counter: 0, transports: [] },
      ...{ host: 'desk.example', addedAt: clock.ms, usedAt: null },
    });
  clock.ms += 10 * 86_400_000;
  const since = clock.ms;
  await addKey('K1', 'laptop');
  await addKey('K2', 'phone');
  await catalogue.tokens.add(
    { id: 'tok', userId: 'ada', name: 'x', rights: [], createdAt: 1, expiresAt: clock.ms * 2 },
    'h',
  );
  const take = (which: { named: string } | { since: number }) =>
    ask('remove_factors', { by, id: 'ada', which });
  await t.rejects(take({ named: 'tablet' }), { code: 'request_invalid', detail: /no factor "tablet"/ });
  await lab.unwritten('remove_factors', () => take({ since }));
  standing.clear();
  t.strictSame(await take({ named: 'laptop' }), { removed: ['the passkey laptop', 'the recovery codes'] });
  t.match(
    [...standing.values()],
    [
      {
        message:
          'Second factors of ada were removed (the passkey laptop, the recovery codes) by root on the command line.',
      },
    ],
  );
  t.match(await catalogue.factors.state('ada'), { totp: true, passkeys: 1, recoveryCodes: 0 });
  t.strictSame(await catalogue.tokens.of('ada'), []);
  const { epoch } = (await catalogue.people.standing('ada'))!;
  t.strictSame(await take({ since }), { removed: ['the passkey phone', 'the recovery codes'] });
  t.match(await lab.entry(), { ...CONSOLE, action: 'person_change', object_id: 'ada' });
  t.match(await catalogue.factors.state('ada'), { totp: true, passkeys: 0 }, 'what is older stays');
  t.ok((await catalogue.people.standing('ada'))!.epoch > epoch, 'sessions have ended');
  t.match(await lab.prove('ada', { code: code() }, { session: 'new' }), { proofs: ['totp'] });
  await take({ named: 'app' });
  t.match(await catalogue.factors.state('ada'), { totp: false });
});

t.test('what the command line did is in the log as it says, by the console', async (t) => {
  const lab = await peopleLab(t);
  const write = () =>
    lab.ask('write_entry', {
      ...{ by, action: 'export', outcome: 'ok', object: 'call', object_id: 'C1', reason: 'Case 7' },
      ...{ detail: { sha256: 'abc' }, words: '020 5551234' },
    });
  await lab.unwritten('write_entry', write);
  await write();
  t.match(await lab.entry(), {
    ...{ ...CONSOLE, action: 'export', outcome: 'ok', object: 'call', object_id: 'C1', reason: 'Case 7' },
    ...{ detail: { sha256: 'abc' }, words: '020 5551234' },
  });
});

t.test('a finding is on its row, and in the log when it is news', async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  await withRecording(lab);
  const found = 'when it was exported';
  const put = (fault: string | null, recording = 'R1') => ask('put_finding', { by, recording, fault, found });
  await t.rejects(put('Its file is missing.', 'R9'), { code: 'recording_absent' });
  await put(null);
  t.equal(await lab.size(), 0, 'nothing is wrong');
  t.match(await catalogue.seals.check('R1'), { fault: null, checkedAt: lab.clock.ms });
  await lab.unwritten('put_finding', () => put('Its file is missing.'));
  await put('Its file is missing.');
  t.match(await lab.entry(), { ...CONSOLE, action: 'damage', object_id: 'C1', detail: { found } });
  t.match(await catalogue.seals.check('R1'), { fault: 'Its file is missing.' });
  const size = await lab.size();
  await put('Its file is missing.');
  t.equal(await lab.size(), size, 'once');
});

t.test("an app's secret is replaced only if it is still what it was", async (t) => {
  const lab = await peopleLab(t);
  const { ask, catalogue } = lab;
  await lab.add('ada');
  await lab.prove('ada', { password: 'five unrelated quiet words' });
  await lab.withApp('ada');
  const sealed = async () => Buffer.from((await catalogue.factors.totps())[0]!.sealed).toString('base64');
  const [before, after] = [await sealed(), Buffer.from('under another key').toString('base64')];
  await ask('reseal_totp', { by, person: 'ada', before: 'AAAA', after });
  t.equal(await sealed(), before, 'somebody has given a new one meanwhile');
  await ask('reseal_totp', { by, person: 'ada', before, after });
  t.equal(await sealed(), after);
});

t.test(
  'all of them are answered on the socket of the owner, and none on that of the dashboard',
  async (t) => {
    const lab = await peopleLab(t);
    const { hash } = lab;
    await lab.add('ada');
    await withRecording(lab);
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    const socket = controlSocket(dir);
    const control = createControl({
      ...{ socket, ownerSocket: ownerSocket(dir), log: createLog('silent', 'test') },
      ...{ handlers: handlersOf(lab.handlers), streams: streamsOf() },
    });
    await control.start();
    const dashboard = connectControl(dir);
    t.teardown(async () => {
      dashboard.stop();
      await control.stop();
      rmSync(dir, { recursive: true });
    });
    const bodies: { [N in keyof typeof OWNER]: (by: ControlBody<'add_user'>['by']) => ControlBody<N> } = {
      add_user: (by) => ({ by, name: 'eve', rights: FOUNDER, hash }),
      set_password: (by) => ({ by, id: 'ada', hash }),
      reset_factors: (by) => ({ by, id: 'ada' }),
      remove_factors: (by) => ({ by, id: 'ada', which: { since: 0 } }),
      write_entry: (by) => ({
        ...{ by, action: 'sign_in', outcome: 'ok', object: '', object_id: '', reason: '', detail: {} },
      }),
      put_finding: (by) => ({ by, recording: 'R1', fault: 'It is gone.', found: 'when it was verified' }),
      reseal_totp: (by) => ({ by, person: 'ada', before: 'AAAA', after: 'BBBB' }),
    };
    const names = Object.keys(OWNER) as (keyof typeof OWNER)[];
    t.strictSame(Object.keys(bodies).sort(), [...names].sort());
    t.strictSame(
      (Object.keys(CONTROL) as ControlName[]).filter(
        (name) => CONTROL[name].socket === 'owner' && name in OWNER,
      ),
      names,
    );

    const posted = (path: string, body: unknown) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const req = request({ socketPath: socket, method: 'POST', path, headers }, (res) =>
          resolve(res.resume().statusCode ?? 0),
        );
        req.on('error', reject).end(JSON.stringify(body));
      });
    const me = { person: 'ada', session: 'S', address: '' };
    const before = tablesOf(lab.db);
    for (const name of names) {
      const { path } = CONTROL[name];
      for (const sent of [by, me as never]) {
        await t.rejects(dashboard.ask(name, bodies[name](sent)), { message: /404/ }, name);
        for (const other of [`/.${path}`, `/${path}`, path.toUpperCase(), `${path}/`])
          t.equal(await posted(other, bodies[name](sent)), 404, other);
      }
      await t.rejects(
        askOwner(dir, name, bodies[name](me as never)),
        { code: 'request_invalid' },
        `${name} is for the command line alone`,
      );
    }
    t.strictSame(tablesOf(lab.db), before, 'nothing was done');
    for (const name of names) await askOwner(dir, name, bodies[name](by));
    t.match(
      (await lab.catalogue.audit.entries({ limit: 6 }))
        .map((e) => [e.actor, e.actor_name, e.action])
        .reverse(),
      ['person_add', 'password_change', 'person_change', 'person_change', 'sign_in', 'damage'].map(
        (action) => [...['console', 'root', action]],
      ),
    );
  },
);
