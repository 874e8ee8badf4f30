import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { Verbs } from '../../catalogue/catalogue.js';
import { unwritable } from '../../catalogue/entries.js';
import { entryOf, TAPEDECK } from '../../domain/assurance/audit.js';
import { iso } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { StreamBody, Streamed, StreamHandlers } from '../../domain/operations/control.js';
import { reachOf } from '../../domain/people/reach.js';
import { reportPeriod } from '../../domain/report/period.js';
import type { ProcessingFacts } from '../../domain/report/processing.js';
import {
  type ReportFormat,
  type ReportHead,
  type ReportName,
  reportFileName,
  reportRight,
  reportTitles,
} from '../../domain/report/report.js';
import { type MadeReport, reportStatementText } from '../../domain/report/signed.js';
import { createBuckets, type Limit } from '../../ops/buckets.js';
import type { Asker, Askers } from '../askers.js';
import { runReport } from './report-process.js';

/** Each is a process that reads the catalogue: so many for all, and for one person, who may look at one and take it too. */
const AT_ONCE = { all: 3, each: 2 };
/** Reports that one person may ask for; so that an attacker in the dashboard cannot fill the log with them. */
const EACH: Limit = { burst: 60, hourly: 240 };

export type ReportDeps = {
  catalogue: Verbs<'audit.append' | 'audit.head' | 'audit.id' | 'madeReports.keep' | 'madeReports.get'>;
  askers: Pick<Askers, 'may'>;
  /** The key with which texts are signed, its public half (PEM) and the `sha256` of that (DER), and what signs with it. Throws `schema_altered`, `checkpoint_refused`. */
  textSigner: () => Promise<{ keyId: string; sha256: string; publicKey: string; sign(text: string): string }>;
  dataDir: string;
  /** What the configuration says of where data goes and how it is protected. */
  facts: ProcessingFacts;
  site: { name: string; timeZone: string };
  version: string;
  clock: () => number;
};

/** Who is given a report. `by`: how the report names them, where that is not who the entry names. */
type Receiver = { who: string; by: string; entry: Asker['entry'] };

/** Gives reports out: who may have one, that it is on record before anything of it is sent, and that each file is signed. */
export function createReports(deps: ReportDeps) {
  const { catalogue, clock } = deps;
  const buckets = createBuckets({ now: clock });
  /** What ends each that is being given out, and who is given it. */
  const going = new Map<AbortController, string>();

  /** A report tells of every call. */
  async function allowed({ by, report }: Pick<StreamBody<'make_report'>, 'by' | 'report'>): Promise<Asker> {
    await deps.askers.may(by, reportRight(report));
    const asker = await deps.askers.may(by, 'oversee');
    if (asker.person && reachOf(asker.person, 'view') !== 'all')
      throw fail('forbidden', 'It tells of every call.');
    return asker;
  }

  /** Makes one for somebody who may have it, unless they or all have too many. */
  async function give(
    { who, by, entry: writes }: Receiver,
    { report, format, ...asked }: Omit<StreamBody<'make_report'>, 'by'>,
    gone: AbortSignal,
  ): Promise<Streamed<'make_report', Readable>> {
    const now = clock();
    const { site, version } = deps;
    const { from, to, begins, ends } = reportPeriod(asked, site.timeZone, now);
    const theirs = [...going.values()].filter((one) => one === who).length;
    if (going.size >= AT_ONCE.all || theirs >= AT_ONCE.each)
      throw fail('too_many', 'Too many reports are being created at once.');
    const bucket = buckets.level(who, EACH);
    if (bucket.left < 1) throw fail('too_many', 'Too many reports were created within an hour.');
    bucket.left -= 1;
    const ended = new AbortController();
    const end = () => ended.abort();
    going.set(ended, who);
    gone.addEventListener('abort', end, { once: true });
    const over = () => void going.delete(ended);
    try {
      const file = format === 'page' ? null : format;
      const written = writes(file ? 'export' : 'report', {
        ...{ object: 'report', object_id: report },
        detail: { from, to, ...(file ? { what: file } : {}) },
      });
      const entry = await catalogue.audit.append(written).catch((e) => {
        throw unwritable(e);
      });
      const { size, hash } = await catalogue.audit.head();
      const head: ReportHead = {
        ...{ report, title: reportTitles[report], site: { name: site.name, time_zone: site.timeZone } },
        ...{ period: { from, to }, times: { from: iso(begins), to: iso(ends) }, entry },
        made: { at: iso(now), by: by || written.actor_name, address: written.address },
        tool: { name: 'Tapedeck', version },
        query: `tapedeck report ${report} --from ${from} --to ${to}${file ? ` --format ${file}` : ''}`,
        audit: { log: await catalogue.audit.id(), size, hash },
      };
      const name = reportFileName(head, entry);
      const made = await runReport(
        { dataDir: deps.dataDir, format, head, name, facts: deps.facts },
        ended.signal,
      );
      made.once('close', over);
      const stream = file === null ? made : signing(made, head, file, name);
      return { head: { entry, name }, stream };
    } catch (e) {
      over();
      throw e;
    }
  }

  const handlers: Pick<StreamHandlers<Readable>, 'make_report'> = {
    async make_report({ by, ...asked }, gone) {
      const asker = await allowed({ by, report: asked.report });
      return give({ who: asker.person?.id ?? 'console', by: '', entry: asker.entry }, asked, gone);
    },
  };

  /** The same bytes; after the last of them, and before the stream ends, their statement is signed and kept. */
  function signing(made: Readable, head: ReportHead, format: ReportFormat, name: string): Readable {
    const hash = createHash('sha256');
    let bytes = 0;
    const { title: _, entry, ...said } = head;
    const hashed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
      flush(done) {
        keep().then(() => done(), done);
      },
    });
    async function keep(): Promise<void> {
      const file = { name: `${name}.${format}`, format, bytes, sha256: hash.digest('hex') };
      const { keyId, sha256, sign } = await deps.textSigner();
      const key = { id: keyId, sha256 };
      const text = reportStatementText({ type: 'tapedeck report', format: 1, entry, file, ...said, key });
      const madeAt = Date.parse(head.made.at);
      await catalogue.madeReports.keep({ entry, text, signature: sign(text), keyId, madeAt });
    }
    return pipeline(made, hashed, () => {});
  }

  return {
    handlers,
    /**
     * Makes a PDF that is sent by itself, on the word of somebody, and returns it with its signature. Null for one of more than
     * so many bytes.
     */
    async toMail(
      report: ReportName,
      days: { from: string; to: string },
      { setBy, most }: { setBy: string; most: number },
      gone: AbortSignal,
    ): Promise<{ name: string; file: Buffer; made: MadeReport } | null> {
      const entry: Asker['entry'] = (action, about) =>
        entryOf(TAPEDECK, clock(), action, { ...about, detail: { ...about?.detail, set_by: setBy } });
      const receiver = { who: 'mailings', by: `${setBy} (by schedule)`, entry };
      const { head, stream } = await give(receiver, { report, ...days, format: 'pdf' }, gone);
      const chunks: Buffer[] = [];
      let bytes = 0;
      // A report that is left halfway has no signature.
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > most) return null;
      }
      const made = await catalogue.madeReports.get(head.entry);
      if (!made) throw fail('internal', `The report of entry ${head.entry} was not signed.`);
      return { name: head.name, file: Buffer.concat(chunks), made };
    },
    /** Breaks off what is being given out. */
    stop(): void {
      for (const ended of going.keys()) ended.abort();
    },
  };
}
