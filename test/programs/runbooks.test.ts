import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { makePast } from '../../scripts/lib/demo-past.js';
import { awayPbx, PBX_AWAY } from '../support/box/away-pbx.js';
import { createRecorderLab } from '../support/recorder.js';

/** Runbooks are followed as they are written: their commands are read from the pages and run on the programs. */
t.setTimeout(600_000);
const ROOT = join(import.meta.dirname, '../..');
const PROMPTS = fileURLToPath(new URL('../../prompts/en', import.meta.url));
const SPEECH = { in: join(PROMPTS, 'announce_refusal.wav'), out: join(PROMPTS, 'ask.wav') };
const page = (name: string) => readFileSync(join(ROOT, 'docs/runbooks', name), 'utf8');

/** The commands of a section of a page: lines that are indented by four spaces. */
function commands(name: string, section: string): string[] {
  const text = page(name);
  const from = text.indexOf(`\n## ${section}\n`);
  if (from < 0) throw new Error(`${name} has no section "${section}"`);
  const end = text.indexOf('\n## ', from + 1);
  const found = text.slice(from, end < 0 ? undefined : end).match(/^ {4}[a-z(].*$/gm) ?? [];
  if (found.length === 0) throw new Error(`${name} has no commands in "${section}"`);
  return found.map((line) => line.trim());
}

/** What a recorder has made in some days: for each machine a copy. */
const past = mkdtempSync(join(tmpdir(), 'tapedeck-past-'));
t.teardown(() => rmSync(past, { recursive: true, force: true }));
t.before(() =>
  makePast({
    ...{
      dataDir: join(past, 'data'),
      masterKeyFile: join(past, 'master.key'),
      speech: SPEECH,
      now: Date.now(),
    },
    ...{ days: 3, every: 1 },
  }),
);

/** A machine with some recordings; its recorder runs, and a copy of its master key is where a USB stick would be. */
async function machine(t: Test) {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const lab = createRecorderLab({ dir, pbx: awayPbx(dir) });
  t.teardown(() => lab.stop());
  cpSync(join(past, 'data'), lab.dataDir, { recursive: true });
  copyFileSync(join(past, 'master.key'), join(dir, 'master.key'));
  for (const folder of ['usb', 'put-aside']) mkdirSync(join(dir, folder));
  copyFileSync(join(dir, 'master.key'), join(dir, 'usb/master.key'));
  const own = `${process.getuid!()}:${process.getgid!()}`;
  const places: [string, string][] = [
    ['/etc/tapedeck', dir],
    ['/media/usb', join(dir, 'usb')],
    ['/var/lib/tapedeck.', `${join(dir, 'put-aside')}/`],
    ['/var/lib/tapedeck', lab.dataDir],
  ];
  const here = (command: string) =>
    places
      .reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), command)
      .replace(/\b(tapedeck):(root|tapedeck)\b/g, own)
      .replace(/ -o tapedeck -g root\b/g, '');

  /** Types what a page says. What a machine of systemd's has, and this one has not, is done as systemd would. */
  async function type(command: string): Promise<{ code: number; said: string }> {
    const [program, verb] = command.split(' ');
    if (program === 'systemctl' && verb === 'stop') {
      await lab.stopWeb();
      await lab.stopDaemon();
    } else if (program === 'systemctl' && verb === 'start') {
      await lab.startDaemon(PBX_AWAY);
      if (command.includes('tapedeck-web')) await lab.startWeb();
    } else if (program === 'tapedeck') {
      const { code, out, err } = await lab.command(command.split(' ').slice(1));
      return { code: code as number, said: out + err };
    } else if (!['systemctl', 'systemd-tmpfiles', 'journalctl', 'findmnt', 'mount'].includes(program!)) {
      const { status, stdout, stderr } = spawnSync('sh', ['-ec', here(command)], { encoding: 'utf8' });
      t.equal(status, 0, `${command}\n${stdout}${stderr}`);
    }
    return { code: 0, said: '' };
  }
  return {
    ...{ dir, lab, type },
    key: join(dir, 'master.key'),
    /** Types all of a section; gives what each command said. */
    async follow(name: string, section: string): Promise<Map<string, { code: number; said: string }>> {
      const said = new Map<string, { code: number; said: string }>();
      for (const command of commands(name, section)) said.set(command, await type(command));
      return said;
    },
    /** Starts the recorder where it is expected to end. */
    refused: () =>
      lab.startDaemon(PBX_AWAY).then(
        () => 'it started',
        (e: Error) => e.message,
      ),
  };
}

const recordingsOf = (dataDir: string) => {
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  const { sealed } = db.prepare("SELECT count(*) AS sealed FROM recordings WHERE state = 'sealed'").get() as {
    sealed: number;
  };
  db.close();
  return sealed;
};

t.test('The master key is lost: with a copy, and with neither copy nor backup', async (t) => {
  const m = await machine(t);
  const name = 'lost-master-key.md';
  const sealed = recordingsOf(m.lab.dataDir);
  t.ok(sealed >= 1);
  rmSync(m.key);
  t.match(await m.refused(), /ended with 78:.*master key cannot be read/s);
  t.match(await m.type('tapedeck verify --all'), {
    code: 1,
    said: new RegExp(`${sealed} CANNOT BE OPENED by anybody here: The master key cannot be read`),
  });

  const back = await m.follow(name, 'With a copy of the key');
  t.match(back.get('tapedeck keys status'), { code: 0, said: /keys of \d+ recordings/ });
  t.match(back.get('tapedeck verify --all'), {
    code: 0,
    said: new RegExp(`${sealed} verified: all as sealed and signed\\.`),
  });

  await m.type('systemctl stop tapedeck-web tapedeck');
  writeFileSync(m.key, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  t.match(
    await m.type('tapedeck keys status'),
    { code: 78, said: /does not belong to this keys\.db/ },
    'another key',
  );
  rmSync(m.key);

  const anew = await m.follow(name, 'With neither');
  t.match(anew.get('tapedeck keys status'), { code: 0, said: /keys of 0 recordings/ });
  t.equal(recordingsOf(m.lab.dataDir), sealed, 'the list of calls stays');
  t.match(
    readdirSync(join(m.dir, 'put-aside')).toSorted(),
    ['keys-lost', 'signing-lost'],
    'and what was lost is kept',
  );
  const verified = await m.type('tapedeck verify --all');
  t.match(verified, { code: 1, said: new RegExp(`${sealed} verified, ${sealed} NOT`) });
  t.match(verified.said, /key of this recording is missing/);
  const test = await m.type('tapedeck keys status');
  t.match(test.said, /signing|public/i, 'there is a new key to sign with');
  await m.lab.stop();
});

t.test('The data disk is missing: it comes back, and it is lost', async (t) => {
  const m = await machine(t);
  const name = 'lost-data-disk.md';
  await m.type('systemctl start tapedeck tapedeck-web');
  await m.type('systemctl stop tapedeck-web tapedeck');
  const sealed = recordingsOf(m.lab.dataDir);
  const disk = `${m.lab.dataDir}.disk`;
  t.teardown(() => rmSync(disk, { recursive: true, force: true }));
  const unmount = () => {
    renameSync(m.lab.dataDir, disk);
    mkdirSync(m.lab.dataDir, { mode: 0o750 });
  };
  unmount();
  t.match(await m.refused(), /ended with 78:.*directory is empty, but this machine has recorded before/s);
  t.match(
    page(name),
    /The data directory is empty, but this machine has recorded before\./,
    'as the page has it',
  );
  t.same(readdirSync(m.lab.dataDir), []);

  // What "mount" does.
  rmSync(m.lab.dataDir, { recursive: true });
  renameSync(disk, m.lab.dataDir);
  await m.follow(name, 'Mount it');
  t.equal(recordingsOf(m.lab.dataDir), sealed);
  await m.type('systemctl stop tapedeck-web tapedeck');

  unmount();
  await m.follow(name, 'The disk is lost, and there is no backup');
  t.equal(recordingsOf(m.lab.dataDir), 0);
  t.ok(existsSync(join(m.dir, 'witness/data.json')), 'the new data is known from now on');
  await m.lab.stop();
});

t.test(
  'The TPM does not open the key: with the copy in the clear',
  { skip: process.getuid?.() !== 0 && 'only root seals' },
  async (t) => {
    const m = await machine(t);
    const secret = join(m.dir, 'host-secret');
    process.env.SYSTEMD_CREDENTIAL_SECRET = secret;
    t.teardown(() => delete process.env.SYSTEMD_CREDENTIAL_SECRET);
    t.match(await m.type('tapedeck keys seal --with-key host --yes'), { code: 0 });
    rmSync(secret);
    const status = await m.type('tapedeck keys status');
    t.match(status, { code: 78, said: /systemd-creds:/ }, status.said);
    const decrypt = spawnSync('systemd-creds', ['decrypt', '--name=master-key', m.key, '-'], {
      encoding: 'utf8',
    });
    t.not(decrypt.status, 0);
    const back = await m.follow('tpm-missing.md', 'With the copy in the clear');
    t.match(back.get('tapedeck keys status'), { code: 0, said: /keys of \d+ recordings/ });
    t.match(await m.type('tapedeck verify --all'), { code: 0 });
    await m.lab.stop();
  },
);

t.test(
  'The catalogue is of a newer version: nothing was changed, and the newer version goes on',
  async (t) => {
    const m = await machine(t);
    await m.type('systemctl start tapedeck tapedeck-web');
    await m.type('systemctl stop tapedeck-web tapedeck');
    const set = (version: number): number => {
      const db = new Database(catalogueFile(m.lab.dataDir));
      const was = db.pragma('user_version', { simple: true }) as number;
      db.pragma(`user_version = ${version}`);
      db.close();
      return was;
    };
    const was = set(999);
    const before = statSync(catalogueFile(m.lab.dataDir)).mtimeMs;
    t.match(await m.refused(), /ended with 65:.*catalogue was written by a newer Tapedeck/s);
    t.match(page('newer-catalogue.md'), /The catalogue was written by a newer Tapedeck\./);
    t.equal(statSync(catalogueFile(m.lab.dataDir)).mtimeMs, before, 'it was not touched');
    set(was); // the newer version is installed again
    await m.follow('newer-catalogue.md', 'Install the newer version again');
    await m.lab.stop();
  },
);
