import type { Readable } from 'node:stream';
import { TapedeckError } from '../../daemon/domain/error.js';
import type {
  ControlAnswer,
  ControlBody,
  ControlName,
  StreamBody,
  Streamed,
  StreamName,
} from '../../daemon/domain/operations/control.js';

/**
 * Asks the recorder, and gives its answer. Throws what it answers with, `daemon_unreachable` when it does not, and
 * `daemon_differs` for an answer that is not in the contract.
 */
export type Ask = <N extends ControlName>(name: N, body: ControlBody<N>) => Promise<ControlAnswer<N>>;

/** The same for what it answers by a stream; `gone` ends the waiting for its beginning. */
export type AskStream = <N extends StreamName>(
  name: N,
  body: StreamBody<N>,
  gone?: AbortSignal,
) => Promise<Streamed<N, Readable>>;

/** Whether nothing was refused, but the recorder did not answer; and how the audit log says so. */
export const recorderAway = (e: unknown): boolean =>
  e instanceof TapedeckError && e.code === 'daemon_unreachable';
export const RECORDER_AWAY = 'the recorder did not respond';
