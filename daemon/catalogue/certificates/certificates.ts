import type { Certificate, Erasure, ErasureRun } from '../../domain/certificate/certificate.js';
import type { RecordingId } from '../../domain/recording/recording.js';

/** A certificate that is to be kept, and the last erasure that is on it. */
export type IssuedCertificate = Certificate & { lastSeq: number };
/** An item as it was signed. */
export type ItemLine = { seq: number; text: string };

/** Certificates of erasure, and the erasures that will be on one. */
export interface Certificates {
  /** A run that erases begins, and any other one is over: recordings whose erasure begins until it ends are of this run. */
  begin(run: ErasureRun): Promise<void>;
  /** No run goes on any more. `at` is ms since 1970. */
  end(at: number): Promise<void>;
  /** Recordings that are erased and on no certificate, in the order of their erasure, from after this one. */
  open(after: number, limit: number): Promise<Erasure[]>;
  /** Keeps the lines of erasures, in place of those that they had. Does nothing for one that is on a certificate. */
  describe(lines: readonly ItemLine[]): Promise<void>;
  /** Takes an erasure that is not believed out of those that are open. */
  refuse(erasure: Pick<Erasure, 'seq' | 'recording'>): Promise<void>;
  /** Opens some of those that were refused again, after all others. */
  reopen(limit: number): Promise<void>;
  /**
   * Keeps a certificate of all erasures from after those of the one before, up to `lastSeq`. Throws `internal` where its number is
   * not the next one, or where not all of them have a line.
   */
  issue(certificate: IssuedCertificate): Promise<void>;
  get(number: number): Promise<Certificate | null>;
  /** Newest first. */
  list(filter: { before?: number; limit: number }): Promise<Certificate[]>;
  /** How many there are; the newest one has this number. */
  count(): Promise<number>;
  /** The number of the last one that was issued, also before a restore: the next one has the number after it. 0 for none. */
  last(): Promise<number>;
  /** The items of a certificate in their order, from after this one. */
  items(number: number, after: number, limit: number): Promise<ItemLine[]>;
  /** The number of the certificate that a recording is on; null where it is on none. */
  of(id: RecordingId): Promise<number | null>;
}
