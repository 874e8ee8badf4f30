import type { CallId } from '../domain/recording/recording.js';
import type { Found, Notice, Played } from '../domain/telling/notice.js';

/** How the people of a call were to be told, and what was played to them. `notice` is null where the former was not decided. */
export type ToldCall = { notice: Notice | null; played: Played[] };
export type ToldFilter = {
  /** Calls that began in this time, ms since 1970: from, and before. */
  from: number;
  to: number;
  /** Only those after this call: they come in the order in which they began. */
  after?: CallId;
  limit: number;
};

/** The ledger of consent. It goes with its call. */
export interface Notices {
  /** Keeps what was decided for a call, in place of what was decided before. Throws `call_unknown`. */
  decide(notice: Notice): Promise<void>;
  /** Keeps one playing, and gives it with its number. Throws `call_unknown`. */
  tell(played: Omit<Played, 'seq' | 'found'>): Promise<Played>;
  /** Keeps where the sealed audio has what was played. */
  found(seq: number, found: Found): Promise<void>;
  /** Of a call, and of those that became part of it. */
  of(id: CallId): Promise<ToldCall>;
  /** The ids of calls of which it was decided how people are told. */
  calls(filter: ToldFilter): Promise<CallId[]>;
}
