import { Type } from 'typebox';
import { MailingFacts } from '../../daemon/domain/operations/control/reports.js';
import { mailingResults } from '../../daemon/domain/report/mailing.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of reports by mail. Days are at the site. */
const { recipients: _, ...facts } = MailingFacts.properties;

export const MailingView = Type.Object({
  id: Type.String(),
  ...facts,
  recipients: Type.Array(
    Type.Object({
      person: Type.String(),
      name: Type.String(),
      address: Type.String(),
      may: Type.Boolean({
        description: 'Whether they may have this report now. Who may not is sent nothing.',
      }),
    }),
  ),
  set_by: Type.String({ description: 'On whose word it is sent.' }),
  set_at: Time,
  owner_may: Type.Boolean({
    description: 'Whether they may have this report now. If not, nobody is sent it.',
  }),
  next_day: Type.String(),
  retry_at: Nullable(Time),
  last: Nullable(
    Type.Object({
      at: Time,
      day: Type.String(),
      result: Type.Enum([...mailingResults]),
      detail: Type.String(),
    }),
  ),
});

export const MailingsView = Type.Object({
  mail: Type.Boolean({ description: 'Whether a mail server is set up.' }),
  mailings: Type.Array(MailingView),
  people: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'Who can be sent reports.',
  }),
  nameless: Type.Array(facts.report, { description: 'Reports that name nobody.' }),
});

export const MailingBody = MailingFacts;
export const MailingSaved = Type.Object({ id: Type.String() });
export const MailingParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) });
export const MailingSent = Type.Object({
  to: Type.Array(Type.String(), { description: 'The names of those to whom it was sent.' }),
});
