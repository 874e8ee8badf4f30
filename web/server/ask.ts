import type { Readable } from 'node:stream';
import type {
  ControlAnswer,
  ControlBody,
  ControlName,
  StreamBody,
  Streamed,
  StreamName,
} from '../../daemon/domain/operations/control.js';

/** Asks the recorder. Throws what it answers, and `daemon_unreachable`. */
export type Ask = <N extends ControlName>(name: N, body: ControlBody<N>) => Promise<ControlAnswer<N>>;

/** The same for what it answers by a stream; `gone` ends the waiting for its beginning. */
export type AskStream = <N extends StreamName>(
  name: N,
  body: StreamBody<N>,
  gone?: AbortSignal,
) => Promise<Streamed<N, Readable>>;
