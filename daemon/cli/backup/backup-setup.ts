import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { Command } from 'commander';
import { ulid } from 'ulid';
import { fail, TapedeckError } from '../../domain/error.js';
import { loadConfig } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { atPlace, readAt } from '../../ops/files/others-folder.js';
import { readSecretFile } from '../../ops/secrets/secret.js';
import { createFolderTarget } from '../../vault/backup/folder.js';
import type { BackupTarget } from '../../vault/backup/target.js';
import { placeNow } from '../../vault/place.js';
import { ask } from '../common/ask.js';
import type { CliContext } from '../common/context.js';
import { type TomlValue, withoutTable, withoutValue, withValues } from '../setup/conf/toml.js';
import { deviceOf } from '../setup/machine/machine.js';
import { type SectionOptions, setUpSection } from '../setup/section.js';
import { createTerminal, type Terminal } from '../setup/talk/terminal.js';
import { addPlaceOptions, type PlaceOptions, placeValues } from './place-options.js';
import { backupPlace, readIdentity } from './places.js';

type Options = PlaceOptions &
  SectionOptions & { path?: string; recipient?: string; newIdentity?: string; keyPath?: string };
type Kind = 'folder' | 's3' | 'sftp';

const IDENTITY = 'tapedeck-backup.txt';
const RECIPIENT = /^age1[0-9a-z]{58}$/;

/** `tapedeck backup setup`, and what it tries the place with. */
export function addBackupSetup(command: Command, program: Command, ctx: CliContext): void {
  addPlaceOptions(
    command
      .command('setup')
      .description('set up backups: ask for the place, write the configuration, and try it')
      .option('--path <folder>', 'folder for backups, on another disk or a mount of another machine'),
  )
    .option('--recipient <recipient>', 'age recipient ("age1...") to which backups are encrypted')
    .option('--new-identity <folder>', `make an identity in this folder (${IDENTITY}), or use the one there`)
    .option('--key-path <folder>', 'folder for the keys of backups, apart from them; "none": beside them')
    .option('--yes', 'apply the changes without asking')
    .option('--keep', 'keep the new configuration even where the try fails')
    .option('--dry-run', 'show what would change, and change nothing')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      if (!(await setUp(program.opts<{ config: string }>().config, options))) process.exitCode = 1;
    });
  command
    .command('try', { hidden: true })
    .action(async () =>
      ctx.out((await tryPlaces(ctx)).map((place) => `${place}: written and read back`).join('; ')),
    );
}

const HELP = `
Asks for what no option names; without a terminal every answer has to be an option. Secrets are read from files or typed, and kept
in /etc/tapedeck, mode 0600. An object is written to the place, read back and removed. Then the recorder is restarted, makes a
backup and reads all of it again. Where one of these fails, the configuration becomes what it was before, unless --keep is given.

Examples:
  tapedeck backup setup
  tapedeck backup setup --path /mnt/nas/tapedeck --new-identity /media/usb --key-path /mnt/keys/tapedeck --yes
  tapedeck backup setup --s3-endpoint https://s3.example.com --s3-bucket tapedeck --s3-access-key-id AKIAEXAMPLE --s3-secret-key-file s3-key --recipient age1... --key-path none --yes

Exit codes: 0 when a backup was made and read again; 1 when something failed.`;

async function setUp(file: string, given: Options): Promise<boolean> {
  const terminal = createTerminal();
  const configFile = resolve(file);
  const etc = dirname(configFile);
  const { backup, data } = loadConfig(configFile);
  const asked: Options & { secret?: string } = terminal.tty
    ? await askMissing(terminal, backup, given)
    : { ...given };
  const kind = kindOf(asked) ?? kindNow(backup);
  const lacking = [
    ...(kind === null ? ['a place: --path, --s3-endpoint or --sftp-host'] : []),
    ...(asked.recipient || asked.newIdentity || backup.recipient ? [] : ['--recipient or --new-identity']),
  ];
  if (lacking.length > 0) throw fail('request_invalid', `Missing: ${lacking.join('; ')}.`);
  const secrets: Record<string, string> = {};
  const recipient = asked.newIdentity ? await identityIn(asked.newIdentity, data.dir) : asked.recipient;
  const values: TomlValue[] =
    kind === 'folder' && asked.path ? [['backup', 'path', resolve(asked.path)]] : [];
  if (recipient !== undefined) values.push(['backup', 'recipient', recipient]);
  if (asked.keyPath !== undefined)
    values.push(['backup', 'key_path', asked.keyPath === 'none' ? '' : resolve(asked.keyPath)]);
  for (const [of, option, name, key] of [
    ['s3', 's3SecretKeyFile', 'backup-s3-key', 'secret_key_file'],
    ['sftp', 'sftpKeyFile', 'backup-ssh-key', 'key_file'],
  ] as const) {
    if (kind !== of) continue;
    const known = (backup[of] as Record<string, unknown> | undefined)?.[key];
    const to = typeof known === 'string' ? known : join(etc, name);
    const from = asked[option];
    values.push(...placeValues({ ...asked, [option]: undefined }), [`backup.${of}`, key, to]);
    const secret = asked.secret ?? (from === undefined ? undefined : readSecretFile(from));
    if (secret !== undefined) secrets[to] = secret;
  }

  const done = await setUpSection(
    terminal,
    configFile,
    {
      name: 'backup',
      edit: (text) => withPlace(text, kind!, backup, values),
      secrets,
      before: [{ step: 'Place tried', words: ['backup', 'try'] }],
      after: [
        { step: 'Backup made', words: ['backup', 'create', '--wait', '--once'] },
        { step: 'Backup read again', words: ['backup', 'check', '--wait', '--once'] },
      ],
    },
    given,
  );
  terminal.answered();
  if (done && !given.dryRun) tellNext(terminal, asked.newIdentity);
  return done;
}

function tellNext(terminal: Terminal, newIdentity: string | undefined): void {
  terminal.title('What now');
  if (newIdentity !== undefined)
    terminal.note(
      `1. Keep ${join(newIdentity, IDENTITY)} apart from this machine and from the backups, such as on a USB stick in a safe. Nobody can restore anything without it.`,
    );
  else terminal.note('1. Keep the identity of the recipient apart from this machine and from the backups.');
  terminal.note(
    '2. Keep a copy of the master key in another place than the identity: "tapedeck setup" makes one.',
  );
  terminal.note(
    '3. A backup is made every night. "tapedeck backup list" lists them; try the identity twice a year with "tapedeck backup drill --identity FILE".',
  );
}

const kindOf = (given: Options): Kind | null => {
  const keys = Object.keys(given).filter((key) => given[key as keyof Options] !== undefined);
  if (keys.some((key) => /^s3[A-Z]/.test(key))) return 's3';
  if (keys.some((key) => /^sftp[A-Z]/.test(key))) return 'sftp';
  return given.path === undefined ? null : 'folder';
};
const kindNow = ({ path, s3, sftp }: Config['backup']): Kind | null =>
  s3 ? 's3' : sftp ? 'sftp' : path === '' ? null : 'folder';

/** Backups go to one place: what another one is named by goes. A table in one line becomes one of its own. */
function withPlace(text: string, kind: Kind, now: Config['backup'], values: readonly TomlValue[]): string {
  let kept = kind === 'folder' ? text : withoutValue(text, 'backup', 'path');
  const whole: TomlValue[] = [];
  for (const other of ['s3', 'sftp'] as const) {
    if (other !== kind) kept = withoutTable(kept, `backup.${other}`);
    const left = withoutValue(kept, 'backup', other);
    if (left !== kept && other === kind)
      for (const [key, value] of Object.entries(now[other] ?? {}))
        if (value !== '') whole.push([`backup.${other}`, key, value]);
    kept = left;
  }
  return withValues(withValues(kept, whole), values);
}

/** The recipient of the identity in a folder, which is made where there is none. Throws `request_invalid`. */
async function identityIn(folder: string, dataDir: string): Promise<string> {
  const file = join(resolve(folder), IDENTITY);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw fail('request_invalid', `${folder} is not a folder. Mount the USB stick first.`);
  if (deviceOf(folder) === deviceOf(dataDir))
    throw fail(
      'request_invalid',
      `${folder} is on the same file system as the recordings, so the identity would be lost with them.`,
    );
  if (existsSync(file)) return identityToRecipient(readIdentity(file));
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const text = `# Opens the backups of Tapedeck. Keep it apart from them, and from the machine.\n# public key: ${recipient}\n${identity}\n`;
  atPlace(file, (place) => {
    placeNow(place.path, text, { mode: 0o600 });
    if (readAt(place)?.bytes.toString('utf8') !== text)
      throw fail('setup_failed', `${file} does not read back as it was written. Use another stick.`);
  });
  return recipient;
}

/** Asks for what no option names. What is configured is the default. */
async function askMissing(
  terminal: Terminal,
  backup: Config['backup'],
  given: Options,
): Promise<Options & { secret?: string }> {
  const asked: Options & { secret?: string } = { ...given };
  const now = kindNow(backup);
  terminal.title('1 of 3  Place');
  terminal.note(
    'Where backups go: to another disk or machine. They are encrypted, and this machine cannot read them.',
  );
  terminal.say();
  terminal.row('folder', 'another disk, or a share of another machine that is mounted here');
  terminal.row('s3', 'an S3-compatible store');
  terminal.row('sftp', 'an SFTP server');
  terminal.say();
  let kind = kindOf(asked);
  while (kind === null) {
    const typed = await terminal.ask('Place', now ?? 'folder');
    if (['folder', 's3', 'sftp'].includes(typed)) kind = typed as Kind;
    else terminal.note('Write "folder", "s3" or "sftp".');
  }
  const need = async (key: keyof PlaceOptions | 'path', question: string, otherwise = '') => {
    while (!asked[key]) asked[key as 'path'] = await terminal.ask(question, otherwise);
  };
  if (kind === 'folder') await need('path', 'Folder', backup.path);
  else if (kind === 's3') {
    await need('s3Endpoint', 'Address of the store (https://...)', backup.s3?.endpoint);
    await need('s3Bucket', 'Bucket', backup.s3?.bucket);
    await need('s3AccessKeyId', 'Id of the access key', backup.s3?.access_key_id);
    if (!asked.s3SecretKeyFile) {
      terminal.answered();
      const kept = backup.s3 && existsSync(backup.s3.secret_key_file);
      const typed = await ask(`  Secret access key${kept ? ' [as it is]' : ''}: `);
      if (typed !== '') asked.secret = typed;
    }
  } else {
    await need('sftpHost', 'Address of the server', backup.sftp?.host);
    await need('sftpUser', 'User there', backup.sftp?.user);
    await need('sftpPath', 'Folder there', backup.sftp?.path);
    await need(
      'sftpHostKey',
      'Host key of the server, as its ssh_host_ed25519_key.pub has it',
      backup.sftp?.host_key,
    );
    const kept = backup.sftp && existsSync(backup.sftp.key_file);
    if (!asked.sftpKeyFile) {
      const typed = await terminal.ask('File with the private key', kept ? 'as it is' : '');
      if (typed !== 'as it is') asked.sftpKeyFile = typed;
    }
  }
  terminal.title('2 of 3  Recipient');
  terminal.note(
    'Only the identity of this recipient opens backups, together with the master key. "new" makes one on a USB stick.',
  );
  terminal.say();
  while (!asked.recipient && !asked.newIdentity) {
    const typed = await terminal.ask('Recipient (age1...), or new', backup.recipient || 'new');
    if (typed === 'new') asked.newIdentity = await terminal.ask('Folder of the USB stick');
    else if (RECIPIENT.test(typed)) asked.recipient = typed;
    else terminal.note(`"${typed}" is no age recipient, which begins with "age1".`);
  }
  terminal.title('3 of 3  Keys of backups');
  terminal.note(
    'Each backup has a key of its own, which is destroyed after some weeks. In a folder of another machine of which nobody makes copies, old backups then become unreadable wherever they are.',
  );
  terminal.say();
  asked.keyPath ??= await terminal.ask('Folder, or none', backup.key_path || 'none');
  return asked;
}

/** Writes an object to each place of the configuration, as the owner of the data, reads it back and removes it. Returns their names. */
async function tryPlaces(ctx: CliContext): Promise<string[]> {
  const target = backupPlace(ctx, undefined);
  const { key_path: keys } = ctx.config().backup;
  ctx.data();
  const places = [target, ...(keys === '' ? [] : [createFolderTarget(keys)])];
  for (const place of places) await tryPlace(place);
  return places.map(({ name }) => name);
}

async function tryPlace(place: BackupTarget): Promise<void> {
  const bytes = randomBytes(4096);
  const name = `try/${ulid()}`;
  await place.ready();
  await place.put(
    name,
    (async function* () {
      yield bytes;
    })(),
  );
  const opened = await place.open(name);
  const back = await opened.read(0, bytes.length).finally(opened.close);
  // A store that keeps what is deleted keeps this too.
  await place.remove(name).catch((e) => {
    if (!(e instanceof TapedeckError && e.code === 'backup_locked')) throw e;
  });
  if (!back.equals(bytes))
    throw fail('backup_target', `${place.name} gave back something else than was written there.`);
}
