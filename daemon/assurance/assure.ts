import type { Catalogue } from '../catalogue/catalogue.js';
import type { MissedCall } from '../catalogue/ledger.js';
import type { CdrJournal } from '../cdr/journal.js';
import { type Account, type Cdr, callFrom, cdrKey, gather, linksOf } from '../domain/assurance/cdr.js';
import { type CoverageRow, isMissed, judge, SILENT_CALLS, withoutCdr } from '../domain/assurance/coverage.js';
import { createMissed, STANDS } from '../domain/assurance/missed.js';
import { endedUnseen } from '../domain/call/answered.js';
import { whyUnwatched } from '../domain/call/late.js';
import { isDiskError, isUpgrading } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { PbxId } from '../domain/pbx.js';
import type { Why } from '../domain/reason/reason.js';
import { inWords, type Say } from '../domain/reason/words.js';
import type { CallId, CallRecord } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { repeatedly, serialQueue, slices } from '../ops/turns.js';
import { createIntake } from './assure/intake.js';

/**
 * Story 4: an independent witness. The PBX's own CDRs are written down as they come (and read from its files or databases
 * for the time in which nobody listened), put together with our calls, and what was answered and not recorded is said.
 */
export type AssureDeps = {
  /** Whose CDRs and calls are compared. */
  pbx: PbxId;
  catalogue: Catalogue;
  alarms: Alarms;
  /** Where CDRs wait that the catalogue does not have yet. */
  journal: CdrJournal;
  /** CDRs that were heard could not be kept, from then until now. */
  lost: (from: number, why: Why) => void;
  /** Where CDRs can be read that did not come over AMI. */
  sources: readonly { name: string; read(range: { from: number; to: number }): Promise<Cdr[]> }[];
  trunkContexts: readonly string[];
  mint: (at: number) => CallId;
  /** A time as people at the site read it. */
  say: Say;
  clock: () => number;
  log: Log;
  /** For tests; milliseconds. */
  pace?: Partial<Pace>;
};

/** How long after its end a call is judged, how often what is due is looked for, and how often the sources are read. */
export type Pace = { grace: number; look: number; read: number };
const PACE: Pace = { grace: 20_000, look: 1_000, read: 60_000 };

/** How far before the last reading a source is read again, in ms: CDRs may be written in batches. */
const OVERLAP = 600_000;
/** A call that is in progress, or whose recording is being made, is compared again so long after, in ms. */
const AGAIN = 60_000;
/** So many due CDRs are looked at in one go, and at a start and a stop. */
const DUE_AT_ONCE = 200;
const DUE_AT_STOP = 2_000;
/** So long a PBX that does not answer is waited for after the start: it may still have calls of which there is a CDR. In ms. */
const WAIT_FOR_PBX = 60_000;
/** One that ended so long ago is not waited for any more, in ms. */
const STUCK_AFTER = 3_600_000;
/** What an account was made of is kept so long, in ms; the account itself stays. */
const KEEP_CDRS = 90 * 86_400_000;
/** CDRs have whole seconds, rounded down. */
const SECOND = 1_000;
/** So soon after the end of a monitoring gap a call may still have gone unseen, in ms. */
const SLACK = 2_000;

export function createAssure(deps: AssureDeps) {
  const pace = { ...PACE, ...deps.pace };
  const { pbx, catalogue, alarms, clock, log } = deps;
  const alarmed = createMissed(alarms);
  const intake = createIntake({
    ...{ journal: deps.journal, lost: deps.lost, alarms, clock, log },
    write: (cdrs, at, since) => take(cdrs, 'AMI', at, since),
  });
  const turns = serialQueue();
  let lastRead = 0;
  let holdUntil = Number.POSITIVE_INFINITY;
  /** CDRs that an earlier run heard and did not compare, once they are known. */
  let unfinished: Cdr[] | null = null;
  let since: number | null = null;
  /** When the first CDR was heard that an earlier run could not write: it may be the first one ever. */
  let firstHeard: number | null = null;

  /** One thing after the other: two looks at one call must not write two rows of it. */
  const queue = (job: () => Promise<void>, failed: string): Promise<void> =>
    turns.run(job).catch((err) => log[isUpgrading(err) ? 'debug' : 'error']({ err }, failed));

  const flush = () =>
    queue(intake.flush, "CDRs cannot be written to the catalogue; they wait in the recorder's journal");

  function hear(cdr: Cdr): void {
    intake.hear(cdr);
    void flush();
  }

  async function take(cdrs: Cdr[], source: string, at: number, since = at): Promise<void> {
    const from = await begun();
    // What was before Tapedeck is none of its business.
    const ours = cdrs.filter((c) => c.endAt > from - SECOND);
    const fresh = await catalogue.ledger.add(ours, source, at, pace.grace, since);
    if (fresh.length > 0) alarms.clear('cdr_silent');
  }

  async function begun(): Promise<number> {
    since ??= await catalogue.ledger.began(pbx, firstHeard ?? clock());
    return since;
  }

  async function readSources(): Promise<void> {
    const from = await begun();
    const known = await catalogue.ledger.sources();
    for (const source of deps.sources) {
      const now = clock();
      const before = known.find((s) => s.pbx === pbx && s.name === source.name)?.readAt ?? from;
      try {
        const cdrs = await source.read({ from: Math.max(from, before - OVERLAP), to: now });
        await take(cdrs, source.name, now);
        await catalogue.ledger.noteSource(pbx, source.name, now, '');
        alarms.clear(`cdr_source ${source.name}`);
      } catch (err) {
        if (isDiskError(err)) throw err; // it is our catalogue that cannot be written
        const problem = err instanceof Error ? err.message : String(err);
        log.warn({ err, source: source.name }, 'CDRs could not be read');
        await catalogue.ledger.noteSource(pbx, source.name, now, problem.slice(0, 300));
        alarms.raise(`cdr_source ${source.name}`, {
          severity: 'warning',
          why: { code: 'cdr_source', params: { source: source.name } },
        });
      }
    }
  }

  const due = (by: number, limit: number) => catalogue.ledger.due(pbx, by, limit);

  /** Makes the accounts of all that hangs together with this CDR. */
  async function accountsWith(cdr: Cdr): Promise<Account[]> {
    const { cdrs, calls } = await catalogue.ledger.related(pbx, linksOf(cdr).slice(0, 1));
    const accounts = gather(cdrs, calls);
    const rows: Account[] = [];
    const missed: MissedCall[] = [];
    for (const account of accounts) {
      const made = await unseen(account);
      if (made) missed.push(made);
      rows.push(made ? { ...account, id: made.call.id, callId: made.call.id } : account);
    }
    await catalogue.ledger.saveAccounts(rows, missed);
    return rows;
  }

  /** Compares the call of this CDR with ours. Only then it is not due any more: whenever we stop, nothing is forgotten. */
  async function compare(cdr: Cdr, now: number): Promise<Account[]> {
    const accounts = await accountsWith(cdr);
    for (const account of accounts) {
      const settled = await judgeOne(account, now);
      await catalogue.ledger.setDue(account.cdrs, settled ? null : now + AGAIN);
    }
    return accounts;
  }

  /** Does `work` with each of these CDRs, once for all that belong to one call. */
  async function each(cdrs: readonly Cdr[], work: (cdr: Cdr) => Promise<Account[]>): Promise<void> {
    const done = new Set<string>();
    for (const cdr of cdrs) {
      if (done.has(cdrKey(cdr))) continue;
      try {
        for (const account of await work(cdr)) for (const one of account.cdrs) done.add(cdrKey(one));
      } catch (err) {
        if (isDiskError(err)) throw err;
        log.error(
          { err, linkedid: cdr.linkedid, uniqueid: cdr.uniqueid },
          'A call could not be compared with its CDRs',
        );
        await catalogue.ledger.setDue([cdr], clock() + AGAIN); // it must not keep others from being looked at
      }
    }
  }

  /**
   * A call in a time when nobody watched, of which nothing else is known, gets a row: it is in the list of calls then. When
   * another CDR tells more of it, so does the row. One that was seen ringing, and ended unseen, was answered in between.
   */
  async function unseen(account: Account): Promise<MissedCall | null> {
    const { callId } = account;
    if (account.answeredAt === null) return null;
    const rang = callId === null ? null : await endedUnanswered(callId);
    if (callId !== null && !rang && !(await madeFromCdrs(callId))) return null;
    const from = account.startedAt - SLACK;
    const [blind] = await catalogue.watch.windows({ pbx, from, to: account.endedAt });
    if (!blind) return null;
    const call = rang
      ? endedUnseen(rang, { answeredAt: account.answeredAt, endedAt: account.endedAt })
      : callFrom(account, callId ?? deps.mint(account.startedAt), deps.trunkContexts);
    const why = whyUnwatched(blind, clock());
    const missingMs = account.endedAt - account.answeredAt;
    if (callId === null)
      log.error(
        { call: call.id, linkedid: account.linkedid, reason: inWords(why, deps.say) },
        'A call was missed; its row is made from its CDR',
      );
    return { call, coverage: { status: 'not_recorded', why, rule: null, missingMs } };
  }

  async function endedUnanswered(id: CallId): Promise<CallRecord | null> {
    const call = await catalogue.calls.get(id);
    return call && !call.test && call.answeredAt === null && call.endedAt !== null ? call : null;
  }

  /** A row that was made from CDRs has their times, to the millisecond. */
  async function madeFromCdrs(id: CallId): Promise<boolean> {
    const row = await catalogue.ledger.row(id);
    if (!row?.call || !row.pbx || row.call.coverage.status !== 'not_recorded') return false;
    const { call, pbx: told } = row;
    return (['startedAt', 'answeredAt', 'endedAt'] as const).every((key) => call[key] === told[key]);
  }

  /** Whether there is nothing more to wait for. */
  async function judgeOne(account: Account, now: number): Promise<boolean> {
    const call = account.callId === null ? null : await catalogue.calls.get(account.callId);
    if (call?.test) return true;
    if (call && call.endedAt === null) return false;
    const row = account.callId === null ? null : await catalogue.ledger.row(account.callId);
    const first = account.cdrs[0]!;
    const { src, dst, name } = first;
    const judged = tell(row ?? { on: pbx, pbx: { ...account, src, dst, name }, call: null }, now);
    return judged?.status !== 'pending' || now - account.endedAt >= STUCK_AFTER;
  }

  function tell(row: CoverageRow, now: number) {
    const judged = judge(row, null, now);
    const linkedid = row.pbx!.linkedid;
    if (!judged || !isMissed(judged)) alarmed.over(linkedid);
    else if (alarmed.missed(linkedid, judged, row.pbx!.endedAt))
      log.error(
        { call: row.call?.id, linkedid, finding: judged.finding, reason: inWords(judged.why, deps.say) },
        'An answered call was not recorded',
      );
    return judged;
  }

  /** Some hundred calls at once: they are read on the thread that follows calls. */
  const rowsBetween = (from: number, to: number) =>
    slices((before: number) => catalogue.ledger.rows({ pbx, from, to: before }), to);

  /** What is known of the last days is told again: an alarm of an earlier process may be over, or was never raised. */
  async function tellAgain(): Promise<void> {
    const now = clock();
    for await (const rows of rowsBetween(now - 3 * STANDS, now))
      for (const row of rows.items) {
        if (!row.pbx) continue;
        if (now - row.pbx.endedAt > STANDS) alarmed.over(row.pbx.linkedid);
        else if (now - row.pbx.endedAt > pace.grace) tell(row, now);
      }
    alarmed.count();
  }

  async function silence(now: number): Promise<void> {
    const last = (await catalogue.ledger.witness(pbx))?.last ?? null;
    let without = 0;
    for await (const rows of rowsBetween(last ?? (await begun()), now)) {
      without += withoutCdr(rows.items, now);
      if (without >= SILENT_CALLS) break;
    }
    if (without < SILENT_CALLS) return;
    alarms.raise('cdr_silent', {
      severity: 'warning',
      why: { code: 'cdr_silent', params: { since: last } },
    });
  }

  /**
   * Notes the CDRs that an earlier run heard just before it was killed, which get their accounts at the first look. Those that
   * are read after the start are not among them: their calls may still be being taken up, so they wait until they are due.
   */
  async function takeUp(): Promise<void> {
    if (unfinished !== null) return;
    await begun(); // before the first CDR comes, which would count as older than Tapedeck
    await intake.flush();
    unfinished = await due(Number.MAX_SAFE_INTEGER, DUE_AT_STOP);
  }

  async function look(): Promise<void> {
    const now = clock();
    await takeUp();
    await intake.flush();
    if (now >= holdUntil) {
      await each(unfinished!, accountsWith);
      unfinished = [];
      await each(await due(now, DUE_AT_ONCE), (cdr) => compare(cdr, now));
    }
    alarmed.sweep(now);
    if (now - lastRead < pace.read) return;
    lastRead = now;
    await readSources();
    await silence(now);
    await catalogue.ledger.forget(now - KEEP_CDRS);
  }

  const looking = repeatedly(
    pace.look,
    () => turns.run(look),
    (err) => log.error({ err }, 'Calls could not be compared'),
  );

  return {
    hear,
    /** The PBX is there (again): what was missed meanwhile is read, and what belongs to no call is looked at again. */
    async up(): Promise<void> {
      await queue(async () => {
        holdUntil = 0;
        lastRead = clock();
        await readSources();
        await catalogue.ledger.strangersDue(pbx, clock() - STANDS, clock());
        await tellAgain();
      }, 'The PBX could not be asked for what was missed');
    },
    start(): void {
      const heardAt = intake.recover();
      firstHeard = heardAt && heardAt - SLACK;
      void queue(takeUp, 'CDRs of the last run could not be read; retrying');
      holdUntil = clock() + WAIT_FOR_PBX;
      lastRead = clock(); // `up` reads first: then it is known what time it is by the PBX's clock
      looking.start();
    },
    async stop(): Promise<void> {
      await looking.stop();
      // What was heard last gets its account; whether all is well with it is judged after the next start.
      await queue(async () => {
        await intake.flush();
        await each(await due(Number.MAX_SAFE_INTEGER, DUE_AT_STOP), accountsWith);
      }, 'The last CDRs could not be compared; they will be after the next start');
      intake.stop();
    },
  };
}
