import type { CdrTimes } from '../domain/call/answered.js';
import type { LegId } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { askEach } from './ask-each.js';

export type AnswersDeps = {
  /** The value of a channel's variable or function; null when the channel has gone. Throws when the PBX refuses. */
  variable: (channel: LegId, name: string) => Promise<string | null>;
  /** Brings a time of the PBX's clock onto ours, ms since 1970. */
  ours: (at: number) => number;
  log: Log;
};

/**
 * Asks the PBX when legs were answered: its CDR function has the times of the CDR in the making, to the microsecond
 * (CDR(answer,u), Asterisk 16 and 22, with the rights of ari.conf). Nothing is told of a leg that has gone, and where CDRs are off.
 */
export function createAnswers({ variable, ours, log }: AnswersDeps) {
  async function ask(leg: LegId): Promise<CdrTimes | null> {
    const [answer, start] = await Promise.all([
      variable(leg, 'CDR(answer,u)'),
      variable(leg, 'CDR(start,u)'),
    ]);
    const [answerAt, startAt] = [answer, start].map(micro);
    return answerAt && startAt ? { answerAt: ours(answerAt), startAt: ours(startAt) } : null;
  }

  /** Returns the times of those legs of which the PBX tells any. */
  return (legs: readonly LegId[]): Promise<ReadonlyMap<LegId, CdrTimes>> =>
    askEach(legs, ask, (err, leg) => log.warn({ err, leg }, 'The PBX does not say when a leg was answered'));
}

/** "1795721651.889485" to ms since 1970; "0.000000", which is never, and anything else to null. */
function micro(value: string | null | undefined): number | null {
  return value && /^\d{9,11}\.\d{6}$/.test(value) ? Number(value) * 1000 : null;
}
