import { Readable } from 'node:stream';
import type { Static } from 'typebox';
import type { AuditFilter, ReadEntry } from '../../daemon/catalogue/audit.js';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { auditActions, auditGroups } from '../../daemon/domain/assurance/audit.js';
import { AUDIT_COLUMNS, auditCells } from '../../daemon/domain/assurance/audit-table.js';
import { dates, iso, isoOrNull } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import type { Person } from '../../daemon/domain/people/person.js';
import { isId } from '../../daemon/domain/recording/recording.js';
import { partyView } from '../calls/views.js';
import type { Needs } from '../deps.js';
import { answers, streamed, timesOf } from '../server/answers.js';
import { csvStream } from '../server/csv-stream.js';
import { ErrorView } from '../server/schemas.js';
import type { App } from '../server/types.js';
import { giveOut } from './give-out.js';
import { type AuditEntryView, AuditPage, AuditQuery, AuditStateView, AuditTableQuery } from './schemas.js';

type Deps = Needs<
  'ask' | 'control' | 'now' | 'reached' | 'seen' | 'site',
  'audit.actors' | 'audit.entries' | 'audit.head' | 'audit.checkpoints'
>;

const PAGE = 50;
/** Entries of the table that are read in one go. */
const CHUNK = 1_000;
const CHAIN_ALARM = 'audit_chain';

/** Who did what. */
export function auditRoutes(app: App, deps: Deps): void {
  const { catalogue, reached, control, site, ask, seen, now } = deps;

  app.get(
    '/audit',
    {
      exposeHeadRoute: false,
      config: { access: 'audit', audit: 'report' },
      schema: {
        tags: ['audit'],
        summary: 'Who did what, newest first',
        description: 'Entries of the audit log that fit every condition given.',
        querystring: AuditQuery,
        response: answers(AuditPage),
      },
    },
    async (request) => {
      const { limit = PAGE, before, ...conditions } = request.query;
      const filter = { ...filterOf(conditions, site.timeZone), before };
      const found = await catalogue.audit.entries({ ...filter, limit: limit + 1 });
      seen.report(request, 'audit', plain(conditions));
      const page = found.slice(0, limit);
      const calls = await callsOf(request.session!.person, page);
      return {
        entries: page.map((entry) => entryView(entry, calls.get(entry.object_id))),
        next: found.length > limit ? page.at(-1)!.seq : null,
      };
    },
  );

  app.get(
    '/audit.csv',
    {
      exposeHeadRoute: false,
      config: { access: 'audit', audit: 'export' },
      schema: {
        tags: ['audit'],
        summary: 'The same as a table',
        description: 'All that fit, newest first. Cells that look like formulas begin with an apostrophe.',
        querystring: AuditTableQuery,
        response: { 200: streamed('The table.', 'text/csv'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const filter = filterOf(request.query, site.timeZone);
      await giveOut(ask, request, 'audit', { detail: plain(request.query) });
      const name = `tapedeck-audit-${dates(site.timeZone)(now())}.csv`;
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvStream(AUDIT_COLUMNS, cells(filter)));
    },
  );

  app.get(
    '/audit/state',
    {
      config: { access: 'audit', audit: { nothing: 'how long the log is, and nothing of what is in it' } },
      schema: {
        tags: ['audit'],
        summary: 'How the log is kept',
        description: 'How long it is, when it was last signed, and where its checkpoints go.',
        response: answers(AuditStateView),
      },
    },
    async () => {
      const [head, [last], people, daemon, status] = await Promise.all([
        catalogue.audit.head(),
        catalogue.audit.checkpoints(1),
        catalogue.audit.actors(),
        control.checkpoints(),
        control.status(),
      ]);
      const refused = status.alarms?.find((alarm) => alarm.key === CHAIN_ALARM);
      return {
        entries: head.size,
        head: head.hash,
        checkpoint: last ? { size: last.size, at: iso(last.at) } : null,
        refused: refused?.message ?? null,
        key_id: daemon?.key.id ?? null,
        targets:
          daemon?.targets.map((t) => ({
            name: t.channel.replace(/^checkpoint /, ''),
            target: t.target,
            waiting: t.waiting,
            last_sent_at: isoOrNull(t.lastSentAt),
            failing_since: isoOrNull(t.failingSince),
            problem: t.problem,
          })) ?? null,
        people: people
          .filter(({ kind }) => kind !== 'tapedeck')
          .map(({ id, name, kind }) => ({ key: id || name, name, console: kind === 'console' })),
      };
    },
  );

  app.get(
    '/audit/checkpoint.txt',
    {
      exposeHeadRoute: false,
      config: { access: 'audit', audit: 'export' },
      schema: {
        tags: ['audit'],
        summary: 'The last checkpoint',
        description: 'A signed note, to be kept where nobody who runs the recorder can change it.',
        response: { 200: streamed('The note.', 'text/plain'), default: ErrorView },
      },
    },
    async (request, reply) => {
      const [last] = await catalogue.audit.checkpoints(1);
      if (!last) throw fail('not_found', 'No checkpoint has been signed yet.');
      await giveOut(ask, request, 'checkpoint', { detail: { size: last.size } });
      return reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="tapedeck-checkpoint-${last.size}.txt"`)
        .send(Readable.from([last.note]));
    },
  );

  async function* cells(filter: Omit<AuditFilter, 'limit'>): AsyncGenerator<string[]> {
    for (let before: number | undefined; ; ) {
      const page = await catalogue.audit.entries({ ...filter, before, limit: CHUNK });
      for (const entry of page) yield auditCells(entry);
      if (page.length < CHUNK) return;
      before = page.at(-1)!.seq;
    }
  }

  async function callsOf(person: Person, entries: ReadEntry[]): Promise<Map<string, StoredCall>> {
    const ids = new Set(
      entries.filter((e) => e.object === 'call' && isId(e.object_id)).map((e) => e.object_id),
    );
    const calls = await Promise.all(
      [...ids].map(async (id) => [id, await reached.seen(person, id)] as const),
    );
    return new Map(calls.filter((pair): pair is [string, StoredCall] => pair[1] !== null));
  }
}

function filterOf(query: Static<typeof AuditTableQuery>, zone: string): Omit<AuditFilter, 'limit'> {
  const { person, call, action, outcome } = query;
  return { actor: person, objectId: call, actions: actionsOf(action), outcome, ...timesOf(query, zone) };
}

function actionsOf(action: string | undefined): AuditFilter['actions'] {
  if (action === undefined) return undefined;
  const group = Object.entries(auditGroups).find(([name]) => name === action)?.[1];
  return group ?? auditActions.filter((each) => each === action);
}

/** The conditions that were given; what else stands in the address is none. */
const plain = (query: Static<typeof AuditTableQuery>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).filter(
      ([name, value]) =>
        Object.hasOwn(AuditTableQuery.properties, name) && value !== undefined && value !== '',
    ),
  );

const entryView = (entry: ReadEntry, call: StoredCall | undefined): Static<typeof AuditEntryView> => ({
  seq: entry.seq,
  at: entry.at,
  actor: entry.actor,
  actor_id: entry.actor_id,
  actor_name: entry.actor_name,
  address: entry.address,
  action: entry.action,
  object: entry.object,
  object_id: entry.object_id,
  reason: entry.reason,
  outcome: entry.outcome,
  words: entry.words,
  detail: entry.detail,
  hash: entry.hash,
  call: call ? { them: partyView(call.them), us: partyView(call.us), started_at: iso(call.startedAt) } : null,
});
