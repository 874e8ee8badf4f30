import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { decodeTime } from 'ulid';
import { createSegments } from '../../../daemon/capture/segments.js';
import { createSpool } from '../../../daemon/capture/spool.js';
import type { StoredCall } from '../../../daemon/catalogue/stored-call.js';
import { captureOf, isFinal, refusalOf } from '../../../daemon/domain/recording/captures.js';
import { parseOurs, type Segment, spoolName } from '../../../daemon/domain/recording/recording.js';
import { probeDisk } from '../../../daemon/ops/disk.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createSweep } from '../../../daemon/recordings/preserve/sweep.js';
import { alarmBoard } from '../../support/alarm-board.js';
import { until } from '../../support/recorder.js';
import { preserveLab, toneWav as wav } from '../../support/recordings/preserve-lab.js';
import { worded } from '../../support/words.js';

/** What Asterisk's user could put in the place of a capture, or beside it. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const token = '0123456789abcdef'.repeat(2);
const name = spoolName({ callId: id, seq: 0, token }, 'out');

/** A call whose one side is captured; `place` is where the file of the other side belongs. */
async function halfCaptured(t: Test) {
  const lab = await preserveLab(t, { retries: [50] });
  await lab.add(id, [{ in: wav(3), token }]);
  const elsewhere = join(lab.dir, 'elsewhere.wav');
  writeFileSync(elsewhere, wav(3));
  return { ...lab, elsewhere, place: join(lab.dir, 'spool', `${name}.wav`) };
}

const PLANTED: Record<string, (place: string, elsewhere: string) => void> = {
  'a symbolic link': (place, elsewhere) => symlinkSync(elsewhere, place),
  'a named pipe': (place) => void execFileSync('mkfifo', [place]),
  'a folder': (place) => mkdirSync(place),
};
for (const [what, plant] of Object.entries(PLANTED))
  t.test(`${what} in the place of a capture is not read, and an alarm names it`, async (t) => {
    const lab = await halfCaptured(t);
    plant(lab.place, lab.elsewhere);
    const call = await lab.run(id);
    t.match(
      worded(call.coverage),
      { status: 'partial', reason: /not a plain file/ },
      'the other side is sealed',
    );
    t.ok(readFileSync(lab.elsewhere).equals(wav(3)), 'nothing happened to what it leads to');
    t.same(lab.spool(), [`${name}.wav`], 'it stays as it is');
    await lab.preserver.recover('');
    t.match(lab.standing.get('spool_strange'), {
      severity: 'critical',
      message: new RegExp(`${name}\\.wav: it is not a plain file`),
    });
    rmSync(lab.place, { recursive: true });
    await lab.preserver.recover('');
    t.notOk(lab.standing.has('spool_strange'), 'the alarm ends when it is gone');
  });

t.test('a capture that has a second name waits until it has one', async (t) => {
  const lab = await halfCaptured(t);
  linkSync(lab.elsewhere, lab.place);
  lab.preserver.enqueue('', id);
  await until('the alarm', () => lab.standing.size > 0);
  const [alarm] = [...lab.standing.values()];
  t.match(alarm, { message: /2 names \(hard links\).*-samefile/ });
  t.notMatch(`${alarm!.message} ${alarm!.hint}`, /2770|permissions/, 'rights are not what is wrong');
  const coverage = async () => (await lab.catalogue.calls.get(id))!.coverage;
  await until('its row to say why', async () => (await coverage()).why);
  t.match(worded(await coverage()), { status: 'pending', reason: /2 names/ });
  unlinkSync(lab.elsewhere);
  await until('the recording', async () => (await lab.catalogue.calls.get(id))!.recording);
  t.match((await lab.catalogue.calls.get(id))!.coverage, { status: 'recorded' });
  await until('the end of the alarm', () => lab.standing.size === 0);
  t.same(lab.spool(), []);
});

t.test('what is read is the file that was looked at, whatever takes its name meanwhile', async (t) => {
  const lab = await halfCaptured(t);
  writeFileSync(lab.place, wav(1));
  const spool = createSpool({
    dir: join(lab.dir, 'spool'),
    workDir: join(lab.dir, 'work'),
    remote: { stored: async () => null, storedNames: async () => [], deleteStored: async () => {} },
  });
  const file = await spool.fetch(name);
  unlinkSync(lab.place);
  symlinkSync(lab.elsewhere, lab.place);
  t.ok(readFileSync(file.path).equals(wav(1)));
  await file.release();
});

t.test('removing a capture removes a link, and not what it leads to', async (t) => {
  const lab = await halfCaptured(t);
  symlinkSync(lab.elsewhere, lab.place);
  t.ok(await lab.preserver.remove('', name));
  t.notOk(existsSync(lab.place));
  t.ok(existsSync(lab.elsewhere));
  linkSync(lab.elsewhere, lab.place);
  t.notOk(await lab.preserver.remove('', name), 'of a file with two names a copy would stay');
  t.match([...lab.standing.values()], [{ message: /2 names/, hint: /who put it there/ }]);
  unlinkSync(lab.elsewhere);
  await until('the removal', () => !existsSync(lab.place));
  await until('the end of the alarm', () => lab.standing.size === 0);
});

t.test('a sealed capture is removed by its own name only, and by both endings', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: wav(3), out: wav(3), token }]);
  await lab.run(id);
  const guessed = spoolName({ callId: id, seq: 0, token: 'f'.repeat(32) }, 'in');
  for (const left of [`${guessed}.wav`, `${name}.wav`, `${name}.wav16`])
    writeFileSync(join(lab.dir, 'spool', left), wav(1));
  await lab.preserver.recover('');
  t.same(lab.spool(), [`${guessed}.wav`]);
});

t.test('captures of a version whose names could be guessed are sealed and removed', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: wav(3), out: wav(3), token: '' }]);
  t.same(lab.spool(), [`tapedeck-${id}-0-in.wav`, `tapedeck-${id}-0-out.wav`]);
  t.match((await lab.run(id)).coverage, { status: 'recorded' });
  t.same(lab.spool(), []);
});

t.test('no two captures have names of which one gives away the other', async (t) => {
  const saved: Segment[] = [];
  const asked: string[] = [];
  const none = async () => {};
  const segments = createSegments({
    capture: {
      hear: () => {},
      begin: async (segment) => {
        asked.push(spoolName(segment, 'in'));
        return { inStartedAt: 1, outStartedAt: 1 };
      },
      ...{ finished: none, end: none, drop: none, release: none, stop: () => {} },
      ...{ mute: none, unmute: async () => true },
      found: () => {},
      live: async () => ({ in: false, out: false }),
    },
    save: async (segment) => void saved.push(segment),
    removeSpool: none,
    lookBack: none,
    spoolBorn: async () => null,
    spooled: async () => [],
    log: createLog('silent', 'test'),
  });
  for (const seq of [0, 1])
    await segments.begin({ callId: id, seq, legId: 'leg', swapped: false, fed: '' }, null);
  const tokens = saved.map((s) => s.token);
  for (const each of tokens) t.match(each, /^[0-9a-f]{32}$/);
  t.equal(new Set(tokens).size, 2, 'one for each');
  t.equal(tokens[0], tokens[1], 'the same in the row before and after it begins');
  t.match(asked[0], new RegExp(`^tapedeck-${id}-0-${tokens[0]}-in$`));
});

t.test('names in the listing of the spool', async (t) => {
  const ours = `tapedeck-${id}-12-${token}-in`;
  t.same(parseOurs(ours), { callId: id, seq: 12, token, side: 'in' });
  t.same(parseOurs(`tapedeck-${id}-0-out`), { callId: id, seq: 0, token: '', side: 'out' });
  t.equal(captureOf(`${ours}.wav`), ours);
  t.equal(captureOf(`${ours}.wav16`), ours);
  for (const not of [
    ours,
    `${ours}.wav.wav`,
    `${ours}.mp3`,
    `../${ours}.wav`,
    `x/${ours}.wav`,
    `${ours}\n.wav`,
    `tapedeck-${id}-0-${token.slice(1)}-in.wav`,
    `tapedeck-${id}-0--in.wav`,
    `tapedeck-${id}-0-../../x-in.wav`,
    `tapedeck-${id}-0-${token}-in.wav/..`,
    'voicemail.wav',
  ])
    t.equal(captureOf(not), null, JSON.stringify(not));
});

t.test('whose files are taken', async (t) => {
  const [asterisk, recorder, root, somebody] = [111, 222, 0, 333];
  const taken = (uid: number, folder: number) =>
    refusalOf({ plain: true, uid, links: 1 }, folder, recorder) === null;
  t.ok(taken(asterisk, asterisk));
  for (const uid of [recorder, root, somebody])
    t.notOk(taken(uid, asterisk), `user ${uid} in Asterisk's folder`);
  t.ok(taken(asterisk, root), 'in a folder of root and the group');
  t.ok(taken(asterisk, recorder), 'in a folder of the recorder and the group');
  t.notOk(taken(recorder, root));
  t.notOk(taken(root, recorder));
  t.ok(taken(root, root), 'of an Asterisk that runs as root');
  const linked = refusalOf({ plain: true, uid: asterisk, links: 2 }, asterisk, recorder)!;
  t.match(linked, { kind: 'several_names', links: 2 });
  t.ok(isFinal(refusalOf({ plain: false, uid: asterisk, links: 1 }, asterisk, recorder)!));
  t.notOk(isFinal(linked));
});

t.test('a probe of the spool writes through no link, and leaves what is there', async (t) => {
  const dir = t.testdir({ spool: {}, keys: 'the keys' });
  const link = join(dir, 'spool', '.tapedeck-probe');
  symlinkSync(join(dir, 'keys'), link);
  t.equal(await probeDisk(join(dir, 'spool'), false), null);
  t.equal(readFileSync(join(dir, 'keys'), 'utf8'), 'the keys');
  t.ok(lstatSync(link).isSymbolicLink());
});

t.test('alarms of an earlier run end when what they named is gone', async (t) => {
  const lab = await preserveLab(t);
  const keys = ['preserve', 'spool_denied', 'spool_left', 'spool_strange', 'spool_unknown'];
  for (const key of keys)
    lab.alarms.raise(key, { severity: 'critical', why: { code: 'disk_low', params: {} } });
  await lab.preserver.recover('');
  t.same([...lab.standing.keys()], []);
});

/** A spool with this captured audio, of which no row tells, and whether the catalogue has its call. */
function forgotten(t: Test, { known = false } = {}) {
  const { standing, alarms } = alarmBoard();
  const names = new Set([name]);
  const calls = { get: async () => (known ? ({} as StoredCall) : null) };
  const clock = { now: decodeTime(id) };
  const sweep = createSweep({
    catalogue: { segments: { of: async () => [] }, calls },
    spool: {
      ours: async () => [...names],
      strangers: async () => [],
      fetch: () => t.fail('it is not read'),
      remove: async (name: string) => void names.delete(name),
    } as never,
    alarms,
    clock: () => clock.now,
    log: createLog('silent', 'test'),
  });
  t.teardown(() => sweep.stop());
  const look = async (times: number) => {
    for (let looks = 0; looks < times; looks++) await sweep.sweep();
  };
  return { standing, names, clock, look };
}

t.test('captured audio of no known call is named by an alarm after ten looks', async (t) => {
  const { standing, names, look } = forgotten(t);
  await look(9);
  t.equal(standing.size, 0, 'its row may still be waiting to be written');
  await look(1);
  t.match(standing.get('spool_unknown')?.message, new RegExp(`belongs to no known call: .*${name}`));
  t.match(standing.get('spool_unknown')?.hint, /Tapedeck deletes it on /);
  t.equal(names.size, 1, 'an admin may still want it');
});

t.test('30 days after its call it is removed, and the alarm ends', async (t) => {
  const { standing, names, clock, look } = forgotten(t);
  clock.now += 30 * 86_400_000;
  await look(9);
  t.equal(names.size, 1, 'not before it is certain that no row comes');
  await look(1);
  t.equal(names.size, 0);
  t.equal(standing.size, 0);
});

t.test(
  'of a known call it stays, whatever its age: only the row of the capture cannot be read',
  async (t) => {
    const { standing, names, clock, look } = forgotten(t, { known: true });
    clock.now += 300 * 86_400_000;
    await look(20);
    t.equal(names.size, 1);
    t.notMatch(standing.get('spool_unknown')?.hint, /deletes it on/);
  },
);
