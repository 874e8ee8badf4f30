import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { errors, fail } from '../../daemon/domain/error.js';
import { publicMessage } from '../../daemon/domain/operations/health.js';
import { AskedView, JobView } from '../../daemon/domain/operations/job.js';
import { DaemonStatus, downStatus } from '../../daemon/domain/operations/status.js';
import { controlSocket } from '../../daemon/domain/paths.js';
import { request, requestText, SIGN_MS } from '../../daemon/ops/control-client.js';
import { DaemonCheckpoints } from '../audit/schemas.js';
import type { StatusView } from '../health/schemas.js';
import { RetentionRunView } from '../retention/schemas.js';

type Status = Static<typeof StatusView>;

export type Control = {
  /** How the daemon is; says `down` instead of throwing when it does not answer. */
  status(): Promise<Status>;
  /** Whether a test call's pass opens the recording of this call. Used up by being asked; false without an answer. */
  takePass(pass: string, call: string): Promise<boolean>;
  /** The daemon's own figures in Prometheus' text format; null when it does not answer. */
  metrics(): Promise<string | null>;
  /** Checkpoints of the audit log and how they fare elsewhere; null when the daemon does not answer. */
  checkpoints(): Promise<Static<typeof DaemonCheckpoints> | null>;
  /** Has the audit log signed as it is now; gives the note. Throws `daemon_unreachable` or what the daemon answers. */
  signCheckpoint(): Promise<string>;
  /** Erases what is due. Throws `daemon_unreachable`, `retention_refused` or whatever else the daemon answers. */
  runRetention(confirm?: string): Promise<Static<typeof RetentionRunView>>;
  /** Has every recording read again. Throws `daemon_unreachable`. */
  checkRecordings(): Promise<AskedView>;
  /** Gives the job as it was ended. Throws `daemon_unreachable`, `job_unknown`. */
  cancelJob(id: string): Promise<JobView>;
};

/** A run destroys keys and files one by one, so it may take longer than other requests. */
const RUN_MS = 300_000;

/** The dashboard's side of the daemon's control socket. */
export function createControl({ dataDir }: { dataDir: string }): Control {
  const socket = controlSocket(dataDir);
  return {
    async status() {
      const answer = await request<unknown>(socket, 'GET', '/status').catch(() => null);
      if (Value.Check(DaemonStatus, answer)) return { ...answer, daemon: 'up' };
      const { hint } = errors.daemon_unreachable;
      return { ...downStatus(publicMessage('daemon_down'), hint), daemon: 'down' };
    },
    async takePass(pass, call) {
      const answer = await request<unknown>(socket, 'POST', '/test-call/pass', { pass, call }).catch(
        () => null,
      );
      return (answer as { good?: unknown } | null)?.good === true;
    },
    metrics: () => requestText(socket, '/metrics').catch(() => null),
    async checkpoints() {
      const answer = await request<unknown>(socket, 'GET', '/audit/checkpoints').catch(() => null);
      return Value.Check(DaemonCheckpoints, answer) ? answer : null;
    },
    async signCheckpoint() {
      const answer = await request<unknown>(socket, 'POST', '/audit/checkpoint', {}, { timeoutMs: SIGN_MS });
      const { note } = (answer ?? {}) as { note?: unknown };
      if (typeof note !== 'string') throw fail('internal', 'The daemon gave no checkpoint.');
      return note;
    },
    async runRetention(confirm) {
      const answer = await request<unknown>(socket, 'POST', '/retention/run', confirm ? { confirm } : {}, {
        timeoutMs: RUN_MS,
      });
      if (!Value.Check(RetentionRunView, answer)) throw fail('internal', 'The daemon gave no count.');
      return answer;
    },
    async checkRecordings() {
      const answer = await request<unknown>(socket, 'POST', '/recordings/check');
      if (!Value.Check(AskedView, answer)) throw fail('internal', 'The daemon gave no job.');
      return answer;
    },
    async cancelJob(id) {
      const answer = await request<unknown>(socket, 'POST', '/jobs/cancel', { id });
      if (!Value.Check(JobView, answer)) throw fail('internal', 'The daemon gave no job.');
      return answer;
    },
  };
}
