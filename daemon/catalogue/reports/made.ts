import type { MadeReport } from '../../domain/report/signed.js';

/** Reports that were given out whole, as they were signed. They are only ever added. */
export interface MadeReports {
  /** Keeps one. Throws `internal` where one of this entry is kept. */
  keep(report: MadeReport): Promise<void>;
  /** By the number of its entry in the audit log. */
  get(entry: number): Promise<MadeReport | null>;
  /** Newest first, from before this one. */
  list(filter: { before?: number; limit: number }): Promise<MadeReport[]>;
}
