import { once } from 'node:events';
import { fail } from '../../domain/error.js';
import { isOpen } from '../../domain/operations/job.js';
import { startProgram } from '../../ops/process/start-program.js';
import type { Removal } from '../../originals/remove.js';
import type { RemoveAnswer, RemoveOrder } from '../../originals/remove-program.js';
import { confirm } from '../common/ask.js';
import type { CliContext } from '../common/context.js';
import { record } from '../common/entries.js';
import { importFiles, importJob } from './report.js';

const HEAP_MB = 64;

/**
 * Starts what removes originals below a folder, with the rights that this process has now. Throws `import_folder` where the folder
 * cannot be opened.
 */
async function startRemoving(dir: string) {
  const child = startProgram(
    'dist/daemon/originals.js',
    new URL('../../originals/remove-program.ts', import.meta.url),
    HEAP_MB,
  );
  child.ref();
  async function ask(order: RemoveOrder): Promise<string> {
    const gone = new AbortController();
    const exited = once(child, 'exit', { signal: gone.signal }).then(() => {
      throw fail('internal', 'The process that removes originals ended early.');
    });
    try {
      const answered = once(child, 'message', { signal: gone.signal });
      child.send(order);
      const [said] = (await Promise.race([answered, exited])) as [RemoveAnswer];
      if ('failed' in said) throw fail('import_folder', said.failed);
      return said.result;
    } finally {
      gone.abort();
      exited.catch(() => {});
    }
  }
  await ask({ dir });
  return {
    remove: async (path: string, sha256: string): Promise<Removal> =>
      (await ask({ path, sha256 })) as Removal,
    close: () => child.disconnect(),
  };
}

/**
 * Removes the originals of a finished import: only of recordings that are sealed, signed and without a fault, or were erased since, and
 * only files that are as they were imported. Throws `import_unfinished`.
 */
export async function removeOriginals(
  ctx: CliContext,
  dir: string,
  { job: id, yes }: { job?: string; yes?: boolean },
): Promise<void> {
  // Before root is given up, who alone may be allowed to remove them.
  const remover = await startRemoving(dir);
  try {
    const catalogue = await ctx.catalogue();
    const job = await importJob(catalogue, { id, dir });
    if (job.state !== 'done')
      throw fail('import_unfinished', `${job.id}: ${isOpen(job) ? 'open' : job.state}`);
    const files = (await catalogue.imports.counts(job.id)).imported ?? 0;
    const what = `This removes the originals of ${files} imported recordings from ${dir}.`;
    if (!yes) await confirm('remove', what);
    const detail = { what: 'remove', dir };
    await record(ctx, 'import', { object: 'job', object_id: job.id, detail });
    const results = { removed: 0, absent: 0, changed: 0, denied: 0, unverified: 0 };
    for await (const { outcome, path, sha256, callId } of importFiles(catalogue, job.id)) {
      if (outcome !== 'imported' || sha256 === null || callId === null) continue;
      const sealed = (await catalogue.calls.get(callId))?.recording ?? null;
      const check = sealed && (await catalogue.seals.check(sealed.id));
      const verified = sealed?.state === 'erased' || (check?.signed === true && check.fault === null);
      results[verified ? await remover.remove(path, sha256) : 'unverified'] += 1;
    }
    ctx.out(removedText(results));
    if (results.denied + results.unverified + results.changed > 0) process.exitCode = 1;
  } finally {
    remover.close();
  }
}

function removedText(n: Record<Removal | 'unverified', number>): string {
  return [
    `${n.removed} originals removed.`,
    ...(n.absent > 0 ? [`${n.absent} were no longer there.`] : []),
    ...(n.changed > 0 ? [`${n.changed} stay: they are not as they were imported.`] : []),
    ...(n.denied > 0 ? [`${n.denied} stay: permission denied. Run this as root.`] : []),
    ...(n.unverified > 0 ? [`${n.unverified} stay: their sealed recordings did not verify.`] : []),
  ].join('\n');
}
