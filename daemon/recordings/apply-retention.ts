import { setTimeout as sleep } from 'node:timers/promises';
import type { Verbs } from '../catalogue/catalogue.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import type { Site } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { applied, applyBegin, applyParams, readCursor, writeCursor } from '../domain/retention/apply.js';
import { createPreview, createRedating, previewDigest, type Redating } from '../domain/retention/redate.js';
import type { JobHandler } from '../ops/jobs.js';

/** So many recordings are one transaction. */
const PAGE = 200;
const PAUSE_MS = 10;

export type ApplyDeps = {
  catalogue: Verbs<'policy.of' | 'recordings.keptAfter' | 'recordings.redate'>;
  site: Site;
  /** The lists of numbers that a number is on. */
  listsOf: (number: string) => string[];
};

/**
 * The job that gives all recordings the dates of a version of the policy. It counts first, and changes nothing if the
 * counts differ from the preview. Then it goes through all of them in the order of their ids: the changes of a page and the
 * cursor are one transaction. No recording is erased by it.
 */
export function createApplyRetention({ catalogue, site, listsOf }: ApplyDeps): JobHandler {
  return async ({ id, params, progress, save, signal }) => {
    const asked = applyParams(params);
    if (!asked) throw fail('preview_changed', 'The job does not say what was asked for.');
    const { policy, version, fault } = await catalogue.policy.of(asked.version);
    if (fault !== null || version !== asked.version)
      throw fail('preview_changed', `Version ${asked.version} of the policy cannot be read.`);
    const redating = createRedating({ policy, version, site, listsOf });

    async function* pages(after: string): AsyncGenerator<Redating[]> {
      for (let cursor = after; ; ) {
        const calls = await catalogue.recordings.keptAfter(cursor, PAGE);
        const last = calls.at(-1)?.recording;
        if (!last) return;
        yield calls.flatMap((call: StoredCall) => (call.recording ? redating(call, call.recording) : []));
        cursor = last.id;
        await sleep(PAUSE_MS, undefined, { signal });
      }
    }

    let cursor = readCursor(progress.cursor);
    let { done } = progress;
    let total = progress.total ?? 0;
    if (!cursor) {
      const preview = createPreview(policy, asked.as_of);
      total = 0;
      for await (const page of pages('')) {
        for (const one of page) if (one.recording.sealedAt <= asked.as_of) preview.add(one);
        total += page.length;
        await save({ cursor: '', done: 0, total: null, faults: 0 });
      }
      const counted = preview.result();
      const digest = previewDigest(policy, asked.as_of, counted);
      if (digest !== asked.digest || counted.shorter !== asked.shorter || counted.due !== asked.due)
        throw fail('preview_changed', `${counted.shorter} recordings would be kept for less time.`);
      cursor = applyBegin(counted);
      done = 0;
      await written({ cursor: writeCursor(cursor), done, total });
    }

    for await (const page of pages(cursor.id)) {
      done += page.length;
      total = Math.max(total, done);
      cursor = {
        ...{ id: page.at(-1)!.recording.id, expected: cursor.expected },
        applied: applied(cursor.applied, page, asked.as_of),
      };
      const changes = page.flatMap((one) => one.changes ?? []);
      const now = { cursor: writeCursor(cursor), done, total };
      await written(now, changes);
      await save({ ...now, faults: 0 });
    }
    // Some may have been erased meanwhile.
    await save({ cursor: writeCursor(cursor), done, total: done, faults: 0 });

    async function written(
      now: { cursor: string; done: number; total: number },
      changes: Parameters<typeof catalogue.recordings.redate>[1] = [],
    ): Promise<void> {
      if (!(await catalogue.recordings.redate({ id, ...now }, changes))) await save({ ...now, faults: 0 }); // it is open no more
    }
  };
}
