import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { dates, iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { mayDo } from '../../daemon/domain/people/person.js';
import { installedAt, presetNames, presetsAt } from '../../daemon/domain/report/period.js';
import { type ReportFormat, reportNames, reportRight } from '../../daemon/domain/report/report.js';
import { type ReportStatement, signedReport } from '../../daemon/domain/report/signed.js';
import { ReportView } from '../../daemon/domain/report/view.js';
import { publicKeys } from '../../daemon/vault/signing-key.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import {
  ReportFileQuery,
  ReportParams,
  ReportQuery,
  ReportsView,
  SignedReportParams,
  SignedReports,
  SignedReportsQuery,
} from './schemas.js';

type Deps = Needs<
  'askStream' | 'dataDir' | 'now' | 'reached' | 'site',
  'ledger.spans' | 'madeReports.get' | 'madeReports.list'
>;

const PAGE = 20;
const TYPES: Record<ReportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  pdf: 'application/pdf',
  json: 'application/json; charset=utf-8',
};

/** Reports, which the recorder makes and signs. */
export function reportRoutes(app: App, { catalogue, askStream, dataDir, now, reached, site }: Deps): void {
  app.get(
    '/reports',
    {
      config: {
        access: 'oversee',
        audit: { nothing: 'which reports there are, and nothing of what is in them' },
      },
      schema: {
        tags: ['reports'],
        summary: 'Which reports there are, and for which periods',
        description: "Periods are days in the site's time zone.",
        response: answers(ReportsView),
      },
    },
    async (request) => {
      const { person } = request.session!;
      const day = dates(site.timeZone);
      const since = installedAt(await catalogue.ledger.spans());
      const installed = since === null ? null : day(since);
      const today = day(now());
      const presets = presetsAt(today, installed ?? today);
      return {
        ...{
          time_zone: site.timeZone,
          today,
          installed,
          reports: reportNames.filter((name) => mayDo(person, reportRight(name))),
        },
        presets: presetNames.map((name) => ({ name, ...presets[name] })),
      };
    },
  );

  app.get(
    '/reports/:report',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['reports'],
        summary: 'A report of a period',
        description: 'The answer in words, the figures, and the first 200 rows. A file has all of them.',
        params: ReportParams,
        querystring: ReportQuery,
        response: answers(ReportView),
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { stream } = await askStream(
        'make_report',
        { by: signed(request), ...request.params, ...request.query, format: 'page' },
        gone.signal,
      );
      return JSON.parse(await text(stream));
    },
  );

  app.get(
    '/reports/:report/file',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['reports'],
        summary: 'A report as a file',
        description:
          'CSV and JSON with every row, or a PDF to print. The export is written to the audit log before anything is given out. The file is signed: the signature is at /reports/signed, by the number at the end of the name of the file. Cells of CSV that look like formulas begin with an apostrophe.',
        params: ReportParams,
        querystring: ReportFileQuery,
        response: { 200: streamed('The file.', 'application/octet-stream'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const { format } = request.query;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { head, stream } = await askStream(
        'make_report',
        { by: signed(request), ...request.params, ...request.query },
        gone.signal,
      );
      stream.once('error', (err) => {
        if (!reply.raw.destroyed) request.log.error({ err, ...request.params }, 'a report broke off');
      });
      if (!/^[\w.-]+$/.test(head.name)) {
        stream.destroy();
        throw fail('daemon_differs', 'The report has no name.');
      }
      lettingGo(reply.raw);
      return reply
        .type(TYPES[format])
        .header('content-disposition', `attachment; filename="${head.name}.${format}"`)
        .send(stream);
    },
  );

  app.get(
    '/reports/signed',
    {
      config: { access: 'oversee', audit: { nothing: 'what was given out, which the audit log has too' } },
      schema: {
        tags: ['reports'],
        summary: 'Reports that were given out as files',
        description: 'With the hash that was signed of each, newest first.',
        querystring: SignedReportsQuery,
        response: answers(SignedReports),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      const found = await catalogue.madeReports.list({ ...request.query, limit: PAGE + 1 });
      const page = found.slice(0, PAGE);
      return {
        reports: page.map(({ entry, text, madeAt }) => {
          const { report, period, file, made } = JSON.parse(text) as ReportStatement;
          return {
            ...{ entry, report, period, format: file.format, made_at: iso(madeAt), by: made.by },
            ...{ file: file.name, sha256: file.sha256 },
          };
        }),
        before: found.length > PAGE ? page.at(-1)!.entry : null,
      };
    },
  );

  app.get(
    '/reports/signed/:entry',
    {
      config: { access: 'oversee', audit: { nothing: 'the hash of a file that was given out before' } },
      schema: {
        tags: ['reports'],
        summary: 'The signature of a report',
        description:
          'JSON with what was asked, the SHA-256 of the file, the Ed25519 signature and the public key. "tapedeck report verify" verifies it, and so does openssl alone.',
        params: SignedReportParams,
        response: { 200: streamed('The signature.', 'application/json'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const found = await catalogue.madeReports.get(request.params.entry);
      if (!found) throw fail('not_found');
      const key = publicKeys(dataDir).get(found.keyId);
      if (key === undefined) throw fail('signing_key_missing', `The public key ${found.keyId} is not there.`);
      const { file } = JSON.parse(found.text) as ReportStatement;
      const name = file.name.replace(/\.\w+$/, '');
      if (!/^[\w.-]+$/.test(name)) throw fail('not_found');
      return reply
        .type('application/json; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}.sig.json"`)
        .send(Readable.from([signedReport(found, key)]));
    },
  );
}
