import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../booted/machine.js';

type Tree = { root: string; command: string; prefix: string[] };

/** Where it lies in the machine: a Debian of another suite, with the libraries of that suite. */
const STOCK = '/opt/stock';
const TRIPLET = 'x86_64-linux-gnu';

/** An Asterisk as Debian packages it, 22 of forky or 16 of bullseye: trixie and bookworm have none. */
export async function asteriskTree(major: 22 | 16): Promise<Tree> {
  const { getTree } = (await import('../../../scripts/lib/pbx-tree.mjs' as string)) as {
    getTree(home: string, major: number, say: (line: string) => void): Promise<Tree>;
  };
  return getTree(join(import.meta.dirname, '../../../.pbx'), major, () => {});
}

/** What a machine with it has to see of ours. */
export const stockBinds = ({ root }: Tree): Record<string, string> => ({ [STOCK]: realpathSync(root) });

/** What an office has, in files that its admin has written: the phone 100, and a line to the outside. */
const PHONES = `
[udp]
type=transport
protocol=udp
bind=127.0.0.1:5060
[phone](!)
type=endpoint
context=internal
disallow=all
allow=ulaw
direct_media=no
rtp_symmetric=yes
[100](phone)
aors=100
[100]
type=aor
contact=sip:100@127.0.0.1:6100
[trunk]
type=endpoint
context=from-trunk
aors=trunk
disallow=all
allow=ulaw
direct_media=no
rtp_symmetric=yes
identify_by=header
[trunk]
type=identify
endpoint=trunk
match_header=X-Carrier: lab
[trunk]
type=aor
contact=sip:127.0.0.1:6140
`;
const DIALPLAN = `
[internal]
exten => 100,1,Dial(PJSIP/100,30)
 same => n,Hangup()
[from-trunk]
exten => _X.,1,Dial(PJSIP/100,30)
 same => n,Hangup()
`;

/**
 * Installs it in a machine as its package does: Debian's configuration, its user, its folders, its unit. Then the admin adds a
 * phone and a line, as every office has them, and starts it.
 */
export async function installStockAsterisk({ must, inside, path }: Machine, tree: Tree): Promise<void> {
  await must('useradd', '--system', '--home-dir', '/var/lib/asterisk', '--shell', '/bin/false', 'asterisk');
  cpSync(join(tree.root, 'etc/asterisk'), path('/etc/asterisk'), { recursive: true });
  for (const dir of [
    '/var/lib/asterisk/keys',
    '/var/spool/asterisk',
    '/var/log/asterisk/cdr-csv',
    '/var/cache/asterisk',
    '/run/asterisk',
  ])
    mkdirSync(path(dir), { recursive: true });
  mkdirSync(path(`/usr/lib/${TRIPLET}`), { recursive: true });
  // Where each looks for its modules: bullseye's does without the name of the processor.
  const lib = [`/usr/lib/${TRIPLET}/asterisk`, '/usr/lib/asterisk'].find((at) =>
    existsSync(join(tree.root, at, 'modules')),
  )!;
  symlinkSync(`${STOCK}${lib}`, path(lib));
  symlinkSync(`${STOCK}/usr/share/asterisk`, path('/usr/share/asterisk'));
  const words = [tree.command, ...tree.prefix].map((at) => at.replaceAll(tree.root, STOCK));
  writeFileSync(path('/usr/sbin/asterisk'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  const unit = join(tree.root, 'usr/lib/systemd/system/asterisk.service');
  const older = join(tree.root, 'lib/systemd/system/asterisk.service');
  // The loader is what runs, so systemd would look for readiness from another process.
  const text = readFileSync(existsSync(unit) ? unit : older, 'utf8').replace(
    /^\[Service\]$/m,
    '[Service]\nNotifyAccess=all',
  );
  writeFileSync(path('/etc/systemd/system/asterisk.service'), text);
  appendFileSync(path('/etc/asterisk/pjsip.conf'), PHONES);
  appendFileSync(path('/etc/asterisk/extensions.conf'), DIALPLAN);
  await must(
    'chown',
    '-R',
    'asterisk:asterisk',
    '/etc/asterisk',
    '/var/lib/asterisk',
    '/var/spool/asterisk',
    '/var/log/asterisk',
    '/var/cache/asterisk',
    '/run/asterisk',
  );
  await must('chmod', '-R', 'o-rwx', '/etc/asterisk');
  await must('systemctl', 'daemon-reload');
  const { code, out } = await inside('systemctl', 'enable', '--now', 'asterisk');
  if (code === 0) return;
  const log = await inside('journalctl', '-u', 'asterisk', '-n', '20', '-o', 'cat');
  throw new Error(
    `the stock Asterisk does not start: ${out}${log.out}${(await inside('asterisk', '-V')).out}`,
  );
}
