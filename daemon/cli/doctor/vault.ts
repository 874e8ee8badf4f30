import { existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { TapedeckError } from '../../domain/error.js';
import { keysFile } from '../../domain/paths.js';
import { deviceOf, isEncrypted, namedDevice } from '../../ops/block-device.js';
import { type Config, type PbxConfig, RECOVERY } from '../../ops/config-schema.js';
import { ask } from '../../ops/control-client.js';
import { createKeys } from '../../vault/keys.js';
import { publicKeys } from '../../vault/signing-key.js';
import { openToGroup } from '../../vault/take-back.js';
import type { CliContext } from '../common/context.js';
import { bad, type Finding, ok, warn } from './finding.js';

/** statfs(2) */
const TMPFS = 0x01021994;
/** An hour of nine calls. */
const LIVE_MB = 1024;

/** The files of keys that the dashboard's group can read: seen by root before it becomes the recorder's user. */
export function openKeyFiles({ data, keys }: Config): string[] {
  return [keys.master_key_file, keysFile(data.dir)].filter((file) => openToGroup(data.dir, file));
}

/** The master key, and what is wrapped under it. `open`: those of its files that the dashboard's group can read. */
export async function keys(context: CliContext, open: string[]): Promise<Finding[]> {
  const config = context.config();
  const file = config.keys.master_key_file;
  const path = keysFile(config.data.dir);
  if (!existsSync(file) && !existsSync(`${file}.next`) && !existsSync(path))
    return [
      warn(
        'keys',
        `${file} does not exist; the daemon makes it at its first start.`,
        'Back it up then, apart from the data. Under systemd make it first, as docs/start/by-hand.md says.',
      ),
    ];
  const master = await context.master();
  const found: Finding[] = [];
  if (master.next || master.spent)
    found.push(
      warn('master key', 'A change of it is not over; both keys are kept.', 'As root: tapedeck keys rotate'),
    );
  for (const one of open)
    found.push(
      warn(
        'keys',
        `The dashboard's group can read ${one}: anyone who takes the dashboard over has it.`,
        one === file
          ? `As root: chown tapedeck:root ${file} && chmod 0400 ${file} (tapedeck: the recorder's user). Then: tapedeck keys rotate`
          : 'Restart the recorder, which closes it: systemctl restart tapedeck. Then: tapedeck keys rotate',
      ),
    );
  if (!existsSync(path))
    found.push(ok('keys', 'The master key is there; keys.db is made at the first start.'));
  else {
    const store = createKeys({ path, masterKey: master.current, reread: master.reread, readonly: true });
    try {
      store.start();
    } finally {
      store.stop();
    }
    found.push(ok('keys', 'The master key opens keys.db.'));
  }
  const signing = [...publicKeys(config.data.dir).keys()];
  if (signing.length > 0)
    found.push(ok('signing key', `Recordings are signed; public keys: ${signing.join(', ')}.`));
  if (config.keys.recovery_recipient)
    found.push(ok('recovery', `${config.keys.recovery_recipient} can open new recordings too. ${RECOVERY}`));
  return found;
}

/** Where audio is in the clear while a call lasts, and how to have it in memory only. */
export async function liveAudio(pbx: Pick<PbxConfig, 'spool' | 'spool_reserve_mb'>): Promise<Finding> {
  const dir = pbx.spool;
  if (!existsSync(dir))
    return ok(
      'live audio',
      "It is in the clear on the PBX for as long as a call lasts, in Asterisk's folder recording/. Run doctor there for how to put it in memory.",
    );
  const { type, blocks, bsize } = await statfs(dir);
  const clear = `Until a call is sealed its audio is in the clear in ${dir}`;
  if (type === TMPFS) {
    const size = Math.round((blocks * bsize) / 1e6);
    const needed = pbx.spool_reserve_mb + LIVE_MB;
    const text = `${clear}, which is in memory (${size} MB); what is not sealed when the power fails is lost.`;
    if (size >= needed) return ok('live audio', text);
    return warn(
      'live audio',
      text,
      `Of this ${pbx.spool_reserve_mb} MB are kept free: give it ${needed} MB or more (size= in its mount).`,
    );
  }
  if (isEncrypted(deviceOf(dir)))
    return ok('live audio', `${clear}, which is on an encrypted disk; it outlives a power cut.`);
  const { uid, gid } = statSync(dir);
  const size = pbx.spool_reserve_mb + LIVE_MB;
  const fstab = `tmpfs ${dir} tmpfs rw,nosuid,nodev,noexec,mode=2770,uid=${uid},gid=${gid},size=${size}M 0 0`;
  return ok(
    'live audio',
    `${clear}, which is on a disk: it outlives a power cut, and traces of it stay on the disk.\n` +
      '      To have it in memory only, while nobody is on the phone: add this line to /etc/fstab and run "mount" on it, or\n' +
      '      make a mount unit of it (docs/operate/live-audio.md). It then takes memory as it fills, and what is not sealed when the\n' +
      '      power fails is lost.\n' +
      `      ${fstab}`,
  );
}

/** Whether memory may be written to a disk in the clear. */
export async function swap(): Promise<Finding> {
  let text: string;
  try {
    text = readFileSync('/proc/swaps', 'utf8');
  } catch {
    return ok('swap', 'It cannot be seen from here whether there is any.');
  }
  const names = text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/)[0]!.replaceAll('\\040', ' '))
    .filter(Boolean);
  const open = names.filter((name) => {
    if (name.startsWith('/dev/zram')) return false;
    try {
      return !isEncrypted(namedDevice(name));
    } catch {
      return true;
    }
  });
  if (names.length === 0) return ok('swap', 'No swap is in use.');
  if (open.length === 0) return ok('swap', 'What is swapped out is encrypted or stays in memory.');
  return warn(
    'swap',
    `${open.join(', ')} is not encrypted: what Asterisk has in memory may be written there, live audio on a tmpfs too.`,
    `swapoff ${open[0]}, and in /etc/crypttab: swap ${open[0]} /dev/urandom swap,cipher=aes-xts-plain64,size=512 (or do without swap). The units keep Tapedeck itself out of it (MemorySwapMax=0).`,
  );
}

/** Whether a crash may write keys and speech to a disk. */
export async function coreDumps(config: Config): Promise<Finding> {
  let limit: { hard: string } | null;
  try {
    limit = (await ask(config.data.dir, 'core_limit')).limit;
  } catch (e) {
    if (e instanceof TapedeckError) return ok('core dumps', 'They are turned off when the recorder starts.');
    throw e;
  }
  if (limit === null)
    return warn('core dumps', 'It cannot be seen whether they are off.', 'Look at /proc/PID/limits.');
  if (limit.hard !== '0')
    return bad(
      'core dumps',
      'The recorder may write its memory to the disk when it crashes.',
      'Install util-linux (prlimit), or set LimitCORE=0 in its unit; then restart it.',
    );
  return ok('core dumps', 'They are off for the recorder and for ffmpeg.');
}
