import type { ErrorCode } from '../error.js';
import type { ReportFormat, ReportHead } from './report.js';

/*
 * What the recorder and the process that makes a report say to each other, as JSON over the channel between them. The report
 * itself is what that process writes to its output.
 */

/** What is to be made: the first message to it. `page`: the answer, the figures and the first rows, for the dashboard. */
export type ReportOrder = { dataDir: string; format: ReportFormat | 'page'; head: ReportHead; name: string };

/** What it says: here it comes; it came to nothing. */
export type ReportMessage = { begun: true } | { error: ErrorCode; detail: string };
