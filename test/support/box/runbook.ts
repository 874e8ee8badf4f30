import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { catalogueFile } from '../../../daemon/domain/paths.js';
import { makePast } from '../../../scripts/lib/demo/past.js';
import { createRecorderLab } from '../recorder.js';
import { awayPbx, PBX_AWAY } from './away-pbx.js';

/** Pages of the documentation, followed as they are written: their commands are read from the pages and run on the programs. */

const ROOT = join(import.meta.dirname, '../../..');
const PROMPTS = join(ROOT, 'prompts/en');
const SPEECH = { in: join(PROMPTS, 'announce_refusal.wav'), out: join(PROMPTS, 'ask.wav') };

const TMPFILES = readFileSync(join(ROOT, 'systemd/tapedeck.tmpfiles'), 'utf8');

/** Returns the text of a page of docs/. */
export const page = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');

/** Returns the lines of code of a section of a page, also those of the steps of a list. Throws where there are none. */
export function linesOf(name: string, section: string): string[] {
  const text = page(name);
  const from = text.indexOf(`\n## ${section}\n`);
  if (from < 0) throw new Error(`${name} has no section "${section}"`);
  const end = text.indexOf('\n## ', from + 1);
  const lines = text.slice(from, end < 0 ? undefined : end).split('\n');
  // Code is indented by four more than what it stands in; a paragraph of a step is indented too, without an empty line before.
  const steps = lines.some((line) => /^\d+\. /.test(line));
  const found = lines.filter((line) => (steps ? /^ {8}\S/ : /^ {4}\S/).test(line));
  if (found.length === 0) throw new Error(`${name} has no commands in "${section}"`);
  return found.map((line) => line.trim());
}

/** The words of a command as a shell takes them apart. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

/** Makes what a recorder has after some days, once for all machines of a test file. */
export async function pastOf(t: Test): Promise<string> {
  const past = mkdtempSync(join(tmpdir(), 'tapedeck-past-'));
  t.teardown(() => rmSync(past, { recursive: true, force: true }));
  await makePast({
    ...{ dataDir: join(past, 'data'), masterKeyFile: join(past, 'master.key') },
    ...{ speech: SPEECH, now: Date.now(), days: 3, every: 1 },
  });
  return past;
}

/** A machine with some recordings; its recorder runs, and a copy of its master key is where a USB stick would be. */
export async function machine(t: Test, past: string, extra: (dir: string) => string = () => '') {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  // With a name so long that the data directory, with its sockets, is elsewhere, as it is on a real machine.
  const etc = join(dir, 'etc'.padEnd(100, '-'));
  mkdirSync(etc);
  const lab = createRecorderLab({ dir: etc, pbx: awayPbx(etc), extra: extra(dir) });
  t.teardown(() => lab.stop());
  for (const folder of ['usb', 'put-aside']) mkdirSync(join(dir, folder));
  cpSync(join(past, 'data'), lab.dataDir, { recursive: true });
  copyFileSync(join(past, 'master.key'), join(etc, 'master.key'));
  copyFileSync(join(etc, 'master.key'), join(dir, 'usb/master.key'));
  const own = `${process.getuid!()}:${process.getgid!()}`;
  const places: [string, string][] = [
    ['/etc/tapedeck', etc],
    ['/root/tapedeck-etc', join(dir, 'etc-copy')],
    ['/var/backups/tapedeck', join(dir, 'copy')],
    ['/media/usb', join(dir, 'usb')],
    ['/mnt', join(dir, 'mnt')],
    ['/var/lib/tapedeck.', `${join(dir, 'put-aside')}/`],
    ['/var/lib/tapedeck', lab.dataDir],
  ];
  const here = (command: string) =>
    places
      .reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), command)
      .replace(/(?<=\s)(root|tapedeck|tapedeck-web):(root|tapedeck)(?=\s)/g, own)
      .replace(/ -o tapedeck -g (root|tapedeck)(?=\s)/g, '');

  /** As the package makes them. */
  function makeFolders(): void {
    for (const [, folder, mode] of TMPFILES.matchAll(/^d\s+(\/var\/lib\/tapedeck\S*)\s+(\d+)/gm))
      mkdirSync(here(folder!), { recursive: true, mode: Number.parseInt(mode!, 8) });
  }
  makeFolders();

  /** Types what a page says. What a machine of systemd's has, and this one has not, is done as systemd would. */
  async function type(command: string): Promise<{ code: number; said: string }> {
    const [program, verb] = command.split(' ');
    if (program === 'systemctl' && (verb === 'stop' || verb === 'disable')) {
      await lab.stopWeb();
      await lab.stopDaemon();
    } else if (program === 'systemctl' && (verb === 'start' || verb === 'enable')) {
      await lab.startDaemon(PBX_AWAY);
      if (command.includes('tapedeck-web')) await lab.startWeb();
    } else if (program === 'tapedeck') {
      // No systemd runs here, and the PBX of this machine is nobody's: what setup does then is seen on a booted machine.
      const more = verb === 'restore' ? ['--no-setup'] : [];
      const { code, out, err } = await lab.command([...wordsOf(here(command)).slice(1), ...more]);
      return { code: code as number, said: out + err };
    } else if (program === 'systemd-tmpfiles') {
      makeFolders();
    } else if (!['systemctl', 'journalctl', 'findmnt', 'mount'].includes(program!)) {
      const { status, stdout, stderr } = spawnSync('sh', ['-ec', here(command)], { encoding: 'utf8' });
      t.equal(status, 0, `${command}\n${stdout}${stderr}`);
    }
    return { code: 0, said: '' };
  }
  return {
    ...{ dir, etc, lab, type },
    key: join(etc, 'master.key'),
    /** Types all of a section; gives what each command said. */
    async follow(name: string, section: string): Promise<Map<string, { code: number; said: string }>> {
      const said = new Map<string, { code: number; said: string }>();
      for (const command of linesOf(name, section).filter((line) => /^[a-z(]/.test(line)))
        said.set(command, await type(command));
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

/** Returns how many sealed recordings a data directory has. */
export const recordingsOf = (dataDir: string): number => {
  const db = new Database(catalogueFile(dataDir), { readonly: true });
  const { sealed } = db.prepare("SELECT count(*) AS sealed FROM recordings WHERE state = 'sealed'").get() as {
    sealed: number;
  };
  db.close();
  return sealed;
};
