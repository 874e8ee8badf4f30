import { Type } from 'typebox';
import { presetNames } from '../../daemon/domain/report/period.js';
import { Organisation } from '../../daemon/domain/report/processing.js';
import { reportFormats, reportNames } from '../../daemon/domain/report/report.js';
import { days, Nullable, Time } from '../server/schemas.js';

/** The shapes of the reports. */
export const ReportsView = Type.Object({
  time_zone: Type.String(),
  today: Type.String({ description: 'At the site.' }),
  installed: Nullable(Type.String({ description: 'The day from which Tapedeck knows of calls.' })),
  reports: Type.Array(Type.Enum([...reportNames])),
  presets: Type.Array(
    Type.Object({ name: Type.Enum([...presetNames]), from: Type.String(), to: Type.String() }),
  ),
});

export const ReportParams = Type.Object({ report: Type.Enum([...reportNames]) });
export const ReportQuery = Type.Object({
  from: days.from,
  to: Type.Optional(
    Type.String({ format: 'date', description: 'Last day. Without both, the period is last month.' }),
  ),
});
export const ReportFileQuery = Type.Object({
  ...ReportQuery.properties,
  format: Type.Enum([...reportFormats]),
});

export const SignedReports = Type.Object({
  reports: Type.Array(
    Type.Object({
      entry: Type.Integer({ description: 'The number of its entry in the audit log.' }),
      report: Type.Enum([...reportNames]),
      period: Type.Object({ from: Type.String(), to: Type.String() }),
      format: Type.Enum([...reportFormats]),
      made_at: Time,
      by: Type.String(),
      file: Type.String(),
      sha256: Type.String(),
    }),
  ),
  before: Nullable(
    Type.Integer({ description: 'Send it as `before` for older ones; null on the last page.' }),
  ),
});
export const SignedReportsQuery = Type.Object({
  before: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
});
export const SignedReportParams = Type.Object({
  entry: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});

export const OrganisationView = Type.Object({
  organisation: Organisation,
  changed: Nullable(Type.Object({ by: Type.String(), at: Time })),
});
