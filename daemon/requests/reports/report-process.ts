import type { Readable } from 'node:stream';
import type { ReportOrder } from '../../domain/report/order.js';
import { streamProgram } from '../../ops/process/stream-program.js';

const HEAP_MB = 320;
/** Rows live for a moment: with more room for them the process takes 30 MB more, and is not faster. */
const YOUNG_MB = 2;

/** Has a report made by a process of its own, which reads the catalogue page by page and has no keys. Resolves when it begins. */
export async function runReport(order: ReportOrder, gone: AbortSignal): Promise<Readable> {
  const { stream } = await streamProgram<true>({
    ...{ built: 'dist/daemon/report.js', makes: 'reports', order, gone, answer: null },
    options: [`--max-old-space-size=${HEAP_MB}`, `--max-semi-space-size=${YOUNG_MB}`],
  });
  return stream;
}
