import type { Verbs } from '../catalogue/catalogue.js';
import type { ImportFile } from '../catalogue/recordings/imports.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { ImportOutcome } from '../domain/importing/outcome.js';
import { FINAL_ERRORS, type JobParams } from '../domain/operations/job.js';
import type { JobHandler } from '../ops/jobs.js';
import type { Original } from '../originals/list.js';
import { type BringDeps, type BringJob, createBring } from './importing/bring.js';
import { createJudge, type JudgeDeps } from './importing/judge.js';
import { type Looked, look } from './importing/look.js';

/** What was asked for, as the job has it. */
export type ImportOrder = {
  dir: string;
  pbx: string;
  /** IANA zone of the PBX's clock. */
  zone: string;
  /** A file with CDRs, `configured` for those in tapedeck.toml, `none` for none. */
  cdr: string;
  left: 'caller' | 'callee';
  with_due: boolean;
  by: string;
};

export type ImportingDeps = BringDeps & {
  catalogue: Verbs<'policy.newest' | 'imports.saveFiles' | 'imports.counts' | 'jobs.get'>;
  list: (
    order: ImportOrder,
    after: string,
    denied: (path: string, code: string) => void,
  ) => AsyncIterable<Original>;
  /** The originals of this import are not opened any more. */
  unneeded: (order: ImportOrder) => Promise<void>;
  /** What judges need of one PBX. Throws `pbx_unknown`. */
  judging: (order: ImportOrder) => Omit<JudgeDeps, 'policy' | 'withDue' | 'catalogue'>;
  judgeCatalogue: JudgeDeps['catalogue'];
  /** How many files are imported at once now. */
  atOnce: () => number;
  /** Resolves when calls leave time for it. Rejects when it is to stop. */
  calm: (signal: AbortSignal) => Promise<void>;
  /** Throws `disk_full` while the data disk has no room beyond its reserve. */
  room: () => Promise<void>;
  /** Writes the entry of an import that has ended. */
  ended: (job: string, dir: string, counts: Partial<Record<ImportOutcome, number>>) => Promise<void>;
};

/**
 * The job that imports a folder of another recorder's files. The cursor is the path of the last one that is done. What was done after
 * the last write is met again, and known by its hash.
 */
export function createImporting(deps: ImportingDeps): JobHandler {
  const { catalogue } = deps;
  const bring = createBring(deps);

  return async ({ id, params, progress, save, signal }) => {
    const order = orderIn(params);
    await bring.tidy(id);
    const { policy, version, fault } = await catalogue.policy.newest();
    if (fault !== null) throw fail('policy_invalid', fault);
    const judging = deps.judging(order);
    const judge = createJudge({
      ...judging,
      catalogue: deps.judgeCatalogue,
      policy,
      withDue: order.with_due,
    });
    const job: BringJob = { id, by: order.by, left: order.left, judge, policyVersion: version };
    let { cursor, done, faults } = progress;
    let total = progress.total ?? 0;
    /** Files of the same content wait for one another. */
    const turns = new Map<string, Promise<unknown>>();

    async function one(original: Original): Promise<ImportFile | null> {
      const looked = await look(original, { zone: order.zone, now: deps.clock() });
      const row = { job: id, path: original.path, sha256: null, notes: [], callId: null };
      if ('outcome' in looked) return { ...row, ...looked };
      try {
        const found = await inTurn(looked, () => bring.bring(looked, job));
        return 'outcome' in found
          ? { ...row, ...found, bytes: looked.file.bytes, notes: looked.notes }
          : null; // written with its call
      } finally {
        await looked.file.close();
      }
    }

    /** By its size, so that no hash is made twice: files of the same content have the same. */
    async function inTurn<T>({ file }: Looked, work: () => Promise<T>): Promise<T> {
      const key = String(file.bytes);
      const mine = (turns.get(key) ?? Promise.resolve()).then(work, work);
      const settled = mine.catch(() => {});
      turns.set(key, settled);
      void settled.then(() => turns.get(key) === settled && turns.delete(key));
      return mine;
    }

    try {
      if (progress.total === null) total = await count(order, signal);
      let batch: Original[] = [];
      const finish = async () => {
        const [last] = batch.slice(-1);
        if (!last) return;
        await deps.calm(signal);
        await deps.room();
        const results = await Promise.allSettled(batch.map(one));
        for (const result of results) if (result.status === 'rejected') throw result.reason;
        const rows = results.flatMap((r) => (r.status === 'fulfilled' && r.value ? [r.value] : []));
        if (rows.length > 0) await catalogue.imports.saveFiles(rows);
        cursor = last.path;
        done += batch.length;
        faults += rows.filter(({ outcome }) => outcome === 'unreadable').length;
        batch = [];
        await save({ cursor, done, total: Math.max(total, done), faults });
      };
      const denied: ImportFile[] = [];
      const note = (path: string) =>
        void denied.push({
          ...{ job: id, path: `${path}/`, bytes: 0, sha256: null, outcome: 'unreadable', detail: 'denied' },
          ...{ notes: [], callId: null },
        });
      for await (const original of deps.list(order, cursor, note)) {
        batch.push(original);
        if (batch.length >= deps.atOnce()) await finish();
      }
      await finish();
      if (denied.length > 0) await catalogue.imports.saveFiles(denied);
      faults += denied.length;
      await save({ cursor, done, total: done, faults });
      await deps.ended(id, order.dir, await catalogue.imports.counts(id));
      await deps.unneeded(order);
    } catch (e) {
      // Cancelled: nothing takes up what was begun.
      if (signal.aborted && (await catalogue.jobs.get(id).catch(() => null))?.state === 'cancelled') {
        await deps.unneeded(order);
        await bring.tidy(null);
      } else if (e instanceof TapedeckError && FINAL_ERRORS.includes(e.code)) await deps.unneeded(order);
      throw e;
    }
  };

  async function count(order: ImportOrder, signal: AbortSignal): Promise<number> {
    let files = 0;
    for await (const _ of deps.list(order, '', () => {})) {
      files += 1;
      if (files % 1_000 === 0) signal.throwIfAborted();
    }
    return files;
  }
}

/** Returns what a job was asked to do. */
export function orderIn(params: JobParams): ImportOrder {
  const text = (name: string) => String(params[name] ?? '');
  return {
    ...{ dir: text('dir'), pbx: text('pbx'), zone: text('zone'), cdr: text('cdr'), by: text('by') },
    left: params.left === 'callee' ? 'callee' : 'caller',
    with_due: params.with_due === true,
  };
}
