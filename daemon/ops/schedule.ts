import cron from 'node-cron';
import { fail } from '../domain/error.js';

export type ScheduleOptions = {
  /** What sets it in tapedeck.toml, such as "scrub.schedule", and the cron expression that stands there. */
  setting: string;
  expression: string;
  timeZone: string;
  /** Also when this process stood still at the time. */
  missedToo: boolean;
  job: () => Promise<unknown>;
};

/** Does `job` at the times of a cron expression, never two at once. */
export function createSchedule({ setting, expression, timeZone, missedToo, job }: ScheduleOptions) {
  let task: ReturnType<typeof cron.createTask> | null = null;
  return {
    /** Throws `config_invalid` when it is not a cron expression. */
    start(): void {
      if (!cron.validate(expression))
        throw fail('config_invalid', `"${setting}" is not a cron expression: ${expression}`);
      const work = async () => void (await job());
      task = cron.createTask(expression, work, { timezone: timeZone, noOverlap: true });
      if (missedToo) task.on('execution:missed', work);
      void task.start();
    },
    /** Begins nothing more; does not wait for what is under way. */
    async stop(): Promise<void> {
      await task?.destroy();
      task = null;
    },
  };
}
