import { join } from 'node:path';
import type { Test } from 'tap';
import t from 'tap';
import type { Proof } from '../../../daemon/domain/people/factor.js';
import { RUNS_ONLY } from '../../../daemon/domain/people/person.js';
import { createAudit } from '../../../web/audit/audit.js';
import { createSessions } from '../../../web/auth/sessions.js';
import { aStore } from '../../support/dashboard-store.js';
import { until } from '../../support/recorder.js';
import { tellingRecorder } from '../../support/telling-recorder.js';

/** A dashboard that can be started again, and the recorder whose catalogue says who its people are. */
async function lab(t: Test) {
  const recorder = await tellingRecorder(t);
  await recorder.start();
  await recorder.add('ada');
  await recorder.add('bob');
  const { catalogue, clock, now, ask } = recorder;
  const kept = aStore(t, join(recorder.dir, 'web', 'web.db'));
  let audit: ReturnType<typeof createAudit> | null = null;
  const restarted = () => {
    const store = kept.open();
    audit = createAudit({ store, ask, now, log: kept.log });
    return createSessions({ store, catalogue, audit, now });
  };
  t.teardown(() => audit?.stop());
  /** Signs somebody in, with what the recorder says of them now. */
  async function begin(
    sessions: ReturnType<typeof restarted>,
    person: string,
    proofs: Proof[] = ['password'],
    from: Parameters<typeof sessions.begin>[1] & { id?: string } = null as never,
  ) {
    const { epoch, gains } = (await catalogue.people.standing(person))!;
    const id = from?.id ?? sessions.newId();
    const begun = { id, person, epoch, gains, proofs, failed: null };
    return sessions.begin({ ...begun, address: '10.0.0.7', agent: 'x' }, from);
  }
  return { recorder, catalogue, clock, restarted, begin };
}
const use = { use: true };

t.test('a session is of its person as they are now', async (t) => {
  const { catalogue, restarted, begin } = await lab(t);
  const token = (await begin(restarted(), 'ada'))!;
  const sessions = restarted();
  const session = await sessions.find(token, use);
  t.match(session, {
    person: { id: 'ada', name: 'ADA' },
    owes: 'nothing',
    renew: false,
    address: '10.0.0.7',
  });
  t.notMatch(JSON.stringify(session), token, 'the token itself is not known');
  await catalogue.people.change('ada', { name: 'Ada L' }, 1);
  t.match(await sessions.find(token, use), { person: { name: 'Ada L' } });
  for (const other of [undefined, '', 'x', `${token.slice(0, -1)}!`])
    t.equal(await sessions.find(other, use), null);
});

t.test('what ends all sessions of somebody ends them whichever process was down', async (t) => {
  const ends = {
    disabled: (c) => c.people.change('ada', { disabled: true }, 1),
    removed: (c) => c.people.remove('ada'),
    'with a new password': (c) => c.people.setPassword('ada', 'y', 1),
    'shut out': (c) => c.people.shutOut('ada'),
  } satisfies Record<string, (c: Awaited<ReturnType<typeof lab>>['catalogue']) => Promise<unknown>>;
  for (const [how, end] of Object.entries(ends)) {
    const { recorder, catalogue, restarted, begin } = await lab(t);
    let sessions = restarted();
    const [first, second, other] = [
      (await begin(sessions, 'ada'))!,
      (await begin(sessions, 'ada'))!,
      (await begin(sessions, 'bob'))!,
    ];
    t.ok(await sessions.find(first, use));
    // The recorder does not answer, and only one of the two sessions is used before the dashboard ends too.
    await recorder.stop();
    await end(catalogue);
    t.equal(await sessions.find(first, use), null, `${how}, while the dashboard ran`);
    sessions = restarted();
    t.equal(await sessions.find(second, use), null, `${how}, found after a restart`);
    t.same(await sessions.of('ada'), []);
    t.ok(await sessions.find(other, use), 'nobody else');
    if (how === 'disabled') {
      await catalogue.people.change('ada', { disabled: false }, 2);
      for (const token of [first, second]) t.equal(await sessions.find(token, use), null, 'nor later');
    }
  }
});

t.test('one that was not looked at meanwhile does not come back either', async (t) => {
  const { catalogue, restarted, begin } = await lab(t);
  const sessions = restarted();
  const token = (await begin(sessions, 'ada'))!;
  await catalogue.people.change('ada', { disabled: true }, 1);
  await catalogue.people.change('ada', { disabled: false }, 2);
  t.equal(await sessions.find(token, use), null);
});

t.test('whoever may do more gets a new token, and the old one works for half a minute', async (t) => {
  const { catalogue, clock, restarted, begin } = await lab(t);
  const sessions = restarted();
  await catalogue.people.change('ada', RUNS_ONLY, 1);
  const token = (await begin(sessions, 'ada'))!;
  await catalogue.people.change('ada', { roles: ['admin', 'auditor'] }, 2);
  const before = (await sessions.find(token, use))!;
  t.equal(before.renew, true);
  const renewed = (await sessions.renew(before))!;
  t.equal(await sessions.renew(before), null, 'once');
  t.match(await sessions.find(renewed.token, use), { id: before.id, renew: false });
  clock.ms += 29_999;
  t.match(await sessions.find(token, use), { id: before.id }, 'what was on its way');
  clock.ms += 1;
  t.equal(await sessions.find(token, use), null);
  t.match(await sessions.current(before), { id: before.id, tokenHash: renewed.session.tokenHash });
  const last = (await sessions.renew((await sessions.find(renewed.token, use))!, { atOnce: true }))!;
  t.equal(await sessions.find(renewed.token, use), null, 'at once');
  t.ok(await sessions.find(last.token, use));
});

t.test('a further proof goes on as the same session, while that is there', async (t) => {
  const { catalogue, restarted, begin } = await lab(t);
  const sessions = restarted();
  await catalogue.factors.setRoles(['admin']);
  const token = (await begin(sessions, 'ada'))!;
  const from = (await sessions.find(token, use))!;
  t.equal(from.owes, 'enrolment');
  const next = (await begin(sessions, 'ada', ['provider'], from))!;
  t.match(await sessions.find(next, use), { id: from.id, proofs: ['password', 'provider'], owes: 'nothing' });
  t.equal(await sessions.find(token, use), null);

  const later = (await sessions.find(next, use))!;
  await catalogue.people.shutOut('ada');
  t.equal(await begin(sessions, 'ada', ['totp'], later), null, 'not once all of theirs were ended');
});

t.test('whoever changes their password stays signed in, in this session alone', async (t) => {
  const { catalogue, restarted, begin } = await lab(t);
  const sessions = restarted();
  const token = (await begin(sessions, 'ada'))!;
  const other = (await begin(sessions, 'ada'))!;
  const session = (await sessions.find(token, use))!;
  const answer = await sessions.keepOnly(session, async () => {
    const { epoch } = await catalogue.people.setPassword('ada', 'y', 1);
    // As a stream of the page does, before the answer of the recorder is here.
    t.ok(await sessions.find(token, { use: false }), 'it does not end meanwhile');
    t.equal(await sessions.find(other, use), null, 'the others do');
    return { epoch, tokens_ended: ['x'] };
  });
  t.match(answer, { tokens_ended: ['x'], ended: 0 });
  t.ok(await sessions.find(token, use));
  t.ok(await restarted().find(token, use), 'also after a restart');
  await t.rejects(
    sessions.keepOnly(session, async () => {
      await catalogue.people.setPassword('ada', 'z', 1);
      throw new Error('the answer is lost');
    }),
  );
  t.equal(await restarted().find(token, use), null, 'nobody knows then which epoch it is');
});

t.test('sessions end by themselves, and that is told', async (t) => {
  const { recorder, clock, restarted, begin } = await lab(t);
  const sessions = restarted();
  const [idle, old] = [(await begin(sessions, 'ada'))!, (await begin(sessions, 'bob'))!];
  clock.ms += 29 * 60_000;
  t.ok(await sessions.find(old, use));
  clock.ms += 60_000;
  t.equal(await sessions.find(idle, use), null);
  for (let n = 0; n < 27; n++) {
    clock.ms += 25 * 60_000;
    t.ok(await sessions.find(old, use));
  }
  clock.ms += 15 * 60_000;
  await sessions.sweep();
  t.equal(await sessions.find(old, use), null);
  const told = await until('both entries', async () => {
    const found = await recorder.entries();
    return found.length === 2 && found;
  });
  t.match(told, [
    { action: 'session_end', actor_name: 'ADA', detail: { because: 'the session was idle' } },
    { action: 'session_end', actor_name: 'BOB', detail: { because: 'the session expired' } },
  ]);
});

t.test('somebody ends their sessions', async (t) => {
  const { restarted, begin } = await lab(t);
  const sessions = restarted();
  const tokens = [];
  for (let n = 0; n < 4; n++) tokens.push((await begin(sessions, 'ada'))!);
  const [first, second] = [(await sessions.find(tokens[0], use))!, (await sessions.find(tokens[1], use))!];
  t.equal((await sessions.of('ada')).length, 4);
  t.equal(await sessions.endOne('bob', first.id), false);
  t.equal(await sessions.endOne('ada', first.id), true);
  t.equal(await sessions.end(second.tokenHash), true);
  t.equal(await sessions.end(second.tokenHash), false);
  const [third] = await sessions.of('ada');
  t.equal(await sessions.endOthers('ada', third!.id), 1);
  t.equal(await sessions.endAll('ada'), 1);
});
