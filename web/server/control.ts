import type { Static } from 'typebox';
import { errors } from '../../daemon/domain/error.js';
import type { ControlAnswer } from '../../daemon/domain/operations/control.js';
import { publicMessage } from '../../daemon/domain/operations/health.js';
import type { AskedView, JobView } from '../../daemon/domain/operations/job.js';
import { downStatus } from '../../daemon/domain/operations/status.js';
import { ask } from '../../daemon/ops/control-client.js';
import type { StatusView } from '../health/schemas.js';

type Status = Static<typeof StatusView>;

export type Control = {
  /** How the recorder is; says `down` instead of throwing when it does not answer. */
  status(): Promise<Status>;
  /** Whether a test call's pass opens the recording of this call. Used up by being asked; false without an answer. */
  takePass(pass: string, call: string): Promise<boolean>;
  /** The recorder's own figures in Prometheus' text format; null when it does not answer. */
  metrics(): Promise<string | null>;
  /** Checkpoints of the audit log and how they fare elsewhere; null when the recorder does not answer. */
  checkpoints(): Promise<ControlAnswer<'checkpoints'> | null>;
  /** Has the audit log signed as it is now; gives the note. Throws `daemon_unreachable` or what the recorder answers. */
  signCheckpoint(): Promise<string>;
  /** Erases what is due. Throws `daemon_unreachable`, `retention_refused` or whatever else the recorder answers. */
  runRetention(confirm?: string): Promise<ControlAnswer<'run_retention'>>;
  /** Starts a check of all recordings. Throws `daemon_unreachable`. */
  checkRecordings(): Promise<AskedView>;
  /** Returns the cancelled job. Throws `daemon_unreachable`, `job_unknown`. */
  cancelJob(id: string): Promise<JobView>;
};

/** The dashboard's side of the recorder's control socket. */
export function createControl({ dataDir }: { dataDir: string }): Control {
  const orNull = <T>(answer: Promise<T>): Promise<T | null> => answer.catch(() => null);
  return {
    async status() {
      const answer = await orNull(ask(dataDir, 'status'));
      if (answer) return { ...answer, daemon: 'up' };
      const { hint } = errors.daemon_unreachable;
      return { ...downStatus(publicMessage('daemon_down'), hint), daemon: 'down' };
    },
    takePass: async (pass, call) => (await orNull(ask(dataDir, 'take_pass', { pass, call })))?.good === true,
    metrics: () => orNull(ask(dataDir, 'metrics')),
    checkpoints: () => orNull(ask(dataDir, 'checkpoints')),
    signCheckpoint: async () => (await ask(dataDir, 'sign_checkpoint')).note,
    runRetention: (confirm) => ask(dataDir, 'run_retention', confirm ? { confirm } : {}),
    checkRecordings: () => ask(dataDir, 'check_recordings'),
    cancelJob: (id) => ask(dataDir, 'cancel_job', { id }),
  };
}
