import type { Mailing, MailingProgress } from '../../domain/report/mailing.js';

/** Reports that are sent regularly. */
export interface Mailings {
  /** In the order in which they were made. Recipients whose accounts were removed are not in them. */
  list(): Promise<Mailing[]>;
  get(id: string): Promise<Mailing | null>;
  /** Adds one, or puts it in the place of the one with its id. Throws `mailings_full`. */
  save(mailing: Mailing): Promise<void>;
  /** Returns the one that was removed; null where there was none. */
  remove(id: string): Promise<Mailing | null>;
  /** Keeps how far sending is. Does nothing where there is none any more, or it was saved by somebody since `setAt`. */
  went(id: string, setAt: number, progress: MailingProgress): Promise<void>;
}
