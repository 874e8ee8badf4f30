import type { Static } from 'typebox';
import { dates, iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import {
  brokenCsv,
  LIST_COLUMNS,
  listCells,
  listFaultText,
  readListRows,
} from '../../daemon/domain/policy/lists/list-file.js';
import { type Listed, rulesNaming } from '../../daemon/domain/policy/lists/number-list.js';
import { readCsv } from '../../daemon/ops/tables/read-csv.js';
import { giveOut } from '../audit/give-out.js';
import { signed } from '../auth/signed.js';
import type { Needs } from '../deps.js';
import { answers, streamed } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import {
  DropBody,
  DroppedView,
  ImportBody,
  ImportView,
  ListBody,
  ListedBody,
  ListedPage,
  ListedQuery,
  type ListedView,
  ListNoteBody,
  ListParams,
  ListsView,
} from './schemas.js';

type Deps = Needs<'ask' | 'now' | 'site', 'lists.all' | 'lists.entries' | 'policy.newest'>;

const PAGE = 100;
/** So many are read at once for a table. */
const READ = 1_000;
/** So many faults are answered; whoever has corrected these is told of the others. */
const MOST_FAULTS = 200;

/** Lists of numbers that rules name. */
export function numberListRoutes(app: App, { catalogue, ask, now, site }: Deps): void {
  const nothing = { nothing: 'numbers that somebody has listed here, and no calls' };
  const changed = { access: 'settings', audit: 'policy_change', invalid: 'list_invalid' } as const;

  const views = async () => {
    const { policy } = await catalogue.policy.newest();
    return (await catalogue.lists.all()).map(({ addedAt, addedBy, ...list }) => ({
      ...list,
      added_at: iso(addedAt),
      added_by: addedBy,
      rules: rulesNaming(policy, list.name),
    }));
  };
  async function known(name: string): Promise<string> {
    if (!(await catalogue.lists.all()).some((list) => list.name === name))
      throw fail('list_unknown', `"${name}"`);
    return name;
  }

  app.get(
    '/lists',
    {
      config: { access: 'oversee', audit: nothing },
      schema: {
        tags: ['lists'],
        summary: 'The lists of numbers',
        description: 'Lists such as "VIP" that rules name, with how many numbers are on each.',
        response: answers(ListsView),
      },
    },
    async () => ({ lists: await views() }),
  );

  app.post(
    '/lists',
    {
      config: changed,
      schema: {
        tags: ['lists'],
        summary: 'Make a list of numbers',
        description:
          'Its name never changes. Needs a proof of the last ten minutes, as every change of a list does.',
        body: ListBody,
        response: answers(ListsView),
      },
    },
    async (request) => {
      const { name, note = '' } = request.body;
      await ask('add_list', { by: signed(request), list: name, note });
      return { lists: await views() };
    },
  );

  app.put(
    '/lists/:list',
    {
      config: changed,
      schema: {
        tags: ['lists'],
        summary: 'Change the note of a list',
        description: 'The note says what the list is for.',
        params: ListParams,
        body: ListNoteBody,
        response: answers(ListsView),
      },
    },
    async (request) => {
      await ask('change_list', { by: signed(request), list: request.params.list, note: request.body.note });
      return { lists: await views() };
    },
  );

  app.delete(
    '/lists/:list',
    {
      config: changed,
      schema: {
        tags: ['lists'],
        summary: 'Remove a list, with all numbers on it',
        description: 'Answers 409 while a rule of the policy in force names it.',
        params: ListParams,
        response: answers(ListsView),
      },
    },
    async (request) => {
      await ask('remove_list', { by: signed(request), list: request.params.list });
      return { lists: await views() };
    },
  );

  app.get(
    '/lists/:list/numbers',
    {
      config: { access: 'oversee', audit: nothing },
      schema: {
        tags: ['lists'],
        summary: 'The numbers on a list',
        description: 'A page of them, the oldest first, each with its note and when it ends.',
        params: ListParams,
        querystring: ListedQuery,
        response: answers(ListedPage),
      },
    },
    async ({ params, query }) => {
      const { after = 0, digits = '', limit = PAGE } = query;
      const list = await known(params.list);
      const found = await catalogue.lists.entries({ list, after, digits, limit: limit + 1 });
      const entries = found.slice(0, limit);
      return {
        entries: entries.map(listedView),
        after: found.length > limit ? entries.at(-1)!.id : null,
      };
    },
  );

  app.post(
    '/lists/:list/numbers',
    {
      config: changed,
      schema: {
        tags: ['lists'],
        summary: 'Put a number on a list',
        description: 'One that is there already gets the new note and end.',
        params: ListParams,
        body: ListedBody,
        response: answers(ImportView),
      },
    },
    async (request) => {
      const { number, note = '', until = '' } = request.body;
      const read = readListRows(
        [
          { line: 1, cells: [...LIST_COLUMNS] },
          { line: 1, cells: [number, note, until] },
        ],
        site,
        now(),
      );
      return put(request.params.list, read, signed(request), {});
    },
  );

  app.post(
    '/lists/:list/remove',
    {
      config: changed,
      schema: {
        tags: ['lists'],
        summary: 'Take a number off a list',
        description: 'In whatever notation it is given.',
        params: ListParams,
        body: DropBody,
        response: answers(DroppedView),
      },
    },
    async (request) =>
      ask('drop_listed', { by: signed(request), list: request.params.list, number: request.body.number }),
  );

  app.post(
    '/lists/:list/import',
    {
      config: changed,
      bodyLimit: 2 * 1024 * 1024,
      schema: {
        tags: ['lists'],
        summary: 'Import numbers from CSV',
        description:
          'All of them, or none: where anything is wrong with the file every fault is answered with its line, and nothing is imported.',
        params: ListParams,
        body: ImportBody,
        response: answers(ImportView),
      },
    },
    async (request) => {
      const { csv, replace = false, dry_run: dryRun = false } = request.body;
      const { rows, broken } = readCsv(csv);
      const read = broken
        ? { entries: [], faults: [brokenCsv(broken.line, broken.why)] }
        : readListRows(rows, site, now());
      return put(request.params.list, read, signed(request), { replace, dryRun });
    },
  );

  app.get(
    '/lists/:list/numbers.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'oversee', audit: 'export' },
      schema: {
        tags: ['lists'],
        summary: 'The numbers on a list as CSV',
        description: 'As the import reads it. Cells that look like formulas begin with an apostrophe.',
        params: ListParams,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const list = await known(request.params.list);
      await giveOut(ask, request, 'list', { object_id: list });
      const name = `tapedeck-list-${dates(site.timeZone)(now())}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvStream(LIST_COLUMNS, cells(list)));
    },
  );

  async function put(
    name: string,
    { entries, faults }: ReturnType<typeof readListRows>,
    by: ReturnType<typeof signed>,
    { replace = false, dryRun = false }: { replace?: boolean; dryRun?: boolean },
  ): Promise<Static<typeof ImportView>> {
    const list = await known(name);
    const asked = { by, list, entries, replace, dry_run: dryRun };
    const done =
      faults.length > 0 ? { added: 0, removed: 0, faults, also: {} } : await ask('put_listed', asked);
    return {
      ...done,
      imported: done.faults.length === 0 && !dryRun,
      numbers: entries.length,
      faults: done.faults.slice(0, MOST_FAULTS).map((fault) => ({ ...fault, message: listFaultText(fault) })),
    };
  }

  async function* cells(list: string): AsyncGenerator<string[]> {
    for (let after = 0; ; ) {
      const page = await catalogue.lists.entries({ list, after, limit: READ });
      for (const listed of page) yield listCells(listed, site.timeZone);
      if (page.length < READ) return;
      after = page.at(-1)!.id;
    }
  }
}

const listedView = ({ id, number, note, until, addedAt, addedBy }: Listed): Static<typeof ListedView> => ({
  ...{ id, number, note, until: isoOrNull(until), added_at: iso(addedAt), added_by: addedBy },
});
