import { Type } from 'typebox';
import { LAST_DAY, MAIL_ADDRESS, MOST_RECIPIENTS, mailingPeriods } from '../../report/mailing.js';
import { Organisation } from '../../report/processing.js';
import { reportFormats, reportNames } from '../../report/report.js';
import { By, Id, NOTHING, post, proved, type StreamRequest, Text } from './request.js';

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

/** A report is made and sent; a mail server has half a minute, and five for a file. */
const SEND_MS = 420_000;

/** Which report is sent, of which days, to whom and when. */
export const MailingFacts = Type.Object({
  report: Type.Enum([...reportNames]),
  period: Type.Enum([...mailingPeriods]),
  day: Type.Integer({ minimum: 1, maximum: LAST_DAY }),
  attach: Type.Boolean(),
  recipients: Type.Array(
    Type.Object({
      person: Id,
      address: Type.String({ pattern: MAIL_ADDRESS, default: 'audit@hartley.example' }),
    }),
    { minItems: 1, maxItems: MOST_RECIPIENTS, default: [{ person: 'x', address: 'audit@hartley.example' }] },
  ),
});

/** Reports by mail: for who may have the report themselves. An API token changes nothing of it. */
export const MAILINGS = {
  /**
   * Adds one, or saves the one with this id at the request of the person who asks. Throws `mail_off`, `mailing_unknown`, `mailing_invalid` where
   * somebody may not have the report, `mailings_full`.
   */
  save_mailing: proved(
    'mailing',
    '/mailings/save',
    Type.Object({ by: By, id: Type.Union([Id, Type.Null()]), ...MailingFacts.properties }),
    Type.Object({ id: Type.String() }),
    { object: ({ id }) => id ?? '' },
  ),
  /** Throws `mailing_unknown`. */
  remove_mailing: post('/mailings/remove', Type.Object({ by: By, id: Id }), NOTHING),
  /**
   * Sends one now, of the days that it would tell of today, and returns to whom. Throws `mailing_unknown`, `mail_off`, `mailing_stopped`
   * where nobody may have it, `mailing_unsent`, `too_many`.
   */
  send_mailing: post(
    '/mailings/send',
    Type.Object({ by: By, id: Id }),
    Type.Object({ to: Type.Array(Type.String()) }),
    { timeoutMs: SEND_MS },
  ),
} as const;

export const ORGANISATION = {
  /** Keeps what the record of processing says of the organisation. Needs `privacy`, and no proof. */
  save_organisation: post('/organisation/save', Type.Object({ by: By, organisation: Organisation }), NOTHING),
} as const;
