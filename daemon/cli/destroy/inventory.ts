import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fail } from '../../domain/error.js';
import { lockFile } from '../../domain/paths.js';
import type { RecordingId } from '../../domain/recording/recording.js';
import { takeLock } from '../../ops/lock.js';
import type { CliContext } from '../common/context.js';

/** What a machine has to lose. `held`: the matters that hold recordings, with how many. */
export type Inventory = {
  calls: number;
  recordings: number;
  bytes: number;
  /** Days on which the first and the last was sealed, in UTC. */
  oldest: string | null;
  newest: string | null;
  held: { name: string; recordings: number }[];
};

const PAGE = 1_000;

/**
 * Reads what there is, as the owner of the data directory. `stopped`: only while no recorder runs, so that what is read cannot
 * change meanwhile. Throws `already_running`, `catalogue_missing`.
 */
export async function readInventory(ctx: CliContext, { stopped }: { stopped: boolean }): Promise<Inventory> {
  if (stopped) takeLock(lockFile(ctx.data())); // until this process ends
  const catalogue = await ctx.catalogue();
  const found: Inventory = { calls: 0, recordings: 0, bytes: 0, oldest: null, newest: null, held: [] };
  let last = '' as RecordingId;
  for (let page = await catalogue.recordings.after(last, PAGE); page.length > 0; ) {
    for (const one of page.filter(({ state }) => state !== 'erased')) {
      found.recordings++;
      found.bytes += one.sealedBytes;
      const day = new Date(one.sealedAt).toISOString().slice(0, 10);
      if (found.oldest === null || day < found.oldest) found.oldest = day;
      if (found.newest === null || day > found.newest) found.newest = day;
    }
    last = page.at(-1)!.id;
    page = await catalogue.recordings.after(last, PAGE);
  }
  found.calls = Object.values(await catalogue.calls.coverageSince(0)).reduce((sum, count) => sum + count, 0);
  for (const { name, state, held } of await catalogue.holds.list())
    if (state !== 'released') found.held.push({ name, recordings: held.query + held.picked });
  return found;
}

/** The same in a child that gives up root: root must not touch the data directory, and is still needed afterwards. */
export async function inventoryAsOwner(
  ctx: CliContext,
  { stopped = false }: { stopped?: boolean } = {},
): Promise<Inventory> {
  const args = ['--config', ctx.config().file, 'destroy', 'inventory', ...(stopped ? ['--stopped'] : [])];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [said, why, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ]);
  if (code !== 0) throw fail('destroy_unread', why.replace(/^tapedeck: /, '').trim());
  return JSON.parse(said) as Inventory;
}
