import type { Static } from 'typebox';
import { everyStanding } from '../../daemon/catalogue/standing.js';
import { dates, iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { documentEnding, documentType } from '../../daemon/domain/policy/standing/document.js';
import { type Standing, stateOf } from '../../daemon/domain/policy/standing/standing.js';
import {
  brokenStanding,
  readStandingRows,
  STANDING_COLUMNS,
  STANDING_TABLE,
  type StandingFault,
  standingCells,
  standingFaultText,
} from '../../daemon/domain/policy/standing/standing-file.js';
import { readCsv } from '../../daemon/ops/tables/read-csv.js';
import { giveOut } from '../audit/give-out.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import {
  CONSENT_BODY_BYTES,
  ConsentAdded,
  ConsentBody,
  ConsentEraseBody,
  ConsentImportBody,
  ConsentImported,
  ConsentParams,
  ConsentsPage,
  ConsentsQuery,
  ConsentView,
} from './schemas.js';

type Deps = Needs<'ask' | 'askStream' | 'now' | 'site', 'consents.list' | 'consents.get' | 'consents.count'>;

const PAGE = 100;
/** So many faults are answered; whoever has corrected these is told of the others. */
const MOST_FAULTS = 200;
/** So many are read at once for a table. */
const READ = 1_000;

/** Standing consents and objections by number. */
export function consentRoutes(app: App, { catalogue, ask, askStream, now, site }: Deps): void {
  const nothing = { nothing: 'what somebody has entered here, and no calls' };

  const view = (standing: Standing): Static<typeof ConsentView> => {
    const { id, kind, number, contact, extensions, queues, how, document } = standing;
    return {
      ...{ id, kind, number, contact, extensions, queues, how, state: stateOf(standing, now()) },
      ...{ given_at: iso(standing.givenAt), until: isoOrNull(standing.until) },
      ...{ withdrawn_at: isoOrNull(standing.withdrawnAt), withdrawn_by: standing.withdrawnBy },
      ...{ erased_at: isoOrNull(standing.erasedAt), erased_by: standing.erasedBy },
      erased_why: standing.erasedWhy,
      ...{ added_at: iso(standing.addedAt), added_by: standing.addedBy },
      document: document && {
        ...{ type: document.type, bytes: document.bytes, sha256: document.sha256 },
        ...{ erased_at: isoOrNull(document.erasedAt), erased_by: document.erasedBy },
      },
    };
  };
  async function known(id: number): Promise<Standing> {
    const found = await catalogue.consents.get(id);
    if (!found) throw fail('consent_unknown', String(id));
    return found;
  }

  app.get(
    '/consents',
    {
      config: { access: 'oversee', audit: nothing },
      schema: {
        tags: ['consents'],
        summary: 'Standing consents and objections',
        description:
          'What outside parties have said once for all calls with their number. The newest first, also those that were withdrawn or have ended.',
        querystring: ConsentsQuery,
        response: answers(ConsentsPage),
      },
    },
    async ({ query }) => {
      const { before = Number.MAX_SAFE_INTEGER, digits = '', limit = PAGE } = query;
      const found = await catalogue.consents.list({ before, digits, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        total: await catalogue.consents.count(),
        consents: page.map(view),
        before: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  );

  app.post(
    '/consents',
    {
      config: { access: 'settings', audit: 'consent_add', invalid: 'consent_invalid' },
      bodyLimit: CONSENT_BODY_BYTES,
      schema: {
        tags: ['consents'],
        summary: 'Enter a standing consent or objection',
        description:
          'An objection has calls with the number left out before any rule is tried; a consent counts as the yes where a rule asks first. Needs a proof of the last ten minutes. Where anything is wrong, every fault is answered and nothing is entered.',
        body: ConsentBody,
        response: answers(ConsentAdded),
      },
    },
    async (request) => {
      const { document = null, ...given } = request.body;
      const cells = STANDING_COLUMNS.map((name) => given[name as keyof typeof given] ?? '');
      const rows = [
        { line: 1, cells: [...STANDING_COLUMNS] },
        { line: 1, cells },
      ];
      const { entries, faults } = readStandingRows(rows, site, now());
      if (faults.length > 0) return { id: null, faults: faults.map(faultView) };
      if (document !== null && documentType(Buffer.from(document.slice(0, 64), 'base64')) === null)
        throw fail('document_invalid');
      const { ids } = await ask('add_consents', { by: signed(request), entries, document });
      return { id: ids[0]!, faults: [] };
    },
  );

  app.post(
    '/consents/import',
    {
      config: { access: 'settings', audit: 'consent_add', invalid: 'consent_invalid' },
      bodyLimit: 2 * 1024 * 1024,
      schema: {
        tags: ['consents'],
        summary: 'Import consents and objections from CSV',
        description:
          'All of them, or none, unless lines that are wrong are to be left out: every fault is answered with its line.',
        body: ConsentImportBody,
        response: answers(ConsentImported),
      },
    },
    async (request) => {
      const { csv, skip = false, dry_run: dryRun = false } = request.body;
      const { rows, broken } = readCsv(csv);
      const { entries, faults } = broken
        ? { entries: [], faults: [brokenStanding(broken.line, broken.why)] }
        : readStandingRows(rows, site, now());
      const wrong = new Set(faults.map(({ line }) => line));
      const right = entries.filter(({ line }) => !wrong.has(line));
      const enters = right.length > 0 && (skip || wrong.size === 0);
      if (enters && !dryRun)
        await ask('add_consents', { by: signed(request), entries: right, document: null });
      return {
        imported: enters && !dryRun,
        right: right.length,
        wrong: wrong.size,
        faults: faults.slice(0, MOST_FAULTS).map(faultView),
      };
    },
  );

  app.post(
    '/consents/:id/withdraw',
    {
      config: { access: 'settings', audit: 'consent_withdraw' },
      schema: {
        tags: ['consents'],
        summary: 'Withdraw a consent or objection',
        description: 'It no longer holds from now on. The entry and its document stay as proof.',
        params: ConsentParams,
        response: answers(ConsentView),
      },
    },
    async (request) => {
      await ask('withdraw_consent', { by: signed(request), id: request.params.id });
      return view(await known(request.params.id));
    },
  );

  app.get(
    '/consents/:id/document',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['consents'],
        summary: 'The signed document of a consent or objection',
        description: 'To be saved: it is never shown by the browser within Tapedeck.',
        params: ConsentParams,
        response: {
          200: streamed('The document: PDF, PNG or JPEG.', 'application/octet-stream'),
          default: ErrorView,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { head, stream } = await askStream('read_document', { by: signed(request), id }, gone.signal);
      return reply
        .type('application/octet-stream')
        .header('x-content-type-options', 'nosniff')
        .header(
          'content-disposition',
          `attachment; filename="tapedeck-consent-${id}.${documentEnding(head.type)}"`,
        )
        .send(stream);
    },
  );

  app.delete(
    '/consents/:id/document',
    {
      config: { access: 'settings', audit: 'consent_erase' },
      schema: {
        tags: ['consents'],
        summary: 'Erase a signed document',
        description: 'Destroys its key, and then the file. The entry and the SHA-256 of the document stay.',
        params: ConsentParams,
        response: answers(ConsentView),
      },
    },
    async (request) => {
      await ask('erase_document', { by: signed(request), id: request.params.id });
      return view(await known(request.params.id));
    },
  );

  app.post(
    '/consents/:id/erase',
    {
      config: { access: 'settings', audit: 'consent_erase' },
      schema: {
        tags: ['consents'],
        summary: 'Erase the personal data of a consent or objection',
        description:
          'Erases number, contact, extensions, queues, how it was given and the signed document, and keeps that there was one, with the reason. One that is in force no longer holds. Needs a proof.',
        params: ConsentParams,
        body: ConsentEraseBody,
        response: answers(ConsentView),
      },
    },
    async (request) => {
      const { id } = request.params;
      await ask('erase_consent', { by: signed(request), id, reason: request.body.reason });
      return view(await known(id));
    },
  );

  app.get(
    '/consents.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['consents'],
        summary: 'Standing consents and objections as CSV',
        description:
          'The newest first, with the hash of each signed document. Cells that look like formulas begin with an apostrophe.',
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      await giveOut(ask, request, 'consent');
      const name = `tapedeck-consents-${dates(site.timeZone)(now())}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvStream(STANDING_TABLE, cells()));
    },
  );

  async function* cells(): AsyncGenerator<string[]> {
    for await (const page of everyStanding(catalogue, READ))
      for (const standing of page) yield standingCells(standing, site.timeZone, now());
  }
}

const faultView = (fault: StandingFault) => ({ ...fault, message: standingFaultText(fault) });
