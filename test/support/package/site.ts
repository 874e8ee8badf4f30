import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from '../booted/machine.js';

const ETC = '/etc/tapedeck';
const EXAMPLE = '/usr/lib/tapedeck/tapedeck.toml.example';
/** What an upgrade, a removal and a purge must leave as it is. */
const KEPT = ['master.key', 'ari-password', 'ami-secret', 'tapedeck.toml'].map((name) => `${ETC}/${name}`);
const SERVICES = ['tapedeck', 'tapedeck-web', 'tapedeck-encoder'];

/** Configures an installed package without a PBX, and starts its services: the recorder is ready before one answers. */
export async function setUpWithoutPbx({ path, must }: Machine): Promise<void> {
  await must('groupadd', '--system', '--force', 'asterisk');
  mkdirSync(path('/var/spool/asterisk/recording'), { recursive: true, mode: 0o2770 });
  await must('chgrp', 'asterisk', '/var/spool/asterisk/recording');
  const secret = (name: string, text: string) =>
    writeFileSync(path(`${ETC}/${name}`), `${text}\n`, { mode: 0o600 });
  secret('ari-password', 'not-in-use');
  secret('ami-secret', 'not-in-use');
  secret('master.key', Buffer.alloc(32, 7).toString('base64'));
  await must('chown', 'tapedeck:root', `${ETC}/master.key`);
  await must('chmod', '0400', `${ETC}/master.key`);
  const toml = readFileSync(path(EXAMPLE), 'utf8')
    .replace(/^socket = ""$/m, 'socket = "/run/tapedeck-encoder/sock"')
    // Without a PBX it is not known whether calls need the processor, and the tests keep this machine busy.
    .replace(/^calls_first = true$/m, 'calls_first = false');
  writeFileSync(path(`${ETC}/tapedeck.toml`), toml, { mode: 0o640 });
  await must('chgrp', 'tapedeck', `${ETC}/tapedeck.toml`);
  await must('systemctl', 'start', 'tapedeck-encoder.socket', 'tapedeck-web-restart.path', ...SERVICES);
}

/** Returns the process of each service, 0 where it is stopped. */
export async function processesOf({ must }: Machine): Promise<Record<string, number>> {
  const pid = async (unit: string) =>
    [unit, Number(await must('systemctl', 'show', unit, '-p', 'MainPID', '--value'))] as const;
  return Object.fromEntries(await Promise.all(SERVICES.map(pid)));
}

/** Returns what must not change: the bytes of keys, secrets and configuration, and the owner and mode of each. */
export async function keptOf({ path, must }: Machine): Promise<string> {
  const sums = KEPT.map((file) =>
    createHash('sha256')
      .update(readFileSync(path(file)))
      .digest('hex'),
  );
  return `${sums.join('\n')}\n${await must('stat', '--format=%n %U:%G %a', ...KEPT)}`;
}

/** Puts a program in the place of the command `tapedeck` in a machine. Returns what puts the real one back. */
export function replaceCommand({ path }: Machine, script: string): () => void {
  const command = path('/usr/bin/tapedeck');
  const aside = path('/root/tapedeck.real');
  copyFileSync(command, aside);
  writeFileSync(command, script, { mode: 0o755 });
  return () => copyFileSync(aside, command);
}
