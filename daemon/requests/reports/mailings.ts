import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import { dates } from '../../domain/days.js';
import { fail, TapedeckError } from '../../domain/error.js';
import type { MAILINGS } from '../../domain/operations/control/reports.js';
import type { By } from '../../domain/operations/control/request.js';
import type { ControlBody, ControlHandlers } from '../../domain/operations/control.js';
import type { Person } from '../../domain/people/person.js';
import { dueSending, type Mailing, mayHave } from '../../domain/report/mailing.js';
import { type ReportName, reportRight } from '../../domain/report/report.js';
import { createBuckets, type Limit } from '../../ops/buckets.js';
import type { Asker, Askers } from '../askers.js';

/** Mails that one person may have sent by hand. */
const EACH: Limit = { burst: 6, hourly: 12 };

export type MailingRequestDeps = {
  catalogue: Verbs<'mailings.get' | 'mailings.save' | 'mailings.remove' | 'people.get' | 'audited'>;
  askers: Pick<Askers, 'may' | 'proved'>;
  /** What sends them. */
  mailings: {
    sendNow(id: string, writes: Asker['entry']): Promise<string[]>;
    changed(id: string): void;
  };
  /** Whether there is a mail server. */
  mailOn: boolean;
  site: { timeZone: string };
  clock: () => number;
  mint: (at: number) => string;
};

/** What a schedule says, as its entries have it. */
const detailOf = (mailing: Mailing, names: string[]) => ({
  ...{ report: mailing.report, period: mailing.period, day: mailing.day, attached: mailing.attach },
  recipients: names,
});

/** Sets up which reports are sent by mail, to whom and when; for who may have the report themselves. */
export function createMailingRequests(
  deps: MailingRequestDeps,
): Pick<ControlHandlers, keyof typeof MAILINGS> {
  const { catalogue, askers, mailings, clock, mint } = deps;
  const buckets = createBuckets({ now: clock });

  /** An API token changes nothing. Throws `forbidden`. */
  async function asking(by: By): Promise<Asker> {
    const asker = await askers.may(by, 'oversee');
    if (asker.person?.only) throw fail('forbidden', 'This cannot be done with an API token.');
    return asker;
  }

  /** Throws `forbidden` for who may not have this report. */
  function admit({ person }: Asker, report: ReportName): void {
    if (person && !mayHave({ ...person, disabledAt: null }, report)) throw fail('forbidden');
  }

  async function one(id: string): Promise<Mailing> {
    const found = await catalogue.mailings.get(id);
    if (!found) throw fail('mailing_unknown', id);
    return found;
  }

  /** Everybody is a user who may have the report. Returns how the entry names them. Throws `mailing_invalid`. */
  async function named({ report, recipients }: ControlBody<'save_mailing'>): Promise<string[]> {
    const names = new Map<string, string>();
    for (const { person, address } of recipients) {
      const user = await catalogue.people.get(person);
      if (!user || !mayHave(user, report))
        throw fail('mailing_invalid', `${user?.name ?? 'Somebody'} may not have this report.`);
      if (names.has(person)) throw fail('mailing_invalid', `${user.name} is on the list twice.`);
      names.set(person, `${user.name} <${address}>`);
    }
    return [...names.values()];
  }

  return {
    async save_mailing(body) {
      const { id, report, period, day, attach, recipients } = body;
      const asker = await askers.proved('save_mailing', body, reportRight(report));
      const owner: Person | null = asker.person;
      if (!owner) throw fail('forbidden', 'On the box, it can only be removed.');
      admit(asker, report);
      if (!deps.mailOn) throw fail('mail_off');
      const before = id === null ? null : await one(id);
      if (before) admit(asker, before.report);
      const names = await named(body);
      const at = clock();
      const today = dates(deps.site.timeZone)(at);
      const same = before && before.report === report && before.period === period && before.day === day;
      // What is due and could not be sent is tried again at once; what is new begins with its next day.
      const due =
        before &&
        same &&
        dueSending({ ...before, progress: { ...before.progress, nextAt: 0 } }, at, deps.site.timeZone);
      const mailing: Mailing = {
        ...{ id: id ?? mint(at), report, period, day, attach, recipients, setAt: at },
        setBy: { id: owner.id, name: owner.name },
        progress: {
          ...{ doneDay: due ? before.progress.doneDay : today, failures: 0, failingSince: null, nextAt: 0 },
          last: before?.progress.last ?? null,
        },
      };
      const about = { object: 'mailing', object_id: mailing.id, detail: detailOf(mailing, names) };
      await onRecord<void>(catalogue, asker.entry('mailing_save', about), (c) => c.mailings.save(mailing));
      mailings.changed(mailing.id);
      return { id: mailing.id };
    },

    async remove_mailing({ by, id }) {
      const asker = await asking(by);
      const found = await one(id);
      admit(asker, found.report);
      await onRecord<Mailing | null>(
        catalogue,
        (removed) =>
          removed &&
          asker.entry('mailing_remove', {
            object: 'mailing',
            object_id: id,
            detail: { report: removed.report },
          }),
        (c) => c.mailings.remove(id),
      );
      mailings.changed(id);
      return {};
    },

    async send_mailing({ by, id }) {
      const asker = await asking(by);
      const { report } = await one(id);
      admit(asker, report);
      const bucket = buckets.level(asker.person?.id ?? 'console', EACH);
      if (bucket.left < 1) throw fail('too_many', 'Too many reports were sent within an hour.');
      bucket.left -= 1;
      try {
        return { to: await mailings.sendNow(id, asker.entry) };
      } catch (e) {
        throw asUnsent(e);
      }
    },
  };
}

/** That a mail was not taken is no message about an alarm here. */
const asUnsent = (e: unknown): unknown =>
  e instanceof TapedeckError && e.code === 'alert_undelivered' ? fail('mailing_unsent', e.detail, e) : e;
