import type { Command } from 'commander';
import { fail } from '../domain/error.js';
import { type JobView, jobView } from '../domain/operations/job.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { jobName, jobProblem, jobProgress } from './common/job-text.js';
import { table, timesIn } from './common/table.js';

/** How many are listed. */
const NEWEST = 50;

/** `tapedeck jobs`: long work, how far it is, and cancelling it. */
export function jobs(program: Command, ctx: CliContext): void {
  const command = program
    .command('jobs')
    .description('list jobs and their progress, newest first; ended jobs are kept for 90 days')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  tapedeck jobs\n  tapedeck jobs cancel 01JDK3V7Q8ZM5T4R2XW9YB6C1E')
    .action(async ({ json }: { json?: boolean }) => {
      const found = (await (await ctx.catalogue()).jobs.list(NEWEST)).map(jobView);
      if (json) return ctx.out(JSON.stringify(found, null, 2));
      ctx.out(found.length === 0 ? 'There are no jobs.' : asTable(found, ctx.config().site.time_zone));
    });

  command
    .command('cancel')
    .description('cancel a job that waits or runs; also while the recorder is down')
    .argument('<id>', 'from "tapedeck jobs"')
    .action(async (given: string) => {
      const id = given.toUpperCase();
      if (!/^[0-9A-Z]{26}$/.test(id)) throw fail('job_unknown', given);
      const job = await ctx.ask('cancel_job', { by: onConsole(), id });
      ctx.out(`Cancelled: ${jobName(job)}, ${jobProgress(job)}.`);
    });
}

function asTable(found: JobView[], zone: string): string {
  const times = timesIn(zone);
  const at = (time: string | null) => times(time === null ? null : Date.parse(time));
  return table(
    ['id', 'job', 'state', 'requested', 'ended', 'progress', 'problem'],
    found.map((job) => [
      ...[job.id, jobName(job), job.state, at(job.asked_at), at(job.ended_at)],
      ...[jobProgress(job), jobProblem(job)],
    ]),
    { wrap: [1, 6] },
  );
}
