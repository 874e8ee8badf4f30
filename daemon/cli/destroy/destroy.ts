import { execFile } from 'node:child_process';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { fail } from '../../domain/error.js';
import { keysFolder } from '../../domain/paths.js';
import { sizeText } from '../../domain/written.js';
import { DEFAULT_CONFIG } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { ORIGINALS_UNITS } from '../../originals/apart/place.js';
import { nextOf } from '../../vault/master-key.js';
import type { CliContext } from '../common/context.js';
import { elsewhere } from './elsewhere.js';
import { type Inventory, inventoryAsOwner, readInventory } from './inventory.js';
import { removeConfiguration, removeDropIns, wipeData, wipeFiles, wipeKeys, wipeSpool } from './wipe.js';

const run = promisify(execFile);
/** The dashboard and what restarts it first; then the recorder, and the encoder that it needs to the end. */
const UNITS = [
  ...['tapedeck-web-restart.path', 'tapedeck-web.service', 'tapedeck.service'],
  ...['tapedeck-encoder.socket', 'tapedeck-encoder.service'],
];

type Options = { everything?: boolean; confirm?: string };

/** `tapedeck destroy --everything`: destroys what Tapedeck has on this machine. */
export function destroy(program: Command, ctx: CliContext): void {
  const command = program
    .command('destroy')
    .description('destroy all recordings, keys, call data and configuration on this machine')
    .option('--everything', 'required: there is nothing less that this command destroys')
    .option('--confirm <sentence>', 'the sentence that it asks for, where there is no terminal')
    .addHelpText(
      'after',
      '\nShows what there is, asks for a sentence, stops the services, and destroys keys first: from then on no recording can be\nopened. Recordings, the catalogue and the configuration follow. Refused while a legal hold is open. Cannot be undone.\nRun it as root. When it is interrupted, run it again.\n\nTo erase single recordings: tapedeck erase. To remove the program and keep recordings: apt remove tapedeck.\n\nExit codes: 0 when everything was destroyed; 1 when something is held or left; 2 for wrong usage.',
    )
    .action(async ({ everything, confirm }: Options) => {
      if (!everything)
        throw fail(
          'request_invalid',
          'Nothing was destroyed: it destroys everything, and wants --everything for that.',
        );
      await destroyEverything(ctx, confirm);
    });
  command
    .command('inventory', { hidden: true })
    .option('--stopped')
    .action(async ({ stopped = false }: { stopped?: boolean }) => {
      ctx.out(JSON.stringify(await readInventory(ctx, { stopped })));
    });
}

/** Where it is noted that everything is being destroyed, until it is. */
const markOf = ({ file }: Config): string => join(dirname(file), 'destroying');

async function destroyEverything(ctx: CliContext, confirm: string | undefined): Promise<void> {
  const config = ctx.config();
  const { dir } = config.data;
  if (process.getuid!() !== 0 && existsSync(dir) && lstatSync(dir).uid !== process.getuid!())
    throw fail('destroy_root');
  const mark = markOf(config);
  const begun = existsSync(mark);
  // Once keys are gone there is nothing to hold any more.
  const found = begun || !hasRecorded(dir) ? null : await inventoryAsOwner(ctx);
  if (found) refuseHeld(found);
  tellBefore(ctx, config, found, begun);
  await askSentence(confirm);

  await stopServices(config);
  if (found) {
    const now = await inventoryAsOwner(ctx, { stopped: true }).catch(async (e) => {
      await startServices(config);
      throw e;
    });
    if (now.held.length > 0) await startServices(config);
    refuseHeld(now);
  }
  writeFileSync(mark, `${new Date().toISOString()}\n`, { mode: 0o600 });
  await stopOriginals(config);

  const { master_key_file: master } = config.keys;
  const left = [
    ...(existsSync(dir) ? await wipeKeys(dir) : []),
    ...(await wipeFiles([master, nextOf(master)])),
  ];
  ctx.out('Keys: destroyed. No recording can be opened any more.');
  for (const { spool } of config.pbxes) left.push(...(await wipeSpool(spool)));
  left.push(...(await wipeData(dir)));
  if (left.length > 0) throw fail('destroy_left', left.slice(0, 20).join('; '));
  ctx.out('Recordings, catalogue and audit log: destroyed.');
  await removeSettings(config, mark);
  ctx.out('Configuration: removed.');
  ctx.out(
    `\nNot reached from here:\n${elsewhere(config)
      .map((line) => `  ${line}`)
      .join('\n')}`,
  );
  ctx.out('\nTo remove the program: apt purge tapedeck');
}

const hasRecorded = (dir: string): boolean => existsSync(join(keysFolder(dir), 'keys.db'));

const countText = (recordings: number) => `${recordings} ${recordings === 1 ? 'recording' : 'recordings'}`;

function refuseHeld({ held }: Inventory): void {
  if (held.length === 0) return;
  const names = held.map(({ name, recordings }) => `"${name}" (${countText(recordings)})`);
  throw fail('destroy_held', `${names.join(', ')}.`);
}

function tellBefore(ctx: CliContext, config: Config, found: Inventory | null, begun: boolean): void {
  const { dir } = config.data;
  ctx.out('This destroys, on this machine and for ever:\n');
  if (found) {
    const period = found.oldest ? `, of ${found.oldest} to ${found.newest}` : '';
    ctx.out(`  ${countText(found.recordings)} (${sizeText(found.bytes)})${period}`);
    ctx.out(
      `  ${found.calls} answered calls with their names and numbers, the audit log and the evidence of erasures`,
    );
  } else
    ctx.out(begun ? '  what an interrupted run has left' : '  an installation that has recorded nothing');
  ctx.out(`  ${dir}`);
  ctx.out(`  ${config.keys.master_key_file}  the master key, and every other key`);
  ctx.out(`  ${dirname(config.file)}  configuration and passwords\n`);
  ctx.out(
    `${found ? 'No legal hold is open. ' : ''}Look first whether a law, a contract or a dispute obliges you to keep any of it.\n`,
  );
}

const sentence = (): string => `destroy everything on ${hostname()}`;

async function askSentence(given: string | undefined): Promise<void> {
  let typed = given;
  if (typed === undefined && process.stdin.isTTY) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    typed = await lines.question(`To destroy it, type "${sentence()}": `);
    lines.close();
  }
  if (typed?.trim() !== sentence())
    throw fail('request_invalid', `Nothing was destroyed. It wants the sentence "${sentence()}".`);
}

/** Whether systemd runs this installation. Elsewhere the lock on the data directory tells whether a recorder does. */
const underSystemd = ({ file }: Config): boolean =>
  file === DEFAULT_CONFIG && existsSync('/run/systemd/system');

async function stopServices(config: Config): Promise<void> {
  if (underSystemd(config)) await run('systemctl', ['stop', ...UNITS]).catch(() => {});
}

/** What opens originals for imports: transient units, which may go on for a week after the recorder was stopped. */
async function stopOriginals(config: Config): Promise<void> {
  if (underSystemd(config)) await run('systemctl', ['stop', ORIGINALS_UNITS]).catch(() => {});
}

async function startServices(config: Config): Promise<void> {
  if (underSystemd(config)) await run('systemctl', ['start', ...UNITS]).catch(() => {});
}

/** The folder in /etc with all in it; of another folder only what is Tapedeck's. What names the data directory goes last. */
async function removeSettings(config: Config, mark: string): Promise<void> {
  const last = [config.file, mark];
  if (config.file === DEFAULT_CONFIG) {
    removeDropIns('/etc/systemd/system');
    const left = await removeConfiguration(dirname(config.file), last);
    if (left.length > 0) throw fail('destroy_left', left.slice(0, 20).join('; '));
    if (underSystemd(config)) await run('systemctl', ['daemon-reload']).catch(() => {});
  } else
    await wipeFiles([
      ...config.pbxes.flatMap((pbx) => [pbx.ari_password_file, pbx.ami_secret_file]),
      ...last,
    ]);
}
