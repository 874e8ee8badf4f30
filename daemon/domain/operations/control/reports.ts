import { Type } from 'typebox';
import { reportFormats, reportNames } from '../../report/report.js';
import { By, type StreamRequest, Text } from './request.js';

/** A process is started, and opens the catalogue. */
const BEGIN_MS = 60_000;

export const REPORT_STREAMS = {
  /**
   * Makes a report of the days from `from` to `to` (YYYY-MM-DD), both included; the last month where neither is given. The entry,
   * `report` for a page and `export` for a file, is written before anything of it is given. A file that was given out whole is
   * signed, and its statement is kept by the number of its entry. Needs `oversee`, what `reportRight` says, and to reach every call. Throws `forbidden`,
   * `request_invalid` for such a period, `too_many`, `audit_unwritable`.
   */
  make_report: {
    path: '/reports/make',
    body: Type.Object({
      by: By,
      report: Type.Enum([...reportNames]),
      from: Type.Optional(Text(10)),
      to: Type.Optional(Text(10)),
      format: Type.Enum([...reportFormats, 'page']),
    }),
    /** The number of its entry in the audit log, and how a file is called, without its ending. */
    head: Type.Object({ entry: Type.Integer(), name: Type.String() }),
    type: 'application/octet-stream',
    timeoutMs: BEGIN_MS,
  },
} as const satisfies Record<string, StreamRequest>;
