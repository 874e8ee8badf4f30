import type { Static } from 'typebox';
import type { User } from '../../daemon/catalogue/people.js';
import { dates, iso } from '../../daemon/domain/days.js';
import { type Mailing, mayHave, namesPeople, nextSending } from '../../daemon/domain/report/mailing.js';
import { reportNames } from '../../daemon/domain/report/report.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers } from '../server/answers.js';
import type { App } from '../server/types.js';
import {
  MailingBody,
  MailingParams,
  MailingSaved,
  MailingSent,
  MailingsView,
  type MailingView,
} from './mailing-schemas.js';

type Deps = Needs<'ask' | 'mailOn' | 'now' | 'reached' | 'site', 'mailings.list' | 'people.list'>;

const tags = ['reports'];

/** Reports that are sent regularly. The recorder sends them. */
export function mailingRoutes(app: App, { catalogue, ask, mailOn, now, reached, site }: Deps): void {
  app.get(
    '/reports/mailings',
    {
      config: {
        access: 'oversee',
        audit: { nothing: 'which reports are sent to whom, and nothing of what is in them' },
      },
      schema: {
        tags,
        summary: 'Reports by email',
        description:
          'Which reports are sent, to whom and when. They are made at six in the morning at the site. Those that the asker may not have are left out.',
        response: answers(MailingsView),
      },
    },
    async (request) => {
      const { person } = request.session!;
      reached.every(person);
      const people = await catalogue.people.list();
      const mailings = await catalogue.mailings.list();
      return {
        mail: mailOn,
        mailings: mailings
          .filter(({ report }) => mayHave({ ...person, disabledAt: null }, report))
          .map((mailing) => view(mailing, people)),
        people: people.filter((one) => mayHave(one, 'access')).map(({ id, name }) => ({ id, name })),
        nameless: reportNames.filter((name) => !namesPeople(name)),
      };
    },
  );

  function view(mailing: Mailing, people: readonly User[]): Static<typeof MailingView> {
    const { id, report, period, day, attach, recipients, setBy, setAt, progress } = mailing;
    const { doneDay, failures, nextAt, last } = progress;
    const may = (person: string) => people.some((one) => one.id === person && mayHave(one, report));
    const today = dates(site.timeZone)(now());
    return {
      ...{ id, report, period, day, attach, set_by: setBy.name, set_at: iso(setAt) },
      recipients: recipients.map(({ person, address }) => ({
        ...{ person, address, may: may(person) },
        name: people.find((one) => one.id === person)?.name ?? '',
      })),
      owner_may: may(setBy.id),
      next_day: nextSending(mailing, failures > 0 || doneDay > today ? doneDay : today),
      retry_at: failures > 0 ? iso(nextAt) : null,
      last: last && { ...last, at: iso(last.at) },
    };
  }

  const save = (
    id: string | null,
    request: Parameters<typeof signed>[0] & { body: Static<typeof MailingBody> },
  ) => ask('save_mailing', { by: signed(request), id, ...request.body });
  const described =
    'Recipients are users who may have the report themselves. It is sent only while the user who saved it last may have it. Needs a proof of the last ten minutes. Not with an API token.';

  app.post(
    '/reports/mailings',
    {
      config: { access: 'oversee', audit: 'mailing_save', invalid: 'mailing_invalid' },
      schema: {
        ...{ tags, summary: 'Set up a report by email', description: described },
        body: MailingBody,
        response: answers(MailingSaved),
      },
    },
    async (request) => save(null, request),
  );

  app.put(
    '/reports/mailings/:id',
    {
      config: { access: 'oversee', audit: 'mailing_save', invalid: 'mailing_invalid' },
      schema: {
        ...{ tags, summary: 'Change a report by email', description: described },
        params: MailingParams,
        body: MailingBody,
        response: answers(MailingSaved),
      },
    },
    async (request) => save(request.params.id, request),
  );

  app.delete(
    '/reports/mailings/:id',
    {
      config: { access: 'oversee', audit: 'mailing_remove' },
      schema: {
        tags,
        summary: 'Stop a report by email',
        description: 'Nobody is sent it any more. Not with an API token.',
        params: MailingParams,
        response: answers(MailingSaved),
      },
    },
    async (request) => {
      const { id } = request.params;
      await ask('remove_mailing', { by: signed(request), id });
      return { id };
    },
  );

  app.post(
    '/reports/mailings/:id/send',
    {
      config: { access: 'oversee', audit: 'report_mail' },
      schema: {
        tags,
        summary: 'Send a report by email now',
        description:
          'To its recipients, of the days that it would tell of if it were due today. The recipients are written to the audit log before. Not with an API token.',
        params: MailingParams,
        response: answers(MailingSent),
      },
    },
    async (request) => ask('send_mailing', { by: signed(request), ...request.params }),
  );
}
