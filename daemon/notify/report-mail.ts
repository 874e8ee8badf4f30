import { reportCommands } from '../domain/report/signed.js';
import { clean, where } from './mail-text.js';

/** What a mail with a report says. `attached`: the name of its file; null where it has the address of the report alone. */
export type ReportMail = {
  title: string;
  site: string;
  timeZone: string;
  from: string;
  to: string;
  /** Where the report is on the dashboard, and where what is sent regularly is set up. */
  url: string;
  reportsUrl: string;
  attached: string | null;
  /** Why the file is not in the mail although it was to be. */
  tooLong: boolean;
  setBy: string;
};

/** Words for somebody who gets a report, of which the mail says nothing but which it is. */
export function reportMailText(mail: ReportMail): { subject: string; text: string } {
  const { attached, from, to } = mail;
  const named = `${clean(mail.title)} report, ${from} to ${to}`;
  const lines =
    attached === null
      ? [
          `The ${clean(mail.title).toLowerCase()} report of ${from} to ${to} can be created now. Sign in to read or download it:`,
          '',
          mail.url,
          '',
          mail.tooLong
            ? 'Its file is too large for a mail.'
            : 'It may contain personal data, so this mail does not contain the report itself.',
        ]
      : [
          `The ${clean(mail.title).toLowerCase()} report of ${from} to ${to} is attached, with its signature. On the dashboard:`,
          '',
          mail.url,
          '',
          'To verify the file, save both attachments beside tapedeck.pem, which you have from the box itself, and run:',
          '',
          `tapedeck report verify ${attached}.pdf ${attached}.sig.json --public-key tapedeck.pem`,
          '',
          'Or, on any Linux or Mac:',
          '',
          ...reportCommands(`${attached}.pdf`, `${attached}.sig.json`),
        ];
  return {
    subject: `${where(mail.site)} ${named}`.slice(0, 180),
    text: [
      ...lines,
      '',
      '-- ',
      `Tapedeck at ${clean(mail.site)}. Days are in ${mail.timeZone}.`,
      `${clean(mail.setBy)} has set up that you are sent this report. To change that: ${mail.reportsUrl}`,
      '',
    ].join('\n'),
  };
}
