import type { LetterKind, SavedLetter } from '../../domain/privacy/letters.js';
import type {
  Exclusion,
  PrivacyAnswer,
  PrivacyFacts,
  PrivacyRequest,
  PrivacyRequestId,
} from '../../domain/privacy/request.js';
import type { CallId } from '../../domain/recording/recording.js';

export type NewPrivacyRequest = PrivacyFacts &
  Pick<PrivacyRequest, 'id' | 'zone' | 'region' | 'enteredBy' | 'enteredAt'>;

/** Requests that people make about recordings of themselves. */
export interface PrivacyRequests {
  /** Adds a request under the next number. Throws `privacy_full`. */
  add(request: NewPrivacyRequest): Promise<PrivacyRequest>;
  /** Changes what is written down of one that is not closed. Throws `privacy_unknown`, `privacy_closed`. */
  change(id: PrivacyRequestId, facts: PrivacyFacts): Promise<PrivacyRequest>;
  get(id: PrivacyRequestId): Promise<PrivacyRequest | null>;
  /** Those that are not closed, in the order in which they were received. */
  open(): Promise<PrivacyRequest[]>;
  /** Closed ones, the newest number first, from before this one. */
  closed(before: number | null, limit: number): Promise<PrivacyRequest[]>;
  /** Throws `privacy_unknown`, and `privacy_closed` for one that is closed or was extended before. */
  extend(id: PrivacyRequestId, reason: string, by: string, at: number): Promise<PrivacyRequest>;
  /** Throws `privacy_unknown`, `privacy_closed`. */
  close(id: PrivacyRequestId, answer: PrivacyAnswer, by: string, at: number): Promise<PrivacyRequest>;
  /** Leaves a call out, or takes it in again (null). Throws `privacy_unknown`, `privacy_closed`. */
  exclude(id: PrivacyRequestId, callId: CallId, exclusion: Omit<Exclusion, 'callId'> | null): Promise<void>;
  exclusions(id: PrivacyRequestId): Promise<Exclusion[]>;
  /** Removes from a closed request what names people. Idempotent. Throws `privacy_unknown` for one that is not closed. */
  forget(id: PrivacyRequestId, at: number): Promise<void>;
  /** The letters that were saved here in the place of those that come with Tapedeck. */
  letters(): Promise<SavedLetter[]>;
  /** Null: the letter that comes with Tapedeck again. */
  saveLetter(letter: LetterKind, saved: Omit<SavedLetter, 'letter'> | null): Promise<void>;
  /** Closed ones of which that was not removed, and that were answered before this day. */
  forgettable(before: string): Promise<PrivacyRequest[]>;
}
