import type { ControlAnswer, ControlBody, ControlName } from '../../daemon/domain/operations/control.js';

/**
 * Asks the recorder, and gives its answer. Throws what it answers with, `daemon_unreachable` when it does not, and
 * `daemon_differs` for an answer that is not in the contract.
 */
export type Ask = <N extends ControlName>(name: N, body: ControlBody<N>) => Promise<ControlAnswer<N>>;
