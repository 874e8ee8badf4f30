import type { Verbs } from '../catalogue/catalogue.js';
import { type About, type AuditAction, entryOf, type NewEntry, TAPEDECK } from '../domain/assurance/audit.js';
import { dates } from '../domain/days.js';
import { fail, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import { nextTry } from '../domain/operations/notice.js';
import {
  dueSending,
  MAILING_CRON,
  type Mailing,
  type MailingProgress,
  mailedDays,
  mayHave,
} from '../domain/report/mailing.js';
import { reportTitles } from '../domain/report/report.js';
import type { Post } from '../notify/mail.js';
import type { ReportMail } from '../notify/report-mail.js';
import type { Log } from '../ops/log.js';
import { createSchedule } from '../ops/schedule.js';
import { repeatedly, serialQueue } from '../ops/turns.js';

/** How often it is looked whether an attempt has to be repeated, in ms. */
const LOOK_MS = 60_000;
/** After so many attempts that failed an alarm is raised. */
const TROUBLE = 3;

/** A file to send, with its signature. `name`: without its ending. */
export type MailedReport = { entry: number; name: string; file: Buffer; signature: string };
type Days = { from: string; to: string };
/** Writes an entry that names the person who has it sent. */
type Writes = (action: AuditAction, about: About) => NewEntry;

export type MailingDeps = {
  catalogue: Verbs<'mailings.list' | 'mailings.get' | 'mailings.went' | 'people.get'>;
  /** Puts an entry on record. Throws `audit_unwritable`. */
  record: (entry: NewEntry) => Promise<unknown>;
  /** Null where no mail server is set up. */
  post: Pick<Post, 'ready' | 'send'> | null;
  /** Makes the file; null where it is too large for a mail. */
  make: (mailing: Mailing, days: Days, gone: AbortSignal) => Promise<MailedReport | null>;
  text: (
    mail: Pick<ReportMail, 'title' | 'from' | 'to' | 'attached' | 'tooLong' | 'setBy'> & {
      report: Mailing['report'];
    },
  ) => { subject: string; text: string };
  zone: string;
  alarms: Alarms;
  clock: () => number;
  log: Log;
};

export type MailingsOf = ReturnType<typeof createMailings>;

/**
 * Sends reports by mail on their days, at six o'clock at the site, and makes up once what was missed. Nobody is sent what they may not
 * have at that moment, and nothing is sent on the word of somebody who may not have it any more. The entry with the recipients is
 * written before. What cannot be sent is tried again for three days.
 */
export function createMailings(deps: MailingDeps) {
  const { catalogue, post, zone, alarms, clock, log } = deps;
  const ending = new AbortController();
  const queue = serialQueue();
  /** The addresses that have taken a mail of which the server refused others. */
  const taken = new Map<string, Set<string>>();
  const keyOf = (id: string): string => `mailing ${id}`;

  /** Who gets it now. Throws `mailing_stopped`. */
  async function recipientsOf({ report, recipients, setBy }: Mailing) {
    const owner = await catalogue.people.get(setBy.id);
    if (!owner || !mayHave(owner, report))
      throw fail('mailing_stopped', `${setBy.name}, who set it up, may not have this report any more.`);
    const to: { name: string; address: string }[] = [];
    const leftOut: string[] = [];
    for (const { person, address } of recipients) {
      const user = await catalogue.people.get(person);
      if (user && mayHave(user, report)) to.push({ name: user.name, address });
      else if (user) leftOut.push(user.name);
    }
    if (to.length === 0) throw fail('mailing_stopped', 'None of its recipients may have this report.');
    return { to, leftOut };
  }

  /** Returns to whom it was sent. Throws `mailing_stopped`, `mail_off`, `alert_undelivered`, and what making it throws. */
  async function send(mailing: Mailing, day: string, writes: Writes): Promise<string[]> {
    const { id, report, attach, setBy } = mailing;
    if (!post) throw fail('mail_off');
    const { to, leftOut } = await recipientsOf(mailing);
    // Nothing is made and nothing is written for a server that takes nothing.
    await post.ready();
    const days = mailedDays(mailing, day);
    const made = attach ? await deps.make(mailing, days, ending.signal) : null;
    const key = `${id} ${day}`;
    const had = taken.get(key) ?? new Set();
    const still = to.filter(({ address }) => !had.has(address));
    const about: About = {
      ...{ object: 'report', object_id: report },
      detail: {
        ...{ ...days, mailing: id, what: made ? 'pdf' : 'link' },
        ...(made && { report_entry: made.entry }),
        recipients: still.map(({ name, address }) => `${name} <${address}>`),
        ...(leftOut.length > 0 && { left_out: leftOut }),
        set_by: setBy.name,
      },
    };
    await deps.record(writes('report_mail', about));
    const said = { report, title: reportTitles[report], ...days, setBy: setBy.name };
    try {
      const { refused } = await post.send(
        {
          ...deps.text({ ...said, attached: made?.name ?? null, tooLong: attach && !made }),
          ...{ to: still.map(({ address }) => address), at: clock(), id: `${id}.${day}.report` },
          attachments: made
            ? [
                { filename: `${made.name}.pdf`, contentType: 'application/pdf', content: made.file },
                {
                  filename: `${made.name}.sig.json`,
                  contentType: 'application/json',
                  content: made.signature,
                },
              ]
            : [],
        },
        ending.signal,
      );
      for (const { address } of still) if (!refused.includes(address)) had.add(address);
      taken.set(key, had);
      if (refused.length > 0) throw fail('mailing_unsent', `The server refused ${refused.join(', ')}.`);
    } catch (e) {
      await deps.record(
        writes('report_mail', {
          ...about,
          outcome: 'failed',
          detail: { ...about.detail, because: reasonOf(e) },
        }),
      );
      throw e;
    }
    taken.delete(key);
    return still.map(({ name }) => name);
  }

  /** Keeps what became of an attempt, and raises or clears its alarm. */
  async function after(mailing: Mailing, day: string, error: unknown): Promise<void> {
    const { id, report, setAt, progress } = mailing;
    const at = clock();
    const over = (result: 'sent' | 'failed' | 'stopped', detail: string): MailingProgress => ({
      ...{ doneDay: day, failures: 0, failingSince: null, nextAt: 0, last: { at, day, result, detail } },
    });
    let now = over('sent', '');
    const title = reportTitles[report];
    if (error === null) alarms.clear(keyOf(id));
    else if (error instanceof TapedeckError && error.code === 'mailing_stopped') {
      now = over('stopped', error.detail);
      alarms.raise(keyOf(id), {
        severity: 'warning',
        why: { code: 'mailing_stopped', params: { report: title, detail: error.detail } },
      });
    } else {
      const detail = reasonOf(error);
      const failures = progress.failures + 1;
      const failingSince = progress.failingSince ?? at;
      const nextAt = nextTry(failingSince, failures, at);
      now = over('failed', detail);
      if (nextAt !== null) now = { ...now, doneDay: progress.doneDay, failures, failingSince, nextAt };
      log.warn({ mailing: id, report, failures, err: error }, 'A report could not be sent by email');
      if (failures >= TROUBLE || nextAt === null)
        alarms.raise(keyOf(id), {
          severity: 'warning',
          why: { code: 'mailing_failed', params: { report: title, detail, over: nextAt === null } },
        });
    }
    await catalogue.mailings.went(id, setAt, now);
  }

  const asTapedeck: Writes = (action, about) => entryOf(TAPEDECK, clock(), action, about);

  const look = () =>
    queue.run(async () => {
      for (const mailing of await catalogue.mailings.list()) {
        const day = dueSending(mailing, clock(), zone);
        if (day === null || ending.signal.aborted) continue;
        const error = await send(mailing, day, asTapedeck).then(
          () => null,
          (e: unknown) => e,
        );
        // Broken off because the recorder stops: it is due at the next start.
        if (error !== null && ending.signal.aborted) return;
        await after(mailing, day, error);
      }
    });

  const complain = (err: unknown) => log.error({ err }, 'reports were not sent by email; it is tried again');
  const looking = repeatedly(LOOK_MS, look, complain);
  const schedule = createSchedule({
    ...{ setting: 'reports by email', expression: MAILING_CRON, timeZone: zone, missedToo: true },
    job: looking.now,
  });

  return {
    start(): void {
      looking.start();
      schedule.start();
      void looking.now();
    },
    /** Sends what is due now. */
    look: looking.now,
    /** Sends one now, at the request of the person that `writes` names. Throws as sending does, and `mailing_unknown`. */
    sendNow: (id: string, writes: Writes): Promise<string[]> =>
      queue.run(async () => {
        const mailing = await catalogue.mailings.get(id);
        if (!mailing) throw fail('mailing_unknown', id);
        const now = clock();
        const today = dates(zone)(now);
        taken.delete(`${id} ${today}`);
        const to = await send(mailing, today, writes);
        const due = dueSending({ ...mailing, progress: { ...mailing.progress, nextAt: 0 } }, now, zone);
        // What was due has been sent by this too, if it is of the same days.
        const same = due !== null && mailedDays(mailing, due).from === mailedDays(mailing, today).from;
        const { progress } = mailing;
        const last = { at: now, day: today, result: 'sent' as const, detail: '' };
        if (same) await after(mailing, due, null);
        else await catalogue.mailings.went(id, mailing.setAt, { ...progress, last });
        return to;
      }),
    /** One was saved or removed. */
    changed(id: string): void {
      alarms.clear(keyOf(id));
      void looking.now();
    },
    async stop(): Promise<void> {
      ending.abort();
      await schedule.stop();
      await looking.stop();
      await queue.idle();
    },
  };
}

const reasonOf = (e: unknown): string => {
  const text = e instanceof TapedeckError ? e.detail || e.message : (e as Error).message;
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300);
};
