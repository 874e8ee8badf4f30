import t from 'tap';
import { opusOf } from '../../support/recordings/opus.js';
import {
  addCall,
  addRecording,
  get,
  openDashboard,
  post,
  START,
  signInAs,
} from '../../support/web/dashboard.js';
import { addCalls, addPeople, leg, person, sharedLegs } from '../../support/web/reach.js';
import type { Asker } from '../../support/web/rights.js';
import { noted } from '../../support/words.js';

/** The sound of every recording here, of three minutes. */
const sound = opusOf(180, 8000, '-application', 'voip', '-b:a', '20k', '-compression_level', '0');

t.test('of what is reached, so much is told as somebody hears', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const ids = await addPeople(dashboard);
  const side = {
    ...{
      speechDb: -19,
      noiseDb: -40,
      peakDb: -2,
      silentShare: 0.5,
      zeroShare: 0,
      clippedShare: 0,
      lostShare: 0,
    },
  };
  const quality = {
    ...{ them: side, us: side, echo: null, flags: [{ side: 'us', flag: 'noisy' }] as const },
    ears: { them: { kind: 'line', name: 'trunk' }, us: { kind: 'extension', name: '101' } } as const,
  };
  const gap = { atMs: 80_000, untilMs: 100_000, side: 'us', why: noted('The disk was full.') } as const;
  const at = START - 1_000_000;
  const { call } = await addRecording(dashboard, sound, {
    call: { startedAt: at - 5000, answeredAt: at, endedAt: at + 180_000, legs: sharedLegs(at) },
    recording: { gaps: [gap], quality: { ...quality, flags: [...quality.flags] } },
  });
  const asked = await addCall(catalogue, { startedAt: at + 9, consultFor: call.id, legs: [leg('101')] });
  const later = await addCall(catalogue, { startedAt: at + 10, consultFor: call.id, legs: [leg('102')] });
  const other = await addCall(catalogue, { startedAt: at + 11, legs: [leg('103')] });
  const cookies = new Map<Asker, string>();
  for (const [asker, id] of ids) cookies.set(asker, await signInAs(dashboard, id));
  const see = async (asker: Asker, path: string) => (await get(app, path, cookies.get(asker))).json();

  const agent = await see('agent', `/calls/${call.id}`);
  t.match(agent, {
    recording: { quality: null, gaps: [{ at_ms: 90_000, until_ms: 100_000 }] },
    consultations: [{ id: later.id }],
    you: {
      rights: ['view', 'play'],
      hears: 'some',
      heard: [{ from_ms: 90_000, until_ms: 180_000 }],
      reason: false,
    },
  });
  t.equal(agent.consultations.length, 1);
  t.match(await see('extension', `/calls/${call.id}`), {
    you: { heard: [{ from_ms: 0, until_ms: 90_000 }] },
  });
  const founder = await see('founder', `/calls/${call.id}`);
  t.match(founder, { recording: { quality: {}, gaps: [{ at_ms: 80_000 }] }, you: { hears: 'all' } });
  t.equal(founder.consultations.length, 2);
  t.match(await see('admin', `/calls/${call.id}`), {
    recording: { quality: { flags: [{ flag: 'noisy' }] } },
    you: { rights: ['view'], hears: 'none', heard: [] },
  });
  t.match(await see('auditor', `/calls/${call.id}`), { you: { hears: 'all', reason: true } });
  t.match(await see('extension', `/calls/${asked.id}`), { consult_for: call.id });
  t.match(await see('queue', `/calls/${asked.id}`), { error: { code: 'call_unknown' } });
  await catalogue.calls.save({ ...later, consultFor: other.id });
  t.match(
    await see('agent', `/calls/${later.id}`),
    { consult_for: null },
    'what they do not reach has no id',
  );

  const listed = async (asker: Asker, query = '') =>
    (await see(asker, `/calls${query}`)).calls.map((c: { id: string }) => c.id);
  t.strictSame(await listed('agent'), [later.id, call.id]);
  t.strictSame(await listed('extension'), [asked.id, call.id]);
  t.strictSame(await listed('queue'), []);
  t.equal((await listed('auditor')).length, 4);
  t.strictSame(await listed('agent', `?before=${other.id}`), [], 'a cursor that is not theirs');
  t.strictSame(await listed('agent', `?before=${later.id}`), [call.id]);
  t.strictSame(await listed('agent', '?q=103'), []);
  const rows = (await see('agent', '/calls')).calls;
  t.equal(rows[1].recording.quality, null, 'in the list neither');

  const peaks = async (asker: Asker) => (await see(asker, `/calls/${call.id}/peaks`)).left;
  // Three columns of a tenth of a second each: all of them in the time of 101.
  t.strictSame(await peaks('founder'), [0, 128, 255]);
  t.strictSame(await peaks('extension'), [0, 128, 255]);
  t.strictSame(await peaks('agent'), [0, 0, 0]);

  t.match((await see('agent', '/session')).user, {
    ...{ name: 'agent', roles: ['agent'], may: [], calls: ['view', 'play'], reach: 'some' },
  });
  t.match((await see('nobody', '/session')).user, { roles: [], may: [], calls: [], reach: 'none' });
  t.match((await see('admin', '/session')).user, { calls: ['view'], reach: 'all' });
});

t.test(
  'an auditor hears a call after they have said why, that call only, in that session only',
  async (t) => {
    const dashboard = await openDashboard(t);
    const { app, catalogue, clock } = dashboard;
    const ids = await addPeople(dashboard);
    const callIds = await addCalls(dashboard);
    const cookie = await signInAs(dashboard, ids.get('auditor')!);
    const play = async (as = cookie, id = callIds.shared, query = '') =>
      (await get(app, `/calls/${id}/audio${query}`, as)).statusCode;
    const say = (reason: string, more = {}) =>
      post(app, `/calls/${callIds.shared}/listen`, { reason, ...more }, { cookie });

    t.equal((await get(app, `/calls/${callIds.shared}/audio`, cookie)).json().error.code, 'reason_needed');
    for (const nothing of ['', '   ', '\u202e', '\u0000'])
      t.equal((await say(nothing)).statusCode, 400, JSON.stringify(nothing));
    t.equal((await say('x', { right: 'erase' })).statusCode, 400);
    t.equal((await say('x', { right: 'download' })).statusCode, 403, 'they may not take it away');
    t.equal(await play(), 403);
    const said = await say('Complaint 12');
    t.equal(said.statusCode, 200);
    t.equal(said.json().until, new Date(START + 15 * 60_000).toISOString());
    t.equal(await play(), 200);
    const [entry] = await catalogue.audit.entries({ objectId: callIds.shared, actions: ['play'], limit: 1 });
    t.match(entry, { actor_name: 'auditor', reason: 'Complaint 12', outcome: 'ok' }, 'and it is on record');
    await say('Complaint 13');
    t.equal(await play(), 200);
    const [other] = await catalogue.audit.entries({ objectId: callIds.shared, actions: ['play'], limit: 1 });
    t.equal(other?.reason, 'Complaint 13', 'for another reason it is heard anew');
    t.equal(await play(cookie, callIds.foreign), 403, 'another call');
    t.equal(await play(await signInAs(dashboard, ids.get('auditor')!)), 403, 'another session');
    for (let minutes = 0; minutes < 40; minutes += 10) {
      clock.ms += 10 * 60_000;
      t.equal(await play(), 200, 'it lasts as long as it is used');
    }
    clock.ms += 16 * 60_000;
    t.equal(await play(), 403, 'and no longer');

    const granted = person({ roles: ['auditor'], grants: ['download'], name: 'granted' });
    await catalogue.people.add({ ...granted, passwordHash: '', createdAt: 1 });
    const more = await signInAs(dashboard, granted.id);
    await post(app, `/calls/${callIds.shared}/listen`, { reason: 'x' }, { cookie: more });
    t.equal(await play(more), 200);
    t.equal(await play(more, callIds.shared, '?download=1'), 403, 'to hear it is not to take it away');
    await post(app, `/calls/${callIds.shared}/listen`, { reason: 'x', right: 'download' }, { cookie: more });
    t.equal(await play(more, callIds.shared, '?download=1'), 200);
  },
);

t.test('what was signed of a call is for who reaches all of it, and an auditor says why', async (t) => {
  const dashboard = await openDashboard(t);
  const { app, catalogue } = dashboard;
  const ids = await addPeople(dashboard);
  const callIds = await addCalls(dashboard);
  const part = person({
    ...{ roles: ['reviewer'], grants: ['export'], name: 'part' },
    scope: { all: false, extensions: ['101'], queues: [], dids: [] },
  });
  await catalogue.people.add({ ...part, passwordHash: '', createdAt: 1 });
  const ask = async (cookie: string) => (await get(app, `/calls/${callIds.shared}/manifest`, cookie)).json();
  t.match(await ask(await signInAs(dashboard, part.id)), {
    error: { code: 'forbidden', detail: /a part of this call/ },
  });
  const cookie = await signInAs(dashboard, ids.get('auditor')!);
  t.match(await ask(cookie), { error: { code: 'reason_needed' } });
  const say = { reason: 'Complaint 12', right: 'export' };
  t.equal((await post(app, `/calls/${callIds.shared}/listen`, say, { cookie })).statusCode, 200);
  t.match(await ask(cookie), { error: { code: 'recording_absent' } }, 'which there is none of here');
});
