import { Readable } from 'node:stream';
import type { Static } from 'typebox';
import { certificateFile, certificateItems } from '../../daemon/catalogue/certificates/certificate-file.js';
import {
  type Certificate,
  type CertificateItem,
  type CertificateStatement,
  certificateName,
} from '../../daemon/domain/certificate/certificate.js';
import { harmless } from '../../daemon/domain/csv.js';
import { dates, iso } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { runPaper } from '../../daemon/paper/paper-process.js';
import { publicKeys, signatureKeys } from '../../daemon/vault/signing-key.js';
import { giveOut } from '../audit/give-out.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import {
  CertificateParams,
  CertificateQuery,
  CertificatesPage,
  CertificatesQuery,
  CertificateView,
} from './schemas.js';

type Deps = Needs<
  'ask' | 'dataDir' | 'now' | 'reached' | 'seen' | 'site',
  'certificates.get' | 'certificates.list' | 'certificates.count' | 'certificates.items'
>;

const PAGE = 100;
/** So many PDFs are made at once. */
const AT_ONCE = 2;

const COLUMNS = [
  ...[
    'certificate',
    'issued_at',
    'kind',
    'requested_by',
    'approved_by',
    'recording_id',
    'version',
    'call_id',
  ],
  ...['call_started_at', 'call_ended_at', 'sealed_sha256', 'manifest_sha256', 'rule', 'policy_version'],
  ...[
    'purpose',
    'legal_basis',
    'reason',
    'erasure_began_at',
    'erased_at',
    'key',
    'file',
    'exports',
    'key_id',
  ],
] as const;

/** Certificates of erasure: what was erased, on whose word, and that it is gone. */
export function certificateRoutes(app: App, deps: Deps): void {
  const { catalogue, ask, dataDir, now, reached, seen, site } = deps;
  let going = 0;

  async function known(number: number): Promise<Certificate> {
    const found = await catalogue.certificates.get(number);
    if (!found) throw fail('certificate_unknown', String(number));
    return found;
  }
  const statementOf = ({ text }: Certificate): CertificateStatement =>
    JSON.parse(text) as CertificateStatement;
  function keyOf({ keyId }: Certificate): string {
    const found = publicKeys(dataDir).get(keyId);
    if (found === undefined) throw fail('signing_key_missing', `The public key ${keyId} is not there.`);
    return found;
  }
  function valid({ keyId, text, signature }: Certificate): boolean {
    const key = publicKeys(dataDir).get(keyId);
    return key !== undefined && signatureKeys(null).verify(key, text, signature);
  }

  app.get(
    '/certificates',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['certificates'],
        summary: 'Certificates of erasure',
        description: 'One for each run that erased recordings, newest first.',
        querystring: CertificatesQuery,
        response: answers(CertificatesPage),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      seen.report(request, 'certificates');
      const { before = Number.MAX_SAFE_INTEGER, limit = PAGE } = request.query;
      const found = await catalogue.certificates.list({ before, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        total: await catalogue.certificates.count(),
        certificates: page.map(({ number, issuedAt, kind, items }) => ({
          ...{ number, name: certificateName(number), issued_at: iso(issuedAt), kind, recordings: items },
        })),
        before: found.length > limit ? page.at(-1)!.number : null,
      };
    },
  );

  app.get(
    '/certificates/:number',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'report' },
      schema: {
        tags: ['certificates'],
        summary: 'A certificate of erasure',
        description: 'Its statement, and the recordings on it by pages of 100.',
        params: CertificateParams,
        querystring: CertificateQuery,
        response: answers(CertificateView),
      },
    },
    async (request) => {
      reached.every(request.session!.person);
      const { number } = request.params;
      const found = await known(number);
      seen.report(request, 'certificate', { number });
      const { after = 0 } = request.query;
      const lines = await catalogue.certificates.items(number, after, PAGE + 1);
      const page = lines.slice(0, PAGE);
      return {
        name: certificateName(number),
        statement: statementOf(found),
        signature: found.signature,
        valid: valid(found),
        recordings: page.map(({ text }) => JSON.parse(text) as CertificateItem),
        next: lines.length > PAGE ? page.at(-1)!.seq : null,
      } satisfies Static<typeof CertificateView>;
    },
  );

  app.get(
    '/certificates/:number/file',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['certificates'],
        summary: 'The signed file of a certificate',
        description:
          'JSON, with the signature and the public key. "tapedeck certificate verify" verifies it, and so does openssl alone.',
        params: CertificateParams,
        response: { 200: streamed('The certificate.', 'application/json'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const { number } = request.params;
      const found = await known(number);
      const key = keyOf(found);
      await giveOut(ask, request, 'certificate', { object_id: String(number), detail: { what: 'json' } });
      return reply
        .type('application/json; charset=utf-8')
        .header('content-disposition', `attachment; filename="${certificateName(number)}.json"`)
        .send(Readable.from(certificateFile(catalogue, found, key)));
    },
  );

  app.get(
    '/certificates/:number/pdf',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['certificates'],
        summary: 'A certificate as PDF',
        description: 'In English, to read and print. The JSON file is what is signed.',
        params: CertificateParams,
        response: { 200: streamed('The PDF.', 'application/pdf'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      const { number } = request.params;
      await known(number);
      if (going >= AT_ONCE) throw fail('too_many', 'Too many PDFs are being created at once.');
      going += 1;
      try {
        await giveOut(ask, request, 'certificate', { object_id: String(number), detail: { what: 'pdf' } });
      } catch (e) {
        going -= 1;
        throw e;
      }
      const stream = runPaper({ dataDir, certificate: number });
      stream.once('close', () => {
        going -= 1;
      });
      stream.once('error', (err) => {
        if (!reply.raw.destroyed) request.log.error({ err, certificate: number }, 'a PDF broke off');
      });
      reply.raw.once('close', () => stream.destroy());
      return reply
        .type('application/pdf')
        .header('content-disposition', `attachment; filename="${certificateName(number)}.pdf"`)
        .send(stream);
    },
  );

  app.get(
    '/certificates.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['certificates'],
        deprecated: true,
        summary: 'Every recording on every certificate, as CSV',
        description:
          'Use /reports/disposal/file instead, which is signed. The newest certificates first. Cells that look like formulas begin with an apostrophe.',
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      reached.every(request.session!.person);
      await giveOut(ask, request, 'certificates');
      const name = `tapedeck-certificates-${dates(site.timeZone)(now())}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvStream(COLUMNS, rows()));
    },
  );

  async function* rows(): AsyncGenerator<string[]> {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const page = await catalogue.certificates.list({ before, limit: PAGE });
      for (const found of page)
        for await (const item of certificateItems(catalogue, found.number)) yield cells(found, item);
      if (page.length < PAGE) return;
      before = page.at(-1)!.number;
    }
  }

  function cells(found: Certificate, item: CertificateItem): string[] {
    const { erasure } = statementOf(found);
    return [
      ...[certificateName(found.number), iso(found.issuedAt), found.kind],
      ...[erasure.requested_by?.name || (erasure.requested_by?.actor ?? ''), erasure.approved_by?.name ?? ''],
      ...[
        item.recording,
        String(item.version),
        item.call,
        item.call_started_at ?? '',
        item.call_ended_at ?? '',
      ],
      ...[item.sealed_sha256, item.manifest_sha256 ?? '', item.policy.rule ?? ''],
      ...[String(item.policy.version ?? ''), item.policy.purpose ?? '', item.policy.legal_basis ?? ''],
      ...[item.reason, item.erasure_began_at ?? '', item.erased_at, item.verified.key, item.verified.file],
      ...[String(item.left.length + item.left_not_listed), found.keyId],
    ].map(harmless);
  }
}
