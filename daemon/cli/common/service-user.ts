import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { outputOf } from '../../ops/process/run-program.js';

/** The user that the recorder runs as: what root may do says nothing of what it may do. */
export type ServiceUser = { name: string; uid: number /** Its own group first. */; gids: number[] };

/** What a program prints, or '' when it is not there or fails. */
const said = async (program: string, ...args: string[]): Promise<string> =>
  (await outputOf(program, args, 5_000))?.trim() ?? '';

/**
 * Returns whom the recorder runs as: us, where this is not root; else the user and the groups of its unit; else the owner
 * of the data directory. Null when neither is known, or both are root.
 */
export async function serviceUser(dataDir: string): Promise<ServiceUser | null> {
  const uid = process.getuid!();
  if (uid !== 0) {
    const [own, ...more] = [process.getgid!(), ...process.getgroups!()];
    return { name: `user ${uid}`, uid, gids: [own!, ...more] };
  }
  const unit = await said('systemctl', 'show', 'tapedeck.service', '-p', 'User', '-p', 'SupplementaryGroups');
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  if (value('User')) return named(value('User'), value('SupplementaryGroups').split(/\s+/).filter(Boolean));
  const owner = await stat(dataDir).catch(() => null);
  if (!owner || owner.uid === 0) return null;
  const name = (await said('getent', 'passwd', String(owner.uid))).split(':')[0];
  return (
    (name && (await named(name, []))) || { name: `user ${owner.uid}`, uid: owner.uid, gids: [owner.gid] }
  );
}

async function named(name: string, groups: string[]): Promise<ServiceUser | null> {
  const [uid, own, all, ...more] = await Promise.all([
    said('id', '-u', name),
    said('id', '-g', name),
    said('id', '-G', name),
    ...groups.map(async (group) => (await said('getent', 'group', group)).split(':')[2] ?? ''),
  ]);
  if (!uid || !own) return null;
  const gids = [own, ...all!.split(' '), ...more].filter(Boolean).map(Number);
  return { name, uid: Number(uid), gids: [...new Set(gids)] };
}

/** What a user can do in a folder: the system's code for what refused it, or null. `read` is of files that are there. */
export type Access = {
  list: string | null;
  make: string | null;
  read: { file: string; code: string } | null;
};

/** Run by a process of its own, which gives up root's rights for good before it touches anything. */
const TRY = `
  const fs = require('node:fs'), { join } = require('node:path');
  const { user, dir, probe, begin } = JSON.parse(process.argv[1]);
  if (user) { process.setgroups(user.gids); process.setgid(user.gids[0]); process.setuid(user.uid); }
  const code = (work) => { try { work(); return null; } catch (e) { return e.code || String(e); } };
  const found = { list: null, make: null, read: null };
  let files = [];
  found.list = code(() => { files = fs.readdirSync(dir); });
  found.make = code(() => {
    const path = join(dir, probe);
    fs.closeSync(fs.openSync(path, 'wx', 0o600));
    fs.unlinkSync(path);
  });
  for (const file of files.filter((name) => name.startsWith(begin)).slice(0, 100)) {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    const refused = code(() => fs.closeSync(fs.openSync(join(dir, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)));
    if (refused && refused !== 'ENOENT') { found.read = { file: join(dir, file), code: refused }; break; }
  }
  process.stdout.write(JSON.stringify(found));
`;

/** Tries as that user: lists the folder, makes and removes a file in it, and opens those whose names begin so. */
export async function tryFolder(user: ServiceUser | null, dir: string, begin: string): Promise<Access> {
  const probe = `.tapedeck-doctor-${process.pid}-${Date.now()}`;
  const drop = process.getuid!() === 0 ? user : null;
  const question = JSON.stringify({ user: drop, dir, probe, begin });
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', TRY, question], {
    env: {},
    cwd: '/',
    timeout: 10_000,
  });
  return JSON.parse(stdout) as Access;
}
