import { count, plural } from '../../locale.js';
import { mailingsText } from './mailings.js';
import { organisationText } from './organisation.js';

/** The messages of the reports. What a report itself says comes with it. */
export const reportsText = {
  title: 'Reports',
  intro:
    'Choose a report and a period. Each file is signed, so that anyone with the public key can verify it.',
  report: 'Report',
  period: 'Period',
  from: 'First day',
  to: 'Last day',
  names: {
    retention: 'Retention',
    disposal: 'Disposal',
    holds: 'Legal hold',
    consent: 'Consent',
    coverage: 'Coverage',
    access: 'Access',
    policy: 'Policy change',
    users: 'Users and rights',
    agents: 'Calls by person',
    volume: 'Call volume',
    storage: 'Storage',
    processing: 'Processing activities',
  },
  about: {
    retention: 'Which recordings are kept, by which rule and for what purpose, and until when.',
    disposal: 'What was erased, on whose authority, with the certificates of erasure.',
    holds: 'Which matters hold which recordings.',
    consent: 'How people were told that calls are recorded, and what they answered.',
    coverage: 'What became of every answered call, and when Tapedeck was not monitoring the PBX.',
    access: 'Who played, downloaded or exported what, with the numbers of the audit log entries.',
    policy: 'How the rules changed, version by version.',
    users: 'Who may do what, and how that changed.',
    agents: 'Every call by the person on it and by date, as FINRA Rule 3170 requires.',
    volume: 'How many calls there were by day, hour, extension and queue.',
    storage: 'How much space recordings take, and how much becomes free and when.',
    processing:
      'The record of processing activities that Article 30 GDPR requires, from the policy and configuration in force.',
  },
  presets: {
    last_month: 'Last month',
    this_month: 'This month',
    last_quarter: 'Last quarter',
    last_year: 'Last year',
    since_installed: 'Since installation',
  },
  custom: 'Other days',
  show: 'Show report',
  /** On other pages: leads to the report of the same. */
  open: 'Create report',
  zone: ({ zone }: { zone: string }) => `Days are in the time zone ${zone}.`,
  reversed: 'The last day is before the first day. Choose a later last day.',
  making: 'Creating the report. This can take a minute for a busy year.',
  /** Said by screen readers once it is there. */
  made: ({ name }: { name: string }) => `${name} report created.`,
  named: ({ name }: { name: string }) => `${name} report`,
  facts: {
    site: 'Site',
    period: 'Period',
    made: 'Created',
    by: 'Requested by',
    tool: 'Created by',
    query: 'Query',
    entry: 'Audit log entry',
  },
  days: ({ from, to, zone }: { from: string; to: string; zone: string }) => `${from} to ${to} (${zone})`,
  caveats: 'Limits of this report',
  method: 'How this report was made',
  chart: ({ title, most }: { title: string; most: number }) =>
    `Chart: ${title}. The highest bar is ${count(most)}. A table of this report has every value.`,
  none: 'Nothing to list for this period.',
  first: ({ n, of }: { n: number; of: number }) =>
    `The first ${count(n)} of ${plural(of, { one: '1 row', other: `${count(of)} rows` })}. Download the CSV or JSON file for all of them.`,
  csv: 'Download CSV',
  pdf: 'Download PDF',
  json: 'Download JSON',
  print: 'Print this page',
  mailings: mailingsText,
  organisation: organisationText,
  signed: {
    title: 'Downloaded reports',
    help: 'The signature of a report is a separate small file. Keep the two together.',
    none: 'No report has been downloaded yet.',
    columns: {
      report: 'Report',
      made: 'Created',
      by: 'Requested by',
      signature: 'Signature',
    },
    name: ({ name, from, to, format }: { name: string; from: string; to: string; format: string }) =>
      `${name}, ${from} to ${to} (${format})`,
    file: ({ entry }: { entry: number }) => `Download signature ${entry}`,
    older: 'Older reports',
  },
};
