import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { verifierHash } from '../assurance/evidence/verifier.js';
import { fail } from '../domain/error.js';
import { keysFile } from '../domain/paths.js';
import { type Config, RECOVERY } from '../ops/config-schema.js';
import { syncDirNow } from '../ops/files/sync-dir.js';
import { ownerToBecome } from '../ops/process/become.js';
import { givenPassphrase } from '../ops/secrets/passphrase.js';
import { resealFactors } from '../vault/factor-secrets.js';
import { refuseUnmoved } from '../vault/installation/refuse.js';
import { countKeys } from '../vault/keys.js';
import { type MasterKeys, masterKeyText, openMasterKeys } from '../vault/master-key.js';
import { lock } from '../vault/passphrase.js';
import { placeNow, wipeNow } from '../vault/place.js';
import { prepareNext, type Rewrapped, retireOld, rewrapAll } from '../vault/rotation.js';
import { publicKeys } from '../vault/signing-key.js';
import { type Binding, bindings, seal } from '../vault/systemd-creds.js';
import { oneOf } from './common/arguments.js';
import { confirm, newPassword } from './common/ask.js';
import type { CliContext } from './common/context.js';
import { note, onConsole } from './common/entries.js';
import { lines } from './common/table.js';

/** Guessing is only as slow as one machine makes it, so a passphrase has to be longer than a password. */
const LEAST = 15;

const SOURCE: Record<MasterKeys['source'], string> = {
  file: 'in the clear in a file: anyone who reads the file and the data hears every call',
  passphrase: 'locked with a passphrase (argon2id)',
  sealed: 'sealed by systemd to this machine',
  credential: 'handed over by systemd',
};

const BACKUPS =
  'Backups of keys.db from before open only with the old key: destroy every copy of the old key, and what was erased since is unreadable in those backups too.';
const NOW =
  'Copy the new key to where you keep such things, apart from the data, now: without it no recording can be heard.';

/** `tapedeck keys`: the master key, what it is kept in, and changing it. */
export function keys(program: Command, ctx: CliContext): void {
  const command = program.command('keys').description('show and change how the keys are protected');

  command
    .command('status')
    .description('show where the master key comes from, what it wraps, and who else can open recordings')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck keys status')
    .action(async ({ json }: { json?: boolean }) => {
      const found = await statusOf(ctx);
      ctx.out(json ? JSON.stringify(found, null, 2) : asText(found, ctx.config()));
    });

  command
    .command('rotate')
    .description('create a new master key and wrap all other keys with it; audio is not touched')
    .option('--with-key <what>', `what to seal it to: ${bindings.join(', ')}`, oneOf(bindings), 'auto')
    .addHelpText(
      'after',
      `\nRun it as root. It may be interrupted at any time: it continues when it is run again, or at the next start of the recorder,\nand both keys are kept until all is under the new one. The recorder and the dashboard may run meanwhile.\n\n${BACKUPS}\n\nExample:\n  tapedeck keys rotate`,
    )
    .action(async ({ withKey }: { withKey: Binding }) => {
      await noted(ctx, 'a new master key', () => rotate(ctx, withKey));
    });

  // The part of it in the data directory, for `rotate` itself: see `rewrapAsOwner`.
  command.command('rewrap', { hidden: true }).action(async () => {
    ctx.out(JSON.stringify(await rewrap(ctx, await ctx.master())));
  });

  command
    .command('passphrase')
    .description('lock the master key with a passphrase, or change or remove the passphrase')
    .option('--new-fd <number>', 'read the new passphrase from this file descriptor', (t) =>
      Number.parseInt(t, 10),
    )
    .option('--remove', 'store the key unencrypted again')
    .addHelpText(
      'after',
      '\nThe recorder and the dashboard then ask for it at the console when they start, or take it from the systemd credential\n"master-passphrase" or from --passphrase-fd. Neither starts without it: nobody records after a power cut until somebody\nhas typed it.\n\nExample:\n  tapedeck keys passphrase',
    )
    .action(async (options: { newFd?: number; remove?: boolean }) => {
      const what = options.remove ? 'kept without a passphrase' : 'locked with a passphrase';
      await noted(ctx, what, () => passphrase(ctx, options));
    });

  command
    .command('seal')
    .description('have systemd seal the master key to the TPM or to this machine')
    .option('--with-key <what>', `what to seal it to: ${bindings.join(', ')}`, oneOf(bindings), 'auto')
    .option('--yes', 'do not ask; for scripts')
    .option('--remove', 'undo: store the key unencrypted again')
    .addHelpText(
      'after',
      '\nRun it as root, and keep a copy of the key in the clear apart from this machine: without its TPM or its disk nothing\nelse opens it. Both units then need LoadCredentialEncrypted=, as docs/operate/master-key.md says.\n\nExamples:\n  tapedeck keys seal --with-key tpm2\n  tapedeck keys seal --remove',
    )
    .action(async ({ withKey, yes, remove }: { withKey: Binding; yes?: boolean; remove?: boolean }) => {
      const master = await settled(ctx);
      if (remove) {
        await noted(ctx, 'no longer sealed', async () => replace(master, masterKeyText(master.current)));
        return ctx.out(
          `${master.file} is in the clear again. Remove LoadCredentialEncrypted=master-key from tapedeck.service, and restart it.`,
        );
      }
      const sealed = seal(masterKeyText(master.current), withKey); // asked for only where it can be done
      if (!yes)
        await confirm(
          'seal',
          `Afterwards only this machine can open ${master.file}. If its TPM, its disk or its main board is lost, every recording\nis lost too, unless you have a copy of the key in the clear elsewhere. "tapedeck keys seal --remove" goes back.`,
        );
      await noted(ctx, 'sealed to this machine', async () => replace(master, sealed));
      ctx.out(
        `${master.file} is sealed now. Add to tapedeck.service: LoadCredentialEncrypted=master-key:${master.file}`,
      );
    });
}

/** Does it, and writes into the audit log what came of it. */
async function noted(ctx: CliContext, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (e) {
    const why = (e as Error).message;
    await note(ctx, 'key_rotation', { outcome: 'failed', detail: { what, why } });
    throw e;
  }
  await note(ctx, 'key_rotation', { detail: { what } });
}

type Status = {
  source: MasterKeys['source'];
  file: string;
  rotation: 'none' | 'under way' | 'old key to be removed';
  recordings: number;
  destroyed: number;
  signing_keys: { id: string; public_key: string }[];
  recovery_recipient: string | null;
  /** Of the page that verifies evidence packs. */
  verifier_sha256: string;
};

async function statusOf(ctx: CliContext): Promise<Status> {
  const { keys } = ctx.config();
  const master = await ctx.master();
  const dir = ctx.movedData();
  const path = keysFile(dir);
  // A key that is there and is another one would otherwise look as if all were well.
  if (existsSync(path)) await ctx.keys();
  const count = existsSync(path) ? countKeys(path) : { live: 0, destroyed: 0 };
  return {
    source: master.source,
    file: master.file,
    rotation: master.next ? 'under way' : master.spent ? 'old key to be removed' : 'none',
    recordings: count.live,
    destroyed: count.destroyed,
    signing_keys: [...publicKeys(dir)].map(([id, public_key]) => ({ id, public_key })),
    recovery_recipient: keys.recovery_recipient || null,
    verifier_sha256: verifierHash(),
  };
}

function asText(s: Status, config: Config): string {
  const rows = [
    ['Master key', `${s.file}, ${SOURCE[s.source]}`],
    ...(s.rotation === 'none'
      ? []
      : [['', `A change is ${s.rotation}: run "tapedeck keys rotate" as root.`]]),
    ['Wraps', `the keys of ${s.recordings} recordings; ${s.destroyed} were destroyed`],
    [
      'Others',
      s.recovery_recipient ? `${s.recovery_recipient} can open recordings made now.` : 'nobody else',
    ],
    ...(s.recovery_recipient
      ? [
          ['', RECOVERY],
          ['', 'A change of it counts for new recordings only.'],
        ]
      : []),
    ['Verifier', `of evidence packs: verify.html at the dashboard and in dist/web/verify. Its SHA-256:`],
    ['', s.verifier_sha256],
    ['Signs', s.signing_keys.length === 0 ? 'nothing yet: the recorder makes the key at its start' : ''],
  ];
  const pems = s.signing_keys.map(
    ({ id, public_key }) => `\nKey ${id} of ${config.site.name}:\n${public_key}`,
  );
  return `${lines(rows)}\n${pems.join('')}`;
}

async function rotate(ctx: CliContext, withKey: Binding): Promise<void> {
  const { data, keys } = ctx.config();
  refuseUnmoved(data.dir);
  let master = await ctx.master();
  if (master.source === 'credential')
    throw fail('request_invalid', 'Run it as root and not within the service.');
  if (!master.next && !master.spent) {
    prepareNext(master, withKey);
    master = openMasterKeys(keys.master_key_file, await ctx.passphrase());
  }
  const work = ownerToBecome(data.dir) ? rewrapAsOwner(ctx) : rewrap(ctx, master);
  const { rows, destroyed, damaged } = await work;
  const retired = retireOld(master);
  ctx.out(`${rows - destroyed} keys are wrapped under the new master key; ${destroyed} stay destroyed.`);
  if (damaged.length > 0) ctx.err(`These were damaged before and are as they were: ${damaged.join(', ')}`);
  if (!retired)
    throw fail('request_invalid', `${master.file} may not be changed by you: run it again as root.`);
  ctx.out(`${NOW}\n${BACKUPS}`);
  if (master.source === 'sealed')
    ctx.out('Now: systemctl restart tapedeck tapedeck-web. Until then recordings wait, and are not played.');
}

/** Wraps everything in the data directory anew. */
const rewrap = (ctx: CliContext, master: MasterKeys): Promise<Rewrapped> =>
  rewrapAll(ctx.movedData(), master, {
    async also(from, to) {
      const catalogue = await ctx.catalogue();
      const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
      const kept = {
        totps: catalogue.factors.totps,
        async resealTotp(person: string, before: Uint8Array, after: Uint8Array): Promise<void> {
          const sealed = { before: base64(before), after: base64(after) };
          await ctx.ask('reseal_totp', { by: onConsole(), person, ...sealed });
        },
      };
      await resealFactors(kept, from, to);
    },
  });

/**
 * The same in a child that gives up root, for root, who has to write where the master key is when that is done, and must not
 * touch the data directory.
 */
async function rewrapAsOwner(ctx: CliContext): Promise<Rewrapped> {
  const given = await ctx.passphrase();
  const args = ['--config', ctx.config().file, ...(given === undefined ? [] : ['--passphrase-fd', '3'])];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args, 'keys', 'rewrap'], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  (child.stdio[3] as Writable).end(given ?? '');
  const [said, [code]] = await Promise.all([text(child.stdout!), once(child, 'close')]);
  if (code !== 0)
    throw fail(
      'request_invalid',
      'The keys could not be wrapped anew; both master keys are kept. Run it again.',
    );
  return JSON.parse(said) as Rewrapped;
}

/** The master key, when no change of it is under way. */
async function settled(ctx: CliContext): Promise<MasterKeys> {
  const master = await ctx.master();
  if (master.next || master.spent)
    throw fail(
      'request_invalid',
      'A change of the master key is not over: run "tapedeck keys rotate" first.',
    );
  if (master.source === 'credential')
    throw fail('request_invalid', 'Run it as root and not within the service.');
  return master;
}

async function passphrase(ctx: CliContext, options: { newFd?: number; remove?: boolean }): Promise<void> {
  const master = await settled(ctx);
  if (options.remove) {
    replace(master, masterKeyText(master.current));
    return ctx.out(`${master.file} is in the clear now.`);
  }
  const given = options.newFd === undefined ? await newPassword(undefined) : givenPassphrase(options.newFd)!;
  if ([...given].length < LEAST)
    throw fail('password_weak', `It has ${[...given].length} characters; ${LEAST} are needed.`);
  const { text } = lock(master.current, given);
  replace(master, text, given);
  ctx.out(
    `${master.file} is locked now. Nothing else has changed: backups of the key in the clear still open everything.`,
  );
}

/**
 * The same key in another text. It is seen to open before it takes the place of the one that is there, and whichever of the
 * two is not kept is overwritten: one of them may hold the key in the clear.
 */
function replace(master: MasterKeys, text: string, by?: string): void {
  const trial = `${master.file}.trial`;
  discard(trial); // left by a crash
  placeNow(trial, text, { mode: 0o640, like: master.file });
  try {
    if (!Buffer.from(openMasterKeys(trial, by).current).equals(master.current))
      throw fail('internal', 'What was written does not open.');
    const old = openSync(master.file, 'r+');
    try {
      renameSync(trial, master.file);
      syncDirNow(dirname(master.file));
      wipeNow(old);
    } finally {
      closeSync(old);
    }
  } finally {
    discard(trial);
  }
}

function discard(file: string): void {
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r+');
  try {
    wipeNow(fd);
  } finally {
    closeSync(fd);
  }
  rmSync(file);
}
