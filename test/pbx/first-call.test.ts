import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { bytesOf } from '../support/files/bytes-of.js';
import { createLab, startPbx } from '../support/pbx/pbx.js';
import { lasting, readPrompt, sequence, silence, wavSource } from '../support/pbx/sources.js';
import { lackOf } from '../support/pbx/whole.js';
import { createApiClient, createRecorderLab, seconds, until } from '../support/recorder.js';
import { decode, hear, rmsDb } from '../support/recordings/audio.js';
import { launchBrowser } from '../support/web/browser/launch.js';

/** One Tapedeck as it is installed: its two processes, a real Asterisk, real phones, a real browser. */
const password = 'four unrelated quiet words';
const pbx = await startPbx({ name: 'first-call' });
t.teardown(() => pbx.stop());
const recorder = createRecorderLab({
  dir: t.testdir({}),
  pbx,
  extra: '[retention]\nschedule = "*/1 * * * * *"\nbreaker_percent = 100\n',
});
t.teardown(() => recorder.stop());
const lab = createLab(pbx);
t.teardown(() => lab.stop());
const speak = (prompt: 'tt-weasels' | 'vm-intro', after: number) =>
  sequence([lasting(after, silence()), wavSource(lab.prompt(prompt)), silence()]);

await recorder.startDaemon();
const { address, setupCode } = await recorder.startWeb();
const api = createApiClient(address);
await lab.phone('100', { displayName: 'Anna Field', source: () => speak('vm-intro', 4) });
const carrier = await lab.carrier();
const ended = (number: string) =>
  until(`the call of ${number}`, async () =>
    (await api.calls()).find(
      (c) => c.them.number === number && c.state === 'ended' && c.coverage.status !== 'pending',
    ),
  );

/** Everything below a directory that begins as plain audio does. */
function plainAudio(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((f) =>
    /^(OggS|RIFF)/.test(bytesOf(join(dir, f))?.subarray(0, 4).toString('latin1') ?? ''),
  );
}

/** What lies in the PBX's spool, but for the file by which the recorder probes its disk every two seconds. */
const spool = () => readdirSync(pbx.recordingDir).filter((f) => !f.startsWith('.tapedeck-probe-'));
/** Captured files go after the row of their recording is written. */
const spoolEmptied = () => until('an empty spool', () => spool().length === 0);

t.test('a call is seen while it lasts, then found, opened and heard in the browser', async (t) => {
  const browser = await launchBrowser(t);
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  await page.goto(address);
  await page.getByLabel('Set-up code').fill(setupCode!);
  await page.getByLabel('Your name').fill('anna');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account and sign in' }).click();
  await page.getByText('No calls yet').waitFor();

  const call = await carrier.call('5551000', {
    caller: { number: '+442079460123', name: 'Ines <b>"Acme"</b> 😀' },
    source: speak('tt-weasels', 1),
  });
  t.equal(await call.answered, true, 'the call is answered');
  await page.getByText('Ines <b>"Acme"</b> 😀').first().waitFor();
  t.pass('it is in the list while it lasts, without a reload, and its name is shown as it was written');
  await seconds(10);
  await call.hangup();

  await page.locator('[data-search]').fill('0123');
  await page.getByRole('link', { name: /Ines/ }).first().click();
  const slider = page.getByRole('slider', { name: 'Position in the recording' });
  await slider.waitFor();
  await page.keyboard.press('Space');
  await until('the sound plays on', async () => Number(await slider.getAttribute('aria-valuenow')) > 1);
  t.pass('it plays by keyboard');
  await page
    .getByRole('link', { name: /Download/ })
    .first()
    .waitFor();
  await page.keyboard.press('k');
  await page.getByRole('button', { name: 'Menu of anna' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Name', { exact: true }).waitFor();
  t.same(complaints, [], 'the browser has nothing to complain of');
});

t.test('what was said is on the right side, to the word', async (t) => {
  await api.signIn('anna', password);
  const call = await ended('+442079460123');
  t.equal(lackOf(call.coverage), '');
  const sound = await decode(await api.audio(call.id), 8000);
  const [left, right] = sound.channels as [Float32Array, Float32Array];
  const said = hear(readPrompt(lab.prompt('tt-weasels')), left, 8000);
  const answer = hear(readPrompt(lab.prompt('vm-intro')), right, 8000);
  const sides = { 'left is the caller': said, 'right is our side': answer };
  for (const [which, { correlation, share }] of Object.entries(sides))
    t.ok(correlation >= 0.9 && share >= 0.7, `${which} (${correlation.toFixed(3)}, ${share.toFixed(2)})`);
  t.ok(
    rmsDb(right.subarray(said.atMs * 8 + 800, said.atMs * 8 + 16_800)) < -40,
    'the other side is silent while one speaks',
  );
});

t.test('who heard it, and which seconds, is in a log that can be verified', async (t) => {
  const call = await ended('+442079460123');
  const { entries } = (await (await api.ask('GET', `/audit?call=${call.id}`)).json()) as {
    entries: { action: string; actor_name: string; detail: { heard?: string[]; total_ms?: number } }[];
  };
  const heard = entries.find((e) => e.action === 'heard');
  t.equal(heard?.actor_name, 'anna');
  t.match(heard?.detail.heard?.[0], /^[0-3]?\d?\d?\d-\d{4,5}$/, 'from the beginning');
  const ms = Number(heard?.detail.total_ms);
  t.ok(ms > 700 && ms < 9_000, `${ms} ms in a real browser`);
  const actions = entries.map((e) => e.action);
  t.ok(actions.includes('sealed') && actions.includes('play') && actions.includes('view'), actions.join());
  const verified = await recorder.command(['audit', 'verify']);
  t.equal(verified.code, 0, verified.out);
  t.match(verified.out, /The log is whole.*kept on this machine agree/s);
});

t.test('no plain audio stays behind', async (t) => {
  t.same(plainAudio(recorder.dataDir), [], 'none in the data directory');
  t.ok(await spoolEmptied(), 'and the spool of the PBX is empty');
});

t.test('a call goes on being recorded while the daemon is away, and is taken up after', async (t) => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await spoolEmptied();
    const number = signal === 'SIGTERM' ? '+15550001' : '+15550002';
    const call = await carrier.call('5551000', { caller: { number }, source: speak('tt-weasels', 3) });
    t.equal(await call.answered, true);
    await until('the capture', () => spool().length === 2);
    await seconds(0.5);
    await recorder.stopDaemon(signal);
    await seconds(3);
    await recorder.startDaemon();
    await seconds(3);
    await call.hangup();
    const view = await ended(number);
    t.equal(lackOf(view.coverage), '', `after ${signal}: ${view.talk_ms} ms`);
    const sound = await decode(await api.audio(view.id), 8000);
    const { share } = hear(readPrompt(lab.prompt('tt-weasels')), sound.channels[0]!, 8000);
    t.ok(share >= 0.7, `what was said meanwhile is in it (${(share * 100).toFixed(0)} % of the stretches)`);
    t.equal((await api.calls()).filter((c) => c.them.number === number).length, 1, 'it is one call');
  }
  t.ok(await spoolEmptied(), 'and nothing is left in the spool');
});

t.test('a call that a rule excludes leaves a row with its name and not a byte', async (t) => {
  const current = await api.json<{ version: number; policy: { record: unknown[] } }>('GET', '/policy');
  const rule = {
    name: 'The doctor',
    reason: 'Confidential.',
    when: { number_prefix: ['+1555777'] },
    outcome: 'skip',
  };
  await api.json('PUT', '/policy', {
    based_on: current.version,
    policy: { ...current.policy, record: [rule] },
  });
  const call = await carrier.call('5551000', {
    caller: { number: '+15557770' },
    source: speak('tt-weasels', 0),
  });
  await call.answered;
  await seconds(1.5);
  t.same(spool(), [], 'nothing is captured');
  await call.hangup();
  const view = await ended('+15557770');
  t.match(view.coverage, { status: 'excluded', rule: 'The doctor', reason: 'Confidential.' });
  t.equal(view.recording, null);
});

t.test('hostile caller ids are stored capped and shown as text, and name no file', async (t) => {
  const name = `../../etc/passwd\u202e"'<img src=x onerror=alert(1)>${'é'.repeat(300)}`;
  const call = await carrier.call('5551000', { caller: { number: '+15550003', name } });
  await call.answered;
  await seconds(1.5);
  await call.hangup();
  const view = await ended('+15550003');
  t.ok(view.them.name.length <= 128 && !view.them.name.includes('\u202e'), 'capped and cleaned');
  const files = readdirSync(recorder.dataDir, { recursive: true, encoding: 'utf8' });
  t.notOk(
    files.some((f) => f.includes('passwd')),
    'its name is in no path',
  );
  t.ok(
    files.some((f) => f.endsWith(`${view.recording!.id}.opus.age`)),
    'an id of ours names the file',
  );
});

t.test('a recording past its date is gone after the scheduled run', async (t) => {
  const call = await ended('+442079460123');
  const file = readdirSync(recorder.dataDir, { recursive: true, encoding: 'utf8' }).find((f) =>
    f.endsWith(`${call.recording!.id}.opus.age`),
  );
  t.ok(file, 'its file is there before');
  // Under a policy without a retention rule nothing becomes due, so a run that finds something asks first.
  const { version, policy } = await api.json<{ version: number; policy: object }>('GET', '/policy');
  const rule = { name: 'A month', reason: 'Tests', when: {}, keep_days: 30 };
  await api.json('PUT', '/policy', { based_on: version, policy: { ...policy, retention: [rule] } });
  const db = new Database(catalogueFile(recorder.dataDir));
  db.prepare('UPDATE recordings SET keep_until = ? WHERE id = ?').run(Date.now() - 1000, call.recording!.id);
  db.close();
  const gone = await until('the tombstone', async () => {
    const view = await api.call(call.id);
    return view.recording?.state === 'erased' ? view : null;
  });
  t.ok(gone, 'the row stays as a tombstone');
  t.equal((await api.ask('GET', `/calls/${call.id}/audio`)).status, 410, 'it cannot be played');
  t.notOk(
    readdirSync(recorder.dataDir, { recursive: true, encoding: 'utf8' }).includes(file!),
    'its file is gone',
  );
  t.not((await api.ask('GET', `/calls/${call.id}/peaks`)).status, 200, 'its waveform is gone');
  const csv = await (await api.ask('GET', '/retention.csv')).text();
  t.match(
    csv.split('\n').find((l) => l.includes(call.id)),
    /^gone,/,
    'the CSV has a line that says so',
  );
  t.not((await recorder.command(['export', call.id])).code, 0, 'it cannot be exported');
});

t.test('the command line works on the same data', async (t) => {
  const doctor = await recorder.command(['doctor', '--json']);
  t.equal(doctor.code, 0, doctor.out + doctor.err);
  const calls = await recorder.command(['calls', '--json']);
  t.ok(calls.out.includes('+15550001'));
  const id = (await ended('+15550001')).id;
  const file = join(recorder.dataDir, '..', 'out.opus');
  t.match(await recorder.command(['export', id, '-o', file]), { code: 0 });
  t.equal(readFileSync(file).subarray(0, 4).toString(), 'OggS');
  t.match(await recorder.command(['export', id, '-o', file]), { code: 2, err: /--force/ });
  t.match(await recorder.command(['export', '01ARZ3NDEKTSV4RRFFQ69G5FAV']), {
    code: 1,
    err: /This call does not exist/,
  });
  t.match(await recorder.command(['retention', 'plan', '--json']), { code: 0 });
  t.match(await recorder.command(['nonsense']), { code: 2 });
});

t.test('the PBX goes away and comes back: said once, retried, and then it records again', async (t) => {
  const log = () => readFileSync(join(recorder.dataDir, '..', 'run.log'), 'utf8');
  const before = log().length;
  await pbx.kill();
  await until('the complaint', () => /"link":"ARI"/.test(log().slice(before)));
  await seconds(4);
  const said = log()
    .slice(before)
    .split('\n')
    .filter((l) => l.includes('"link":"ARI"') && l.includes('"level":50'));
  t.ok(
    said.length >= 1 && said.length <= 2,
    `said ${said.length} times in 4 s: the connection closed, and then nobody answers`,
  );
  await pbx.start();
  // A call that is answered before that may lack its first syllable, and says so.
  // CDRs have a monitoring gap of their own, which may close sooner.
  const watched = () => /"part":"watch".*Monitoring gap closed/.test(log().slice(before));
  await until('the calls to be watched', watched);
  const call = await carrier.call('5551000', { caller: { number: '+15550004' } });
  await call.answered;
  await seconds(2);
  await call.hangup();
  const { coverage } = await ended('+15550004');
  t.equal(lackOf(coverage), '');
});
