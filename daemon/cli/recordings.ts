import type { Command } from 'commander';
import type { JobView } from '../domain/operations/job.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { followJob } from './common/follow-job.js';
import { jobProblem, jobProgress } from './common/job-text.js';

/** `tapedeck recordings`: what is done with all recordings. */
export function recordings(program: Command, ctx: CliContext): void {
  program
    .command('recordings')
    .description('check all recordings')
    .command('check')
    .description('have the recorder read every recording again now and verify it, when calls leave it time')
    .option('--wait', 'show progress until the check is over')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nThe check continues after a restart of the recorder. "tapedeck jobs" shows its progress and cancels it.\nWith --wait the exit code is 0 when all recordings are as sealed and signed, 1 otherwise.\n\nExamples:\n  tapedeck recordings check\n  tapedeck recordings check --wait',
    )
    .action(async ({ wait, json }: { wait?: boolean; json?: boolean }) => {
      const asked = await ctx.ask('check_recordings', { by: onConsole() });
      if (!json) ctx.out(asked.already ? already(asked.job) : `The check is job ${asked.job.id}.`);
      if (!wait) return json ? ctx.out(JSON.stringify(asked, null, 2)) : undefined;
      const job = await followJob(ctx, asked.job.id);
      ctx.out(json ? JSON.stringify(job, null, 2) : ended(job));
      if (job.state !== 'done' || job.faults > 0) process.exitCode = 1;
    });
}

const already = (job: JobView): string =>
  `It was requested before, and is ${job.state} as job ${job.id}: ${jobProgress(job)}.`;

function ended(job: JobView): string {
  const result = `${job.state === 'done' ? 'Done' : `It was ${job.state}`}: ${jobProgress(job)}.`;
  const damaged = job.faults > 0 ? '"tapedeck verify --damaged" names the damaged ones.' : '';
  return [result, damaged, jobProblem(job)].filter(Boolean).join(' ');
}
