import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from '../../domain/error.js';
import { isOpen, type JobView, jobView } from '../../domain/operations/job.js';
import type { CliContext } from './context.js';
import { jobProblem, jobProgress } from './job-text.js';

const LOOK_MS = 1_000;
/** How often progress is shown at most, in ms. */
const SHOW_MS = 5_000;

/** Follows the row, so that a restart of the recorder is waited out. `toFirstFailure`: also no longer than until it has failed once. */
export async function followJob(
  ctx: CliContext,
  id: string,
  { toFirstFailure = false }: { toFirstFailure?: boolean } = {},
): Promise<JobView> {
  const catalogue = await ctx.catalogue();
  for (let [shown, shownAt] = ['', Number.NEGATIVE_INFINITY]; ; ) {
    const job = await catalogue.jobs.get(id);
    if (!job) throw fail('job_unknown', id);
    const view = jobView(job);
    if (!isOpen(job) || (toFirstFailure && job.state === 'waiting' && job.error !== null)) return view;
    const said = [`${job.state}: ${jobProgress(view)}.`, jobProblem(view)].filter(Boolean).join(' ');
    if (said !== shown && performance.now() - shownAt >= SHOW_MS) {
      ctx.err(said);
      [shown, shownAt] = [said, performance.now()];
    }
    await sleep(LOOK_MS);
  }
}
