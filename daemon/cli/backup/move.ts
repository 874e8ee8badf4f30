import type { Command } from 'commander';
import { ulid } from 'ulid';
import { handOver, lookAtMove, type MoveState, takeBack } from '../../app/backup/move.js';
import { findMoved, receiveMove } from '../../app/backup/receive.js';
import { refuseIdentity, refuseMasterKey, refuseOccupied } from '../../app/backup/restore.js';
import { MB } from '../../app/data.js';
import { entryOf } from '../../domain/assurance/audit.js';
import { fail } from '../../domain/error.js';
import { consoleUser } from '../../ops/process/console.js';
import { version } from '../../ops/process/version.js';
import { readMoved } from '../../vault/backup/moved.js';
import type { StatementSigner } from '../../vault/backup/objects.js';
import { fingerprint, loadSigningKey } from '../../vault/signing-key.js';
import type { CliContext } from '../common/context.js';
import { timesIn } from '../common/table.js';
import { backupKeys, backupPlace, KEYS_FOLDER, showProgress, toRestoreFrom } from './places.js';
import { describe, listFor } from './restore.js';

/** The last backup removes no other, and destroys no key: the entry that says so would be in none. */
const KEEP_ALL_DAYS = 36_500;
const console_ = () => ({ actor: 'console', actor_id: '', actor_name: consoleUser(), address: '' }) as const;

/** What the old machine works with. Reads what only root may read, then becomes the owner of the data. */
async function oldMachine(ctx: CliContext) {
  const { current: masterKey } = await ctx.master();
  const target = backupPlace(ctx, undefined);
  const dataDir = ctx.movedData();
  const key = loadSigningKey(dataDir, [masterKey]);
  const signer: StatementSigner = {
    key: { id: key.keyId, sha256: fingerprint(key.publicKeyPem) },
    publicKey: key.publicKeyPem,
    sign: (text) => key.sign(Buffer.from(text)).toString('base64'),
  };
  return { target, dataDir, publicKey: key.publicKeyPem, signer };
}

/** `tapedeck move`: a box to another machine, by way of the place for backups. */
export function move(program: Command, ctx: CliContext): void {
  const command = program.command('move').description('move this Tapedeck to another machine');

  command
    .command('check')
    .description('on the old machine: say what the new machine has received, and what it has not')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe exit code is 0 when the new machine has received a whole backup.\n\nExample:\n  tapedeck move check',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const state = await lookAtMove(await oldMachine(ctx));
      ctx.out(json ? JSON.stringify(state, null, 2) : inWords(ctx, state));
    });

  command
    .command('finish')
    .description(
      'on the old machine, once its recorder is stopped: hand over what is left; no recorder starts here any more',
    )
    .option('--leave-calls', 'also while there are calls whose recordings are not finished')
    .option('--dry-run', 'say what would be handed over; change nothing')
    .addHelpText(
      'after',
      '\nIt may be interrupted and run again. "tapedeck move cancel" takes it back until the new machine has taken over.\n\nExample:\n  systemctl stop tapedeck-web tapedeck\n  tapedeck move finish',
    )
    .action(async ({ leaveCalls, dryRun }: { leaveCalls?: boolean; dryRun?: boolean }) => {
      const old = await oldMachine(ctx);
      const config = ctx.config();
      const done = readMoved(old.dataDir);
      if (done?.state === 'moved') throw fail('moved_away', `It was handed over on ${done.at}.`);
      const state = await lookAtMove(old);
      ctx.out(inWords(ctx, state));
      if (dryRun) return ctx.out('Nothing was changed.');
      const at = Date.now();
      ctx.err('Copying the catalogue and the keys, then what is new. This can be interrupted.');
      const shown = showProgress('Handed over');
      const made = await handOver(
        {
          ...old,
          leave: leaveCalls === true,
          by: entryOf(console_(), at, 'move'),
          order: {
            ...{ id: ulid(at), at, sureAt: at, dataDir: old.dataDir, archive: config.archive.directory },
            ...{ configFile: config.file, masterKeyFile: config.keys.master_key_file },
            ...{ recipient: config.backup.recipient, keyPath: config.backup.key_path },
            ...{ audio: true, keepDays: KEEP_ALL_DAYS, reserveBytes: config.data.reserve_mb * MB },
            site: { name: config.site.name, time_zone: config.site.time_zone },
            version: version(),
          },
        },
        shown.progress,
      );
      shown.end();
      ctx.out(
        [
          `Handed over with backup ${made.id}: ${made.copied} of ${made.sealed} sealed files were new.`,
          ...(made.missing > 0
            ? [
                `${made.missing} recordings are missing or damaged here, and are not in it: see "tapedeck verify --all".`,
              ]
            : []),
          'No recorder starts here any more. Run "tapedeck move receive" on the new machine again, then start its recorder.',
        ].join('\n'),
      );
    });

  command
    .command('cancel')
    .description('on the old machine: take the move back, unless the new machine has taken over')
    .addHelpText(
      'after',
      '\nThe recorder can be started again afterwards.\n\nExample:\n  tapedeck move cancel',
    )
    .action(async () => {
      const old = await oldMachine(ctx);
      await takeBack(old, old.signer);
      ctx.out('The move was taken back. Start the recorder again: "systemctl start tapedeck tapedeck-web".');
    });

  command
    .command('receive')
    .description('on the new machine: receive everything; run it again after "tapedeck move finish"')
    .requiredOption('--identity <file>', 'file with the age identity of the recipient')
    .option('--from <folder>', 'folder with the backups; default: the place in [backup] of tapedeck.toml')
    .option(...KEYS_FOLDER)
    .option('--public-key <file>', 'public key of Tapedeck (PEM) that must have signed the backup')
    .option('--dry-run', 'say what would be received; write nothing')
    .addHelpText(
      'after',
      '\nPut the master key where [keys] master_key_file says before. It may be interrupted and run again. No recorder starts here before it has received what "tapedeck move finish" has handed over.\n\nExample:\n  tapedeck move receive --identity /media/usb/tapedeck-backup.txt',
    )
    .action(async (options: Receiving) => receive(ctx, options));
}

type Receiving = { identity: string; from?: string; keys?: string; publicKey?: string; dryRun?: boolean };

async function receive(ctx: CliContext, options: Receiving): Promise<void> {
  const { identity, trusted, masterKey, dataDir, target } = await toRestoreFrom(ctx, options);
  const { backup, last } = await findMoved(target, trusted);
  const { statement } = backup;
  const time = timesIn(ctx.config().site.time_zone);
  ctx.out(`${describe(backup)} Made ${time(Date.parse(statement.made_at))}.`);
  await refuseOccupied(dataDir, statement.id, statement.audit.id);
  if (!statement.sealed.audio) throw fail('move_unproved', 'The backup has no audio ([backup] audio).');
  await refuseIdentity(statement, identity);
  const backupKey = await backupKeys(ctx, target, options.keys).open(statement.backup_key, identity);
  await refuseMasterKey({ target, backup, backupKey, masterKey });
  const list = await listFor(backup, target, trusted);
  if (options.dryRun)
    return ctx.out(
      last
        ? `Nothing was written. This is the last backup of the old machine: it can be received in ${dataDir}.`
        : `Nothing was written. It can be received in ${dataDir}; the old machine continues recording.`,
    );
  ctx.err('Receiving the catalogue and the keys, then sealed files. This can be interrupted.');
  const shown = showProgress('Received');
  const done = await receiveMove(
    { target, backup, list, identity, backupKey, masterKey, dataDir, last },
    {
      by: entryOf(console_(), Date.now(), 'move', { object: 'backup', object_id: statement.id }),
      ...{ clock: Date.now, progress: shown.progress },
    },
  );
  shown.end();
  ctx.out(`Received in ${dataDir}: ${statement.counts.calls} calls, ${done.sealed} sealed files.`);
  ctx.out(
    last
      ? `The old machine records no more. Compare ${done.configuration} with ${ctx.config().file}, put the secrets of the PBX where it says, and start the recorder.`
      : 'The old machine continues recording. There, run "tapedeck move check", stop the recorder, and run "tapedeck move finish". No recorder starts here before that.',
  );
}

function inWords(ctx: CliContext, { receipt, madeAt, between, unsealed }: MoveState): string {
  const time = timesIn(ctx.config().site.time_zone);
  const { calls, recordings, entries } = between;
  return [
    `The new machine received the backup of ${time(Date.parse(madeAt))} on ${time(Date.parse(receipt.at))}: ${receipt.sealed} sealed files, each compared by its SHA-256.`,
    calls + recordings + entries === 0
      ? 'Nothing has been recorded since.'
      : `Since then: ${calls} calls, ${recordings} recordings, ${entries} entries of the audit log. "tapedeck move finish" hands them over.`,
    unsealed === 0
      ? 'No call is in progress, and no recording is waiting to be finished.'
      : `${unsealed} calls are in progress, or their recordings are not finished.`,
    'From when the recorder is stopped until the new one is started, no new call is recorded.',
  ].join('\n');
}
