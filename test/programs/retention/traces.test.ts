import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { keysFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { makePast } from '../../../scripts/lib/demo/past.js';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import { createMovableClock } from '../../support/clock.js';
import { bytesOf } from '../../support/files/bytes-of.js';
import {
  type ApiClient,
  type CallView,
  createApiClient,
  createRecorderLab,
  until,
} from '../../support/recorder.js';

/**
 * Everything that people do with the recordings of one caller is done on the programs as an admin runs them: looked for, heard, taken
 * along, redacted, reported, archived, backed up. After the recordings were erased and the days for names are over, no file that
 * Tapedeck has written, no log and no temporary file has their number, their name, a key or a piece of the sound.
 */
const DAY = 86_400_000;
const CALLER = { number: '+4930555017342', name: 'Zephyrine Quackenbush' };
const FORMS = ['30555017342', 'Quackenbush', 'quackenbush'];
const ADMIN = { name: 'Grace Hopper', password: 'correct horse battery 1' };
const POLICY: Policy = {
  ...defaultPolicy,
  metadata_days: 1,
  retention: [{ name: 'Short', reason: '', when: {}, keep_days: 1 }],
};
const PROMPTS = fileURLToPath(new URL('../../../prompts/en', import.meta.url));
const SPEECH = { in: join(PROMPTS, 'announce_refusal.wav'), out: join(PROMPTS, 'ask.wav') };
const TOKEN_RIGHTS = ['view', 'play'];

type Key = { id: string; wrapped: Buffer };
type Plan = { breaker: { confirm: string } };

const filesIn = (dir: string): string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() ? filesIn(path) : found?.isFile() ? [path] : [];
  });

/** Which of these stands in which file. */
const found = (dir: string, traces: Map<string, string | Buffer>): string[] =>
  filesIn(dir).flatMap((path) => {
    const bytes = bytesOf(path);
    return [...traces]
      .filter(([, trace]) => bytes?.includes(trace))
      .map(([what]) => `${relative(dir, path)}: ${what}`);
  });

/** A recorder and a dashboard over some weeks of calls of the caller, whose recordings are all due. */
async function openOffice(t: Test) {
  // Short, so that the data directory is in it.
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ['tmp', 'archive', 'backups']) mkdirSync(join(dir, name));
  const pbx = awayPbx(dir);
  const clock = createMovableClock(join(dir, 'clock'));
  const recipient = await identityToRecipient(await generateX25519Identity());
  const lab = createRecorderLab({
    ...{ dir, pbx, env: { ...clock.env, TMPDIR: join(dir, 'tmp') } },
    extra: `[archive]\ndirectory = "${join(dir, 'archive')}"\nafter_days = 1\nreserve_mb = 1
[backup]\npath = "${join(dir, 'backups')}"\nrecipient = "${recipient}"\n`,
  });
  t.teardown(() => lab.stop());
  await makePast({
    ...{ dataDir: lab.dataDir, masterKeyFile: join(dir, 'master.key'), speech: SPEECH, now: Date.now() },
    ...{ days: 40, every: 6, policy: POLICY, caller: () => CALLER },
  });
  const start = () => lab.startDaemon(PBX_AWAY);
  await start();
  const { address, setupCode } = await lab.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, ADMIN.name, ADMIN.password);
  return { dir, lab, clock, api, address, start };
}

/** All of an answer, which has to be a good one. */
async function taken(api: ApiClient, method: string, path: string, body?: unknown): Promise<Buffer> {
  const answer = await api.ask(method, path, body);
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${bytes}`);
  return bytes;
}

t.test('what was done with recordings leaves no trace of them once they are erased', async (t) => {
  const { dir, lab, clock, api, address, start } = await openOffice(t);
  const command = async (...args: string[]) => {
    const said = await lab.command(args);
    t.equal(said.code, 0, `tapedeck ${args.join(' ')}: ${said.err}`);
    return said.out;
  };
  const calls = await api.calls();
  t.ok(calls.length >= 4, `${calls.length} calls`);
  const [first, redacted, exported, archived] = calls as [CallView, CallView, CallView, CallView];
  const sound = await api.audio(first.id);

  await t.test('they are looked for, heard, taken along, redacted and reported', async (t) => {
    for (const q of FORMS)
      t.equal((await api.calls(`&q=${encodeURIComponent(q)}`)).length, calls.length, `found by ${q}`);
    await taken(api, 'GET', `/calls/${first.id}/audio?download=1`);
    await taken(api, 'GET', `/calls/${first.id}/peaks`);
    await taken(api, 'GET', `/calls/${first.id}/manifest`);
    await taken(api, 'POST', `/calls/${exported.id}/evidence`, { reason: 'For the insurance' });
    for (const older of ['destroy', 'keep'])
      await api.json('POST', `/recordings/${(await api.call(redacted.id)).recording!.id}/redact`, {
        ...{ stretches: [{ side: 'them', from_ms: 1_000, until_ms: 2_000 }], reason: 'A card number' },
        older,
      });
    const { secret } = await api.json<{ secret: string }>('POST', '/account/tokens', {
      ...{ name: 'Wallboard', rights: TOKEN_RIGHTS },
    });
    const headers = { authorization: `Bearer ${secret}` };
    const byToken = await fetch(`${address}/api/v1/calls/${first.id}/audio`, { headers });
    t.ok(Buffer.from(await byToken.arrayBuffer()).equals(sound), 'a program hears it');
    const { reports } = await api.json<{ reports: string[] }>('GET', '/reports');
    t.ok(reports.length >= 10);
    const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    const period = `from=${day(Date.now() - 45 * DAY)}&to=${day(Date.now())}`;
    for (const report of reports)
      for (const format of ['csv', 'json', 'pdf'])
        await taken(api, 'GET', `/reports/${report}/file?${period}&format=${format}`);
  });

  await t.test('they are archived and backed up', async () => {
    await command('archive', 'init', '--same-disk');
    await api.json('POST', '/recordings/archive', {});
    const { id } = archived.recording!;
    await until('the recordings are in the archive', () =>
      filesIn(join(dir, 'archive')).some((path) => path.includes(id)),
    );
    await taken(api, 'GET', `/calls/${archived.id}/audio`);
    await command('backup', 'create', '--wait');
    await command('backup', 'drill', '--wait');
  });

  const names = new Map<string, string | Buffer>(FORMS.map((form) => [form, form]));
  const keys = new Map<string, string | Buffer>();
  const db = new Database(keysFile(lab.dataDir), { readonly: true });
  for (const { id, wrapped } of db.prepare('SELECT recording_id AS id, wrapped FROM key').all() as Key[])
    if (wrapped.some((byte) => byte !== 0)) keys.set(`key of ${id}`, wrapped);
  db.close();
  // The codec's own words are in each file: what was said begins later.
  const plain = new Map<string, string | Buffer>([['sound', sound.subarray(4_000, 4_064)]]);
  t.ok(keys.size > calls.length, 'there are keys of all of them, and of a version from before a redaction');
  t.same(found(dir, plain), [], 'sound is on no disk as it is, while there are recordings');
  t.ok(found(dir, names).length > 0, 'names are there');
  t.same([...new Set(found(dir, keys).map((at) => at.split(': ')[0]))], ['data/keys/keys.db']);
  t.same(found(join(dir, 'backups'), new Map([...names, ...keys])), [], 'and readable in no backup');

  await lab.stopWeb();
  const run = async () => {
    const plan = JSON.parse(await command('retention', 'plan', '--json')) as Plan;
    return command('retention', 'run', '--confirm', plan.breaker.confirm);
  };
  t.match(await run(), /^[5-9] erased, 0 failed, 0 left\./);
  t.ok(found(dir, names).length > 0, 'names stay for a day');
  await lab.stopDaemon();
  clock.move(2 * DAY);
  await start();
  t.match(await run(), /^0 erased, 0 failed, 0 left\./);
  await lab.stopDaemon();

  t.same(found(dir, new Map([...names, ...keys, ...plain])), [], 'no file has a trace of them');
  t.same(filesIn(join(dir, 'tmp')), [], 'no temporary file is left');
  const sealed = filesIn(dir).filter(
    (path) => path.endsWith('.age') && !path.startsWith(join(dir, 'backups')),
  );
  t.same(sealed, [], 'nor a sealed file');
});
