import type { Job } from '../domain/operations/job.js';
import type { JobStore } from '../ops/jobs.js';

/** Jobs: what runs them writes them, and people look at them. */
export interface JobCatalogue extends JobStore {
  get(id: string): Promise<Job | null>;
  /** The one that was asked for last comes first. */
  list(limit: number): Promise<Job[]>;
}
