import { readFileSync } from 'node:fs';
import t from 'tap';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import { maskedOf } from '../../support/recordings/masked.js';
import { kinds } from '../../support/recordings/masked-kinds.js';
import { flip } from '../../support/recordings/sealed.js';
import { addRecording, get, openDashboard, post, START, signInAs } from '../../support/web/dashboard.js';

const SECONDS = 12;
const LONG = SECONDS * 1000;
const [telephone] = Object.values(kinds) as [Buffer];

t.test('the dashboard gives each what they may hear, and reads no more than that needs', async (t) => {
  const reads: string[] = [];
  const dashboard = await openDashboard(t, {
    watchSealed: (sealed) => ({
      ...sealed,
      read(start, end) {
        reads.push(`${start}-${end}`);
        return sealed.read(start, end);
      },
    }),
  });
  const { app, catalogue } = dashboard;
  const answeredAt = START - 600_000;
  const leg = (number: string, ours: boolean, from: number, until: number) => ({
    ...{ id: number, endpoint: number, seenAt: answeredAt + from, upAt: answeredAt + from },
    ...{ goneAt: answeredAt + until, party: { number, name: '', ours } },
  });
  const { call, recording, path } = await addRecording(dashboard, telephone, {
    call: {
      ...{ startedAt: answeredAt - 5000, answeredAt, endedAt: answeredAt + LONG },
      legs: [leg('+49', false, 0, LONG), leg('101', true, -20, 5000), leg('102', true, 5000, LONG)],
    },
    recording: { durationMs: LONG },
  });
  const signIn = async (change: Partial<Person>) => {
    const id = `person ${reads.length} ${Math.random()}`;
    await catalogue.people.add({
      ...{ id, name: id, roles: ['agent'], extensions: [], grants: [], passwordHash: '', createdAt: 1 },
      ...{ scope: { all: false, extensions: [], queues: [], dids: [] } },
      ...change,
    });
    return signInAs(dashboard, id);
  };
  const founder = await signIn(FOUNDER);
  const first = await signIn({ extensions: ['101'] });
  const second = await signIn({ extensions: ['102'] });
  const both = await signIn({ extensions: ['101', '102'] });
  const url = `/calls/${call.id}/audio`;

  const whole = await get(app, url, founder);
  t.ok(whole.rawPayload.equals(telephone));
  t.equal(whole.headers.etag, `"${recording.plainSha256}"`);
  t.strictSame(reads.splice(0), [`0-${telephone.length - 1}`]);
  await get(app, url, founder, { range: 'bytes=100-199' });
  t.strictSame(reads.splice(0), ['100-199'], 'who hears all costs nothing more');
  t.ok((await get(app, url, both)).rawPayload.equals(telephone), 'two stays that meet are one');
  reads.splice(0);

  const tags = new Set([whole.headers.etag]);
  for (const [cookie, from, to] of [
    [first, 0, 5000],
    [second, 5000, null],
  ] as const) {
    const answer = await get(app, url, cookie);
    t.equal(answer.statusCode, 200);
    t.equal(answer.headers['content-length'], `${telephone.length}`);
    t.ok(answer.rawPayload.equals(await maskedOf(telephone, LONG, [from, to])));
    t.notOk(tags.has(answer.headers.etag));
    tags.add(answer.headers.etag);
    t.equal((await get(app, url, cookie, { 'if-none-match': answer.headers.etag })).statusCode, 304);
    t.equal((await get(app, url, cookie, { 'if-none-match': whole.headers.etag })).statusCode, 200);
    const part = await get(app, url, cookie, { range: 'bytes=5000-5099', 'if-range': answer.headers.etag });
    t.equal(part.statusCode, 206);
    t.ok(part.rawPayload.equals(answer.rawPayload.subarray(5000, 5100)));
    const other = await get(app, url, cookie, { range: 'bytes=5000-5099', 'if-range': whole.headers.etag });
    t.equal(other.statusCode, 200, 'what belongs to another is not put together with theirs');
  }
  t.equal(
    reads.filter((read) => read === `0-${telephone.length - 1}`).length,
    1 + 2 + 2 + 2,
    'its pages are found once',
  );
  t.equal(reads.filter((read) => read !== `0-${telephone.length - 1}`).length, 2);

  const said = await post(app, `/calls/${call.id}/heard`, { heard: [[4000, 7000]] }, { cookie: first });
  t.equal(said.json().counted_ms, 1000, 'what was silent for them they have not heard');

  const never = await addRecording(dashboard, telephone, {
    call: {
      legs: [leg('102', true, 0, LONG), { ...leg('101', true, -3000, -1000), upAt: null }],
      answeredAt,
    },
    recording: { durationMs: LONG },
  });
  t.equal(
    (await get(app, `/calls/${never.call.id}`, first)).statusCode,
    200,
    'whose phone rang sees the call',
  );
  t.equal(
    (await get(app, `/calls/${never.call.id}/audio`, first)).statusCode,
    403,
    'and hears nothing of it',
  );

  const noise = await addRecording(dashboard, Buffer.from('no sound at all'), {
    call: { legs: [leg('101', true, 0, 5000)], answeredAt },
    recording: { durationMs: LONG },
  });
  const refused = await get(app, `/calls/${noise.call.id}/audio`, first);
  t.equal(refused.statusCode, 500);
  t.equal(refused.json().error.code, 'mask_failed');
  flip(path, readFileSync(path), 1000);
  t.equal((await get(app, url, first)).json().error.code, 'seal_damaged');
});
