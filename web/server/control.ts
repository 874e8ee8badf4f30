import type { Static } from 'typebox';
import { errors } from '../../daemon/domain/error.js';
import type { ControlAnswer } from '../../daemon/domain/operations/control.js';
import { publicMessage } from '../../daemon/domain/operations/health.js';
import { downStatus } from '../../daemon/domain/operations/status.js';
import type { StatusView } from '../health/schemas.js';
import type { Ask } from './ask.js';

type Status = Static<typeof StatusView>;

export type Control = {
  /** How the recorder is; says `down` instead of throwing when it does not answer. */
  status(): Promise<Status>;
  /** The recorder's own figures in Prometheus' text format; null when it does not answer. */
  metrics(): Promise<string | null>;
  /** Checkpoints of the audit log and how they fare elsewhere; null when the recorder does not answer. */
  checkpoints(): Promise<ControlAnswer<'checkpoints'> | null>;
  /** Has the audit log signed as it is now; gives the note. Throws `daemon_unreachable` or what the recorder answers. */
  signCheckpoint(): Promise<string>;
};

/** How the recorder is, and what it has signed. */
export function createControl(ask: Ask): Control {
  const orNull = <T>(answer: Promise<T>): Promise<T | null> => answer.catch(() => null);
  return {
    async status() {
      const answer = await orNull(ask('status', {}));
      if (answer) return { ...answer, daemon: 'up' };
      const { hint } = errors.daemon_unreachable;
      return { ...downStatus(publicMessage('daemon_down'), hint), daemon: 'down' };
    },
    metrics: () => orNull(ask('metrics', {})),
    checkpoints: () => orNull(ask('checkpoints', {})),
    signCheckpoint: async () => (await ask('sign_checkpoint', {})).note,
  };
}
