import type { ProcessingFacts } from './processing.js';
import type { ReportFormat, ReportHead } from './report.js';

/**
 * What the process that makes a report is to make. `page`: the answer, the figures and the first rows, for the dashboard. The report
 * itself is what that process writes to its output.
 */
export type ReportOrder = {
  dataDir: string;
  format: ReportFormat | 'page';
  head: ReportHead;
  name: string;
  facts: ProcessingFacts;
};
