import { once } from 'node:events';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { fail } from '../../domain/error.js';
import { isOpen } from '../../domain/operations/job.js';
import { keysFile } from '../../domain/paths.js';
import type { CallId } from '../../domain/recording/recording.js';
import { isUnreachable } from '../../domain/recording/tier.js';
import { startProgram } from '../../ops/process/start-program.js';
import type { Removal } from '../../originals/remove.js';
import type { RemoveAnswer, RemoveOrder } from '../../originals/remove-program.js';
import { createExaminer } from '../../recordings/scrub/examine.js';
import { openManifest } from '../../vault/manifest.js';
import { readRegistered } from '../../vault/register.js';
import { publicKeys } from '../../vault/signing-key.js';
import { confirm } from '../common/ask.js';
import type { CliContext } from '../common/context.js';
import { record } from '../common/entries.js';
import { createOpening } from '../common/opening.js';
import { importFiles, importJob, importJobs } from './report.js';

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
    remove: async (path: string, sha256: string, dry: boolean): Promise<Removal> =>
      (await ask({ path, sha256, dry })) as Removal,
    close: () => child.disconnect(),
  };
}

/**
 * Returns what verifies the recording of an original: it is as it was sealed and signed this moment, and what was signed names an
 * original with this hash; or it was erased since.
 */
function createVerified(ctx: CliContext, catalogue: Catalogue) {
  const opening = createOpening(ctx);
  const known = publicKeys(ctx.data());
  const examiner = createExaminer({
    ...{ catalogue, hash: ctx.recordings().hash, opens: opening.open },
    openManifest: (signed) => openManifest(signed, known),
    registered: async ({ id }) => readRegistered(keysFile(ctx.data()), id),
  });
  return async (callId: CallId, sha256: string): Promise<boolean> => {
    const call = await catalogue.calls.get(callId);
    const recording = call?.recording;
    if (!recording || call.imported?.sha256 !== sha256) return false;
    if (recording.state === 'erased') return true;
    if (recording.state !== 'sealed' || !(await catalogue.seals.manifest(recording.id))) return false;
    try {
      const fault = (await examiner.signed(recording)) ?? (await examiner.file(recording));
      return fault === null && !opening.missed(recording);
    } catch (e) {
      if (isUnreachable(e)) return false;
      throw e;
    }
  };
}

/**
 * Removes the originals of a folder: of one import, or of all finished ones, because a later import brings only what the earlier have
 * not. Only of recordings that are verified now, or were erased since, and only files that are as they were imported. Throws
 * `import_unfinished`.
 */
export async function removeOriginals(
  ctx: CliContext,
  dir: string,
  { job: id, yes, dryRun = false }: { job?: string; yes?: boolean; dryRun?: boolean },
): Promise<void> {
  // Before root is given up, who alone may be allowed to remove them.
  const remover = await startRemoving(dir);
  try {
    await ctx.holdMaster();
    const catalogue = await ctx.catalogue();
    const jobs =
      id === undefined ? await importJobs(catalogue, dir) : [await importJob(catalogue, { id, dir })];
    const open = jobs.find(isOpen);
    const done = jobs.filter(({ state }) => state === 'done');
    if (open || done.length === 0)
      throw fail('import_unfinished', `${(open ?? jobs[0]!).id}: ${open ? 'open' : jobs[0]!.state}`);
    const brought: { id: string; files: number }[] = [];
    for (const job of done) {
      const { imported: files = 0 } = await catalogue.imports.counts(job.id);
      if (files > 0) brought.push({ id: job.id, files });
    }
    const files = brought.reduce((sum, one) => sum + one.files, 0);
    if (!dryRun && !yes)
      await confirm('remove', `This removes the originals of ${files} imported recordings from ${dir}.`);
    const verified = createVerified(ctx, catalogue);
    const total = noneRemoved();
    /** A file that was replaced and imported again has its newest import. */
    const met = new Set<string>();
    for (const one of brought) {
      const about = { object: 'job', object_id: one.id };
      const results = noneRemoved();
      if (!dryRun) await record(ctx, 'import', { ...about, detail: { what: 'remove', dir } });
      try {
        for await (const { outcome, path, sha256, callId } of importFiles(catalogue, one.id)) {
          if (outcome !== 'imported' || sha256 === null || callId === null || met.has(path)) continue;
          if (brought.length > 1) met.add(path);
          const result = (await verified(callId, sha256))
            ? await remover.remove(path, sha256, dryRun)
            : 'unverified';
          results[result] += 1;
          total[result] += 1;
        }
      } finally {
        if (!dryRun) await record(ctx, 'import', { ...about, detail: { what: 'removed', dir, ...results } });
      }
    }
    ctx.out(removedText(total, dryRun));
    if (total.denied + total.unverified + total.changed > 0) process.exitCode = 1;
  } finally {
    remover.close();
  }
}

type Results = Record<Removal | 'unverified', number>;
const noneRemoved = (): Results => ({ removed: 0, absent: 0, changed: 0, denied: 0, unverified: 0 });

function removedText(n: Results, dry: boolean): string {
  return [
    dry ? `${n.removed} originals would be removed. Nothing was removed.` : `${n.removed} originals removed.`,
    ...(n.absent > 0 ? [`${n.absent} were no longer there.`] : []),
    ...(n.changed > 0 ? [`${n.changed} stay: they are not as they were imported.`] : []),
    ...(n.denied > 0 ? [`${n.denied} stay: permission denied. Run this as root.`] : []),
    ...(n.unverified > 0
      ? [`${n.unverified} stay: their recordings do not verify ("tapedeck verify" says why).`]
      : []),
  ].join('\n');
}
