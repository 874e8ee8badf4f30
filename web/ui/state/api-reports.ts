import type { Static } from 'typebox';
import type { ReportView } from '../../../daemon/domain/report/view.js';
import type {
  OrganisationView,
  ReportsView,
  SignedReports as SignedReportsSchema,
} from '../../reports/schemas.js';
import { ask } from './api.js';
import { forPerson } from './opened-for.js';

export type Reports = Static<typeof ReportsView>;
export type ReportName = Reports['reports'][number];
export type Report = Static<typeof ReportView>;
export type SignedReports = Static<typeof SignedReportsSchema>;
export type ReportFormat = SignedReports['reports'][number]['format'];
export type OrganisationKept = Static<typeof OrganisationView>;
export type Organisation = OrganisationKept['organisation'];
export type Days = { from: string; to: string };

/** Where a report is chosen, of these days where both are known. */
export const reportPage = (report: ReportName, days?: Partial<Days> | null): string =>
  `/reports?${new URLSearchParams({ report, ...(days?.from && days.to && { from: days.from, to: days.to }) })}`;

const query = (given: Record<string, string>) => new URLSearchParams(given).toString();

export const reportsApi = {
  all: () => ask<Reports>('GET', '/reports'),
  get: (report: ReportName, days: Days, signal: AbortSignal) =>
    ask<Report>('GET', `/reports/${report}?${query(days)}`, undefined, signal),
  file: (report: ReportName, days: Days, format: ReportFormat) =>
    forPerson(`/api/v1/reports/${report}/file?${query({ ...days, format })}`),
  signed: (before?: number) =>
    ask<SignedReports>('GET', before === undefined ? '/reports/signed' : `/reports/signed?before=${before}`),
  organisation: () => ask<OrganisationKept>('GET', '/reports/organisation'),
  saveOrganisation: (body: Organisation) => ask<OrganisationKept>('PUT', '/reports/organisation', body),
  signature: (entry: number) => forPerson(`/api/v1/reports/signed/${entry}`),
};
