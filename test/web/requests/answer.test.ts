import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'csv-parse/sync';
import { strFromU8, unzipSync } from 'fflate';
import t, { type Test } from 'tap';
import { FOUNDER, type Person } from '../../../daemon/domain/people/person.js';
import { ANSWER, verifyAnswer } from '../../../daemon/domain/privacy/answer.js';
import { askStream } from '../../../daemon/ops/control-client.js';
import { createAnswers } from '../../../daemon/requests/privacy/answers.js';
import { fingerprint, signatureKeys } from '../../../daemon/vault/signing-key.js';
import { segment } from '../../support/catalogue/opened.js';
import { aPrivacyRequest } from '../../support/catalogue/privacy-request.js';
import { until } from '../../support/recorder.js';
import { rmsDb } from '../../support/recordings/audio.js';
import { apartOf, coupledOf, heardBy } from '../../support/recordings/opus.js';
import { openSound } from '../../support/requests/sound.js';
import { addRecording, START } from '../../support/web/dashboard.js';
import { openHouse } from '../../support/web/evidence.js';

const SECONDS = 6;
const FROM_THE_PBX = 'Anna of the office';
const SOUND = apartOf(
  SECONDS,
  ...([8000, '-application', 'voip', '-b:a', '24k', '-metadata', `title=Ann - ${FROM_THE_PBX}`] as const),
);
const FORMULA = '=HYPERLINK("http://evil.example","Ann")';
const ann = { number: '+49301234567', name: FORMULA, ours: false };
const desk = { number: '201', name: FROM_THE_PBX, ours: true };
const AUDITOR = { roles: ['auditor'] } as Partial<Person>;
type Row = Record<string, string>;

/** A recorder that makes answers over its own socket, for a request of Ann with the id P1. */
async function recorder(t: Test, more: Parameters<typeof aPrivacyRequest>[1] = {}) {
  const house = await openHouse(t);
  const { catalogue, keys, dir, key } = house;
  const { askers, taking } = openSound({ catalogue, keys, dataDir: dir, clock: Date.now });
  const answers = createAnswers({
    ...{ catalogue, askers, taking, dataDir: dir, version: '0.0.0-test', clock: Date.now },
    identity: (id) => keys.identity(id),
    textSigner: async () => ({
      ...{ keyId: key.keyId, sha256: fingerprint(key.publicKeyPem), publicKey: key.publicKeyPem },
      sign: (said) => key.sign(Buffer.from(said)).toString('base64'),
    }),
    site: { name: 'Bakery <b>', timeZone: 'Europe/Berlin' },
  });
  Object.assign(house.streams, answers.handlers);
  t.teardown(() => answers.stop());
  const add = (id: string, change: Partial<Person>) =>
    catalogue.people.add({ ...FOUNDER, ...change, id, name: id, passwordHash: 'x', createdAt: START });
  await add('eve', AUDITOR);
  await add('cleo', AUDITOR);
  await add('adam', { roles: ['admin'] });
  await add('ben', { roles: ['agent'] });
  const calls = async (sound: Buffer, { held = '', them = ann, keepUntil = null as number | null } = {}) => {
    const startedAt = Date.now() - 600_000;
    const at = { seenAt: startedAt, upAt: startedAt + 5_000, goneAt: startedAt + 5_000 + SECONDS * 1000 };
    const legs = [
      { id: 'trunk', party: them, endpoint: 'trunk', ...at },
      { id: 'desk', party: desk, endpoint: '201', ...at },
    ];
    const { call, recording } = await addRecording({ catalogue, keys, dataDir: dir }, sound, {
      call: { them, us: desk, startedAt, answeredAt: at.upAt, endedAt: at.goneAt, legs },
      recording: { durationMs: SECONDS * 1000, keepUntil },
    });
    const times = { inStartedAt: at.upAt, outStartedAt: at.upAt };
    await catalogue.segments.save(segment(call.id, 0, { ...times, legId: 'trunk', state: 'preserved' }));
    if (held) {
      await catalogue.holds.open({
        ...{ id: `M${held}`, name: held, reason: 'X', query: null },
        openedBy: 'Eve',
        openedAt: 1,
      });
      await catalogue.holds.pick(`M${held}`, [recording.id], 'Eve', 1);
    }
    return call;
  };
  await catalogue.privacyRequests.add(aPrivacyRequest('P1', { from: null, ...more }));
  const ask = (person: string, body: object = {}, gone?: AbortSignal) =>
    askStream(
      dir,
      'make_answer',
      {
        ...{ by: { person, session: 'S', address: '::1' }, id: 'P1', letter: 'access', text: 'Dear Ann' },
        ...body,
      },
      gone,
    );
  const exports = () => catalogue.audit.entries({ actions: ['export'], limit: 99 });
  return { ...house, calls, ask, exports };
}

const files = async (stream: Readable) => unzipSync(Buffer.concat((await stream.toArray()) as Buffer[]));
const rowsOf = (found: Record<string, Uint8Array>) =>
  parse(strFromU8(found[ANSWER.list]!), { columns: true, bom: true }) as Row[];

/** The processes of ours that make answers. */
const making = (): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const runs = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('answer.js');
      return runs && Number(/\) \S (\d+)/.exec(stat)?.[1]) === process.pid && !/\) Z /.test(stat);
    } catch {
      return false;
    }
  }).length;

t.test('an answer has the own side of each call, says what is withheld, and is signed', async (t) => {
  const r = await recorder(t);
  const given = await r.calls(SOUND, { held: 'Smith v. Example', keepUntil: START });
  const coupled = await r.calls(coupledOf(SECONDS, 8000));
  const shared = await r.calls(SOUND);
  await r.calls(SOUND, { them: { ...ann, number: '+49407777777' } });
  await r.catalogue.privacyRequests.exclude('P1', shared.id, { reason: 'Her son Timur', by: 'Eve', at: 5 });
  const { head, stream } = await r.ask('eve');
  t.match(head.name, /^tapedeck-request-1-\d{4}-\d\d-\d\d\.zip$/);
  const found = await files(stream);
  const sound = Object.keys(found).filter((name) => name.startsWith('recordings/'));
  t.equal(sound.length, 1);
  t.ok(sound[0]!.endsWith(`${given.id}.ogg`));
  const bytes = Buffer.from(found[sound[0]!]!);
  for (const decoder of ['libopus', 'opusdec'] as const) {
    const [cut, whole] = [heardBy(decoder, bytes), heardBy(decoder, SOUND)];
    t.ok(rmsDb(cut.channels[1]!) <= -80, `${decoder}: the other party is silent`);
    t.ok(isDeepStrictEqual(cut.channels[0], whole.channels[0]), 'their own side is as it was recorded');
  }
  const rows = rowsOf(found);
  t.strictSame(
    rows.map(({ call }) => call).sort(),
    [given.id, coupled.id].sort(),
    'and no call of somebody else',
  );
  t.match(
    rows.find(({ call }) => call === coupled.id),
    { file: '', withheld: /^Not given: it is not certain/ },
  );
  t.equal(
    rows.find(({ call }) => call === given.id)?.kept_until,
    'Longer than planned: it is needed for a legal claim',
    'not until a day that is over',
  );
  const all = Object.entries(found)
    .map(([name, content]) => `${name}\n${Buffer.from(content).toString('latin1')}`)
    .join('\n');
  t.ok(SOUND.includes(FROM_THE_PBX), 'the file of the recording has a title');
  for (const secret of ['Smith', 'Timur', FROM_THE_PBX, 'HYPERLINK', shared.id])
    t.notOk(all.includes(secret), `${secret} is not in it`);
  t.notOk(strFromU8(found[ANSWER.page]!).includes('<b>'), 'the name of the site is no markup');
  const statement = verifyAnswer(strFromU8(found[ANSWER.statement]!), signatureKeys([r.key.publicKeyPem]));
  t.equal(statement.fault, null);
  t.strictSame(
    statement.statement!.files.map(({ name }) => name),
    [ANSWER.letter, sound[0], ANSWER.list, ANSWER.page, ANSWER.readme],
  );
  const entries = await r.exports();
  t.match(entries.map(({ object, object_id }) => [object, object_id]).toReversed(), [['privacy', 'P1']]);
  t.equal(entries.filter(({ object, object_id }) => object === 'call' && object_id === given.id).length, 1);
  t.notMatch(JSON.stringify(entries), /Ann|1234567/, 'no entry says who asked');
});

t.test(
  'of a request to erase, the list says what was kept and why, without the name of a matter',
  async (t) => {
    const r = await recorder(t, { kind: 'erasure' });
    const held = await r.calls(SOUND, { held: 'Smith v. Example' });
    await t.rejects(r.ask('eve'), { code: 'privacy_invalid' }, 'nobody asked for sound');
    const found = await files((await r.ask('adam', { letter: 'erasure' })).stream);
    t.notOk(Object.keys(found).some((name) => name.startsWith('recordings/')));
    t.match(rowsOf(found), [
      { call: held.id, withheld: /needed for a legal claim \(GDPR Article 17\(3\)\(e\)\)/ },
    ]);
    t.notMatch(strFromU8(found[ANSWER.page]!), /Smith/);
  },
);

t.test(
  'an answer is refused to who may not have it, and tells nothing before the identity was checked',
  async (t) => {
    const r = await recorder(t, { identity: '' });
    await r.calls(SOUND);
    await t.rejects(r.ask('eve'), { code: 'privacy_refused', detail: /identity/ });
    await t.rejects(r.ask('ben'), { code: 'forbidden' });
    await t.rejects(r.ask('nobody'), { code: 'not_signed_in' });
    await t.rejects(r.ask('eve', { id: 'P9' }), { code: 'privacy_unknown' });
    await t.rejects(r.ask('eve', { letter: 'refusal', text: ' \u0007 ' }), { code: 'privacy_invalid' });
    t.same(await r.exports(), [], 'nothing was given out');
    const found = await files((await r.ask('eve', { letter: 'refusal' })).stream);
    t.strictSame(
      Object.keys(found).sort(),
      Object.values(ANSWER)
        .filter((name) => !/calls|index/.test(name))
        .sort(),
    );
    const { id, zone, region, enteredBy, enteredAt, ...facts } = aPrivacyRequest('P1', { from: null });
    await r.catalogue.privacyRequests.change('P1', facts);
    await t.rejects(r.ask('adam'), { code: 'forbidden' }, 'an admin hears nothing');
    await r.catalogue.privacyRequests.close(
      'P1',
      { day: '2026-05-20', outcome: 'given', grounds: [], note: '' },
      'Eve',
      9,
    );
    await t.rejects(r.ask('eve'), { code: 'privacy_closed' });
  },
);

t.test('who goes away ends the work, and nothing of it is on a disk', async (t) => {
  const r = await recorder(t);
  for (let n = 0; n < 4; n++) await r.calls(SOUND);
  const before = listed(r.dir);
  const { stream } = await r.ask('eve');
  await t.rejects(r.ask('eve'), { code: 'too_many' }, 'one for each person');
  t.equal(making(), 1);
  t.strictSame(listed(r.dir), before, 'while it is made');
  stream.destroy();
  await until('its process ends', () => making() === 0);
  const again = await r.ask('eve');
  await text(again.stream).catch(() => {});
  await until('its process ends', () => making() === 0);
  t.strictSame(listed(r.dir), before);
  const gone = new AbortController();
  const asked = r.ask('cleo', {}, gone.signal);
  gone.abort();
  await t.rejects(asked);
  await until('its process ends', () => making() === 0);
});

/** What is in a folder, without the journals of databases. */
const listed = (dir: string): string[] =>
  readdirSync(dir, { recursive: true })
    .map(String)
    .filter((name) => !/-(wal|shm|journal)$/.test(name))
    .map((name) => join(dir, name))
    .sort();
