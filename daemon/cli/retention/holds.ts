import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import type { Catalogue } from '../../catalogue/catalogue.js';
import type { CallCursor, UnrecordedPage } from '../../catalogue/retention/holds.js';
import { QUOTED } from '../../domain/csv.js';
import { iso, isoOrNull, times } from '../../domain/days.js';
import { fail } from '../../domain/error.js';
import type { PbxId } from '../../domain/pbx.js';
import { writePbx } from '../../domain/place.js';
import { ANY_CALL, type HoldQuery, type HoldRelease, type Matter } from '../../domain/retention/hold.js';
import { canBeHeld, REPORT_COLUMNS, reportCells } from '../../domain/retention/hold-report.js';
import { siteRegion } from '../../ops/config.js';
import { day, oneOf, pbxId, spanOf } from '../common/arguments.js';
import type { CliContext } from '../common/context.js';
import { onConsole, record } from '../common/entries.js';
import { PBX_OPTION } from '../common/pbxes.js';
import { lines, table, timesIn } from '../common/table.js';

/** So many are read at once. */
const READ = 200;
const DIRECTIONS = ['in', 'out', 'internal'] as const;

type Asked = {
  text?: string;
  number?: string[];
  extension?: string[];
  queue?: string[];
  did?: string[];
  from?: string;
  to?: string;
  direction?: (typeof DIRECTIONS)[number];
  pbx?: PbxId;
};
type Reason = { reason: string };

/** `tapedeck holds`: legal holds. Opening and widening only keep recordings; releasing takes two people, on the dashboard. */
export function holds(program: Command, ctx: CliContext): void {
  const command = program
    .command('holds')
    .description('manage legal holds, which keep recordings from being erased')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nA matter is named by its id or its name. Releasing a matter or a part of it takes two people and a day,\nso that is done on the dashboard, on the page of the matter.\n\nExamples:\n  tapedeck holds\n  tapedeck holds show "Smith v. Example Ltd"',
    )
    .action((options: { json?: boolean }) => list(options.json));
  const zone = () => ctx.config().site.time_zone;

  command
    .command('list')
    .description('list all matters; open ones first')
    .option('--json', 'as JSON')
    .action((_, given: Command) => list(given.optsWithGlobals().json));

  command
    .command('show')
    .description('show one matter, and its releases')
    .argument('<matter>', 'its id or name')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck holds show "Smith v. Example Ltd"')
    .action(async (named: string, _: unknown, given: Command) => {
      const catalogue = await ctx.catalogue();
      const matter = await matterOf(catalogue, named);
      const releases = await catalogue.holds.releases(matter.id);
      if (given.optsWithGlobals().json)
        return ctx.out(JSON.stringify({ ...asJson(matter), releases: releases.map(releaseAsJson) }, null, 2));
      ctx.out(asText(matter, releases, zone()));
    });

  asking(command.command('open'))
    .description('open a matter: it holds what its query asks for, past and future, and the calls given')
    .argument('<name>', 'its name, which never changes')
    .requiredOption('--reason <text>', 'why; shown in the audit log')
    .option('--call <id...>', 'hold the recordings of these calls')
    .addHelpText(
      'after',
      '\nCalls match that fit every option given, and any of several values of one.\n\nExamples:\n  tapedeck holds open "Smith v. Example Ltd" --reason "Letter of 3 May" --number "+44 20 7946 0123" --from 2026-01-01\n  tapedeck holds open "Complaint 17" --reason "Asked for by counsel" --call 01JDK3V7Q8ZM5T4R2XW9YB6C1E',
    )
    .action(async (name: string, options: Asked & Reason & { call?: string[] }) => {
      const recordings = await recordingsOf(options.call ?? []);
      const { reason } = options;
      const { id } = await ctx.ask('open_matter', {
        ...{ by: onConsole(), name, reason, query: queryOf(options), recordings },
      });
      ctx.out(`Opened "${name}" (${id}). Nothing is erased until it is known which recordings it holds.`);
    });

  asking(command.command('widen'))
    .description('change the query of a matter to one that asks for more calls')
    .argument('<matter>', 'its id or name')
    .requiredOption('--reason <text>', 'why; shown in the audit log')
    .addHelpText(
      'after',
      '\nGive the whole new query: it has to ask for every call that the one before asks for.\n\nExample:\n  tapedeck holds widen "Smith v. Example Ltd" --reason "Second letter" --number "+44 20 7946 0123" --number 0199',
    )
    .action(async (named: string, options: Asked & Reason) => {
      const { id, name } = await matterOf(await ctx.catalogue(), named);
      const query = queryOf(options);
      if (!query) throw fail('hold_invalid', 'Give at least one condition.');
      await ctx.ask('widen_matter', { by: onConsole(), id, query, reason: options.reason });
      ctx.out(`The query of "${name}" was changed. Nothing is erased until it has been applied.`);
    });

  command
    .command('add')
    .description('hold the recordings of calls for a matter')
    .argument('<matter>', 'its id or name')
    .argument('<call...>', 'ids of the calls, from "tapedeck calls"')
    .requiredOption('--reason <text>', 'why; shown in the audit log')
    .addHelpText(
      'after',
      '\nExample:\n  tapedeck holds add "Complaint 17" 01JDK3V7Q8ZM5T4R2XW9YB6C1E --reason "Named in the letter"',
    )
    .action(async (named: string, calls: string[], { reason }: Reason) => {
      const { id, name } = await matterOf(await ctx.catalogue(), named);
      const recordings = await recordingsOf(calls);
      const { added } = await ctx.ask('hold_recordings', { by: onConsole(), id, recordings, reason });
      ctx.out(`"${name}" holds ${added} more ${added === 1 ? 'recording' : 'recordings'}.`);
    });

  command
    .command('report')
    .description('print what a matter holds, and the matching calls without a recording, as CSV')
    .argument('<matter>', 'its id or name')
    .addHelpText('after', '\nExample:\n  tapedeck holds report "Smith v. Example Ltd" > smith.csv')
    .action(async (named: string) => {
      const catalogue = await ctx.catalogue();
      const matter = await matterOf(catalogue, named);
      await record(ctx, 'export', { object: 'hold', object_id: matter.id });
      const print = (row: readonly string[]) => ctx.out(stringify([row], QUOTED).trimEnd());
      print(REPORT_COLUMNS);
      for await (const row of rows(catalogue, matter.id)) print(row);
    });

  async function list(json: boolean | undefined): Promise<void> {
    const matters = await (await ctx.catalogue()).holds.list();
    if (json) return ctx.out(JSON.stringify(matters.map(asJson), null, 2));
    if (matters.length === 0)
      return ctx.out('There are no legal holds. "tapedeck holds open" opens a matter.');
    const time = timesIn(zone());
    ctx.out(
      table(
        ['id', 'matter', 'state', 'by query', 'picked', 'opened', 'by', 'reason'],
        matters.map((m) => [
          ...[m.id, m.name, m.state, String(m.held.query), String(m.held.picked)],
          ...[time(m.openedAt), m.openedBy, m.reason],
        ]),
        { wrap: [1, 7] },
      ),
    );
  }

  /** Throws `call_unknown`, and `recording_absent` for a call that has none. */
  async function recordingsOf(ids: readonly string[]): Promise<string[]> {
    const catalogue = await ctx.catalogue();
    const found: string[] = [];
    for (const id of new Set(ids.map((given) => given.toUpperCase()))) {
      const call = await catalogue.calls.get(id);
      if (!call || call.test) throw fail('call_unknown', id);
      if (call.recording?.state !== 'sealed') throw fail('recording_absent', id);
      found.push(call.recording.id);
    }
    return found;
  }

  function queryOf(asked: Asked): HoldQuery | null {
    const { text = '', number = [], extension = [], queue = [], did = [], direction = null } = asked;
    const { from = null, to = null } = spanOf(
      {
        ...(asked.from === undefined ? {} : { from: asked.from }),
        ...(asked.to === undefined ? {} : { to: asked.to }),
      },
      zone(),
    );
    const given = [...number, ...extension, ...queue, ...did, text].some((part) => part.trim() !== '');
    if (!given && [from, to, direction, asked.pbx ?? null].every((part) => part === null)) return null;
    return {
      ...ANY_CALL,
      ...{ text: text.trim(), numbers: number, extensions: extension, queues: queue, dids: did },
      ...{ from, to, direction, pbx: asked.pbx ?? null, region: siteRegion(ctx.config()) },
    };
  }

  async function* rows(catalogue: Catalogue, id: string): AsyncGenerator<string[]> {
    const say = times(zone());
    for (let after = 0; ; ) {
      const items = await catalogue.holds.items(id, after, READ);
      for (const item of items) yield reportCells(await catalogue.calls.get(item.callId), item, say);
      if (items.length < READ) break;
      after = items.at(-1)!.seq;
    }
    for (let before: CallCursor | null = null; ; ) {
      const { calls, next }: UnrecordedPage = await catalogue.holds.unrecorded(id, before, READ);
      for (const call of calls) if (!canBeHeld(call)) yield reportCells(call, null, say);
      if (next === null) break;
      before = next;
    }
  }
}

const asking = (command: Command): Command =>
  command
    .option('--text <words>', 'words and numbers, as in the list of calls')
    .option('--number <number...>', 'telephone numbers, in any notation, or how they end')
    .option('--extension <extension...>', 'extensions that were on the call')
    .option('--queue <queue...>', 'queues that the call came into')
    .option('--did <did...>', 'numbers dialled from outside (DIDs)')
    .option('--from <day>', 'first day (YYYY-MM-DD) in the zone of the site', day)
    .option('--to <day>', 'last day; if not given, future calls too', day)
    .addOption(new Option('--direction <direction>', 'in, out or internal').argParser(oneOf(DIRECTIONS)))
    .option(PBX_OPTION, 'only calls on this PBX; "first" is the one without an id', pbxId);

/** Throws `matter_unknown`. A name is its matter's for ever, so it is never two. */
async function matterOf(catalogue: Catalogue, named: string): Promise<Matter> {
  const found =
    (await catalogue.holds.get(named.toUpperCase())) ??
    (await catalogue.holds.list()).find(({ name }) => name === named);
  if (!found) throw fail('matter_unknown', named);
  return found;
}

function asText(m: Matter, releases: readonly HoldRelease[], zone: string): string {
  const time = timesIn(zone);
  const facts = [
    ['matter', m.name],
    ['id', m.id],
    ['state', m.state],
    ['reason', m.reason],
    ['opened', `${time(m.openedAt)} by ${m.openedBy}`],
    ['query', m.query ? queryText(m.query, time) : 'none: only recordings that were picked'],
    ['holds', `${m.held.query} by query, ${m.held.picked} picked`],
    ...(m.releasedAt === null ? [] : [['released', time(m.releasedAt)]]),
  ];
  const released = releases.map((r) => [
    ...[time(r.at), String(r.released), r.letting.what, r.askedBy, r.approvedBy, r.reason],
  ]);
  return [
    lines(facts),
    ...(released.length === 0
      ? []
      : ['', table(['released', 'recordings', 'what', 'asked by', 'approved by', 'reason'], released)]),
  ].join('\n');
}

function queryText(q: HoldQuery, time: (ms: number) => string): string {
  const list = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what} ${names.join(' or ')}`];
  return [
    ...(q.text === '' ? [] : [`"${q.text}"`]),
    ...list('number', q.numbers),
    ...list('extension', q.extensions),
    ...list('queue', q.queues),
    ...list('DID', q.dids),
    ...(q.from === null ? [] : [`from ${time(q.from)}`]),
    ...(q.to === null ? [] : [`before ${time(q.to)}`]),
    ...(q.direction === null ? [] : [`direction ${q.direction}`]),
    ...(q.pbx === null ? [] : [`on PBX ${writePbx(q.pbx)}`]),
  ].join('; ');
}

const asJson = ({ openedAt, releasedAt, query, openedBy, ...m }: Matter) => ({
  ...{ ...m, opened_by: openedBy, opened_at: iso(openedAt), released_at: isoOrNull(releasedAt) },
  query: query && { ...query, from: isoOrNull(query.from), to: isoOrNull(query.to) },
});
const releaseAsJson = ({ id, letting, reason, released, ...r }: HoldRelease) => ({
  ...{ id, what: letting.what, reason, released, asked_by: r.askedBy, approved_by: r.approvedBy },
  ...{ at: iso(r.at), done_at: isoOrNull(r.doneAt) },
});
