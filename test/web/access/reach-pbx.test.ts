import t from 'tap';
import { ulid } from 'ulid';
import type { TokenRight } from '../../../daemon/domain/people/person.js';
import type { CallRecord } from '../../../daemon/domain/recording/recording.js';
import { hashed } from '../../../daemon/ops/secrets/codes.js';
import { addRecording, get, openDashboard, post, START, signInAs } from '../../support/web/dashboard.js';
import { leg, person, sound } from '../../support/web/reach.js';

const there = 'warehouse';

t.test('who reviews 101 on one PBX finds nothing of 101 on another, wherever they look', async (t) => {
  const dashboard = await openDashboard(t, {
    pbxes: [
      { id: '', name: 'Head office' },
      { id: there, name: 'Warehouse' },
    ],
  });
  const { app, catalogue } = dashboard;
  const at = START - 1_000_000;
  const made = async (pbx: string, n: number) => {
    const answeredAt = at + n * 200_000;
    const change: Partial<CallRecord> = {
      ...{ pbx, startedAt: answeredAt - 5000, answeredAt, endedAt: answeredAt + 180_000 },
      ...{ queue: 'sales', did: '5551000', linkedids: ['1.1'] },
      legs: [{ ...leg('101'), id: '1.1', upAt: answeredAt, goneAt: answeredAt + 180_000 }],
    };
    const { call } = await addRecording(dashboard, sound, { call: change });
    return call.id;
  };
  const here = await made('', 0);
  const other = await made(there, 1);
  const users: string[] = [];
  const nobody = { all: false, extensions: [], queues: [], dids: [] };
  const signIn = async (name: string, scope: object, roles: ('reviewer' | 'agent')[] = ['reviewer']) => {
    const rights = { name, roles, scope: { ...nobody, ...scope }, grants: ['download', 'export'] as const };
    const user = person({ ...rights, grants: [...rights.grants], extensions: ['101'] });
    await catalogue.people.add({ ...user, passwordHash: 'hash', createdAt: START });
    users.push(user.id);
    return signInAs(dashboard, user.id);
  };
  const cookies = {
    extension: await signIn('ex', { extensions: ['101'] }),
    queue: await signIn('qu', { queues: ['sales'] }),
    did: await signIn('di', { dids: ['5551000'] }),
    agent: await signIn('ag', {}, ['agent']),
  };
  for (const [who, cookie] of Object.entries(cookies)) {
    const json = async (path: string) => (await get(app, path, cookie)).json();
    const ids = async (path: string) => (await json(path)).calls.map((c: { id: string }) => c.id);
    t.strictSame(await ids('/calls'), [here], `${who}: the list`);
    t.strictSame(await ids('/calls?q=101'), [here], `${who}: a search`);
    t.strictSame(await ids(`/calls?pbx=${there}`), [], `${who}: the list of the other PBX`);
    t.strictSame(await ids('/calls?pbx=first'), [here]);
    t.strictSame(await ids(`/calls?before=${other}`), [], 'what they do not see is no cursor');
    for (const part of ['', '/peaks', '/audio', ...(who === 'agent' ? [] : ['/manifest'])]) {
      const answer = await get(app, `/calls/${other}${part}`, cookie);
      t.equal(answer.statusCode, 404, `${who}: ${part || 'the call'}`);
      t.match(answer.json(), { error: { code: 'call_unknown' } });
    }
    for (const part of ['', '/peaks', '/audio'])
      t.equal((await get(app, `/calls/${here}${part}`, cookie)).statusCode, 200, `${who}: their own ${part}`);
    for (const part of ['evidence', 'listen', 'heard'])
      t.ok(
        (await post(app, `/calls/${other}/${part}`, { reason: 'Because.', right: 'play' }, { cookie }))
          .statusCode >= 400,
        `${who}: ${part}`,
      );
    for (const path of [
      '/consent-report',
      '/consent-report.csv',
      '/coverage',
      '/coverage.csv',
      '/quality',
      `/calls?of=extension:${there}/101`,
    ])
      t.equal((await get(app, path, cookie)).statusCode, 403, `${who}: ${path}`);
    t.match(await json(`/calls/${here}`), { pbx: '', you: { hears: 'all' } });
  }

  const secret = `td_${'A'.repeat(43)}`;
  const token = { id: ulid(), userId: users[0]!, name: 'script', rights: ['view', 'play'] as TokenRight[] };
  await catalogue.tokens.add({ ...token, createdAt: START, expiresAt: START + 1e9 }, hashed(secret));
  const bearer = (path: string) => get(app, path, undefined, { authorization: `Bearer ${secret}` });
  t.strictSame(
    (await bearer('/calls')).json().calls.map((c: { id: string }) => c.id),
    [here],
    'a token of theirs',
  );
  t.equal((await bearer(`/calls/${other}/audio`)).statusCode, 404);

  const both = await signIn('both', { extensions: ['101', `${there}/101`] });
  const seen = (await get(app, '/calls', both)).json().calls as { id: string; pbx: string }[];
  t.strictSame(
    seen.map((c) => [c.id, c.pbx]),
    [
      [other, there],
      [here, ''],
    ],
  );
  t.match((await get(app, '/session', both)).json(), { pbxes: [{ id: '' }, { id: there }] });
  t.strictSame((await get(app, '/session')).json().pbxes, [], 'strangers are told no names');
  t.equal((await get(app, '/calls?pbx=Ware%20house', both)).statusCode, 400);
  t.match(await catalogue.calls.seen(), {
    extensions: [{ number: '201' }, { number: `${there}/201` }],
    queues: ['sales', `${there}/sales`],
    dids: ['5551000', `${there}/5551000`],
  });
});
