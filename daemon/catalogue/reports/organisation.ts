import type { Organisation } from '../../domain/report/processing.js';

/** What somebody entered of the organisation, for the record of processing. */
export interface Organisations {
  /** Null until it was entered. */
  get(): Promise<KeptOrganisation | null>;
  save(organisation: Organisation, by: string, at: number): Promise<void>;
}
/** Times are ms since 1970. */
export type KeptOrganisation = { organisation: Organisation; changedBy: string; changedAt: number };
