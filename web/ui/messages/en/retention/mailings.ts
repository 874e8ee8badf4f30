import { listAnd } from '../../locale.js';
import { organisationEntry } from './organisation.js';

type Entry = { detail: Record<string, string | number | boolean | null | string[]>; outcome: string };

const names: Record<string, string> = {
  retention: 'the retention report',
  disposal: 'the disposal report',
  holds: 'the legal hold report',
  consent: 'the consent report',
  coverage: 'the coverage report',
  access: 'the access report',
  policy: 'the policy change report',
  users: 'the report of users and rights',
  agents: 'the report of calls by person',
  volume: 'the call volume report',
  storage: 'the storage report',
  processing: 'the report of processing activities',
};
const report = (name: unknown): string => names[String(name)] ?? 'a report';
const people = (to: unknown): string => (Array.isArray(to) ? listAnd(to) : String(to ?? ''));

/** What entries of the audit log say of reports by mail. */
export const mailingDeeds = {
  mailing_save: 'setting up a report by email',
  mailing_remove: 'stopping a report by email',
  report_mail: 'sending a report by email',
  organisation_change: 'changing the organisation in the record of processing',
};
export const mailingEntries = {
  mailing_save: ({ detail }: Entry) =>
    `set up that ${report(detail.report)} is sent by email on day ${String(detail.day)} of the month to ${people(detail.recipients)}`,
  mailing_remove: ({ detail }: Entry) => `stopped sending ${report(detail.report)} by email`,
  organisation_change: organisationEntry,
  report_mail: ({ detail, outcome }: Entry) =>
    `${outcome === 'failed' ? 'could not send' : 'sent'} ${detail.what === 'pdf' ? 'a report' : 'the address of a report'} of ${String(detail.from)} to ${String(detail.to)} by email to ${people(detail.recipients)}${outcome === 'failed' ? `: ${String(detail.because)}` : ''}`,
};

/** The messages of reports by mail. */
export const mailingsText = {
  title: 'Reports by email',
  help: 'Reports are created at 6:00 on their day, and sent to users who may have them. What is due while Tapedeck is off is sent once when it starts again.',
  none: 'No report is sent by email.',
  off: 'Email is not set up. An admin has to set smtp_host and mail_from in [alerts] of tapedeck.toml, and restart Tapedeck.',
  add: 'Set up a report by email',
  columns: { report: 'Report', to: 'Recipients', next: 'Next', last: 'Last', acts: 'Actions' },
  periods: { last_month: 'Last month', last_quarter: 'Last quarter' },
  when: {
    last_month: ({ day }: { day: number }) => `Last month, on day ${day} of each month`,
    last_quarter: ({ day }: { day: number }) =>
      `Last quarter, on day ${day} of January, April, July and October`,
  },
  attached: 'PDF and signature attached',
  linked: 'Link to the dashboard',
  setBy: ({ name }: { name: string }) => `Set up by ${name}`,
  mayNot: 'may not have this report, so is sent nothing',
  ownerMayNot: ({ name }: { name: string }) =>
    `${name} may not have this report any more, so nobody is sent it. Save it to send it on your word.`,
  never: 'Not sent yet',
  results: {
    sent: ({ at }: { at: string }) => `Sent ${at}`,
    failed: ({ at }: { at: string }) => `Failed ${at}`,
    stopped: ({ at }: { at: string }) => `Not sent ${at}`,
  },
  retry: ({ at }: { at: string }) => `Next attempt ${at}`,
  edit: 'Change',
  send: 'Send now',
  sending: 'Sending…',
  sent: ({ to }: { to: string[] }) => `Sent to ${listAnd(to)}.`,
  remove: 'Stop sending',
  removing: {
    title: 'Stop sending this report?',
    text: 'Nobody is sent it any more. Reports that were sent are not affected.',
  },
  form: {
    title: 'Report by email',
    report: 'Report',
    period: 'Period',
    day: 'Day of the month',
    dayHelp: 'From 1 to 28. For a quarter, of the first month after it.',
    what: 'What is sent',
    attach: 'The PDF with its signature',
    link: 'Only a link to the dashboard',
    personal:
      'This report can contain personal data. A mail may be kept and forwarded by anybody who gets it.',
    recipients: 'Recipients',
    person: 'User',
    choose: 'Choose a user',
    address: 'Email address',
    more: 'Add a recipient',
    fewer: ({ name }: { name: string }) => `Remove ${name || 'this recipient'}`,
    personMissing: 'Choose a user.',
    addressWrong: 'Enter an email address, such as name@example.com.',
    save: 'Save',
  },
};
