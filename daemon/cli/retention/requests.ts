import { type Command, Option } from 'commander';
import { findCalls } from '../../catalogue/privacy/find-calls.js';
import { dates } from '../../domain/days.js';
import { printable } from '../../domain/printable.js';
import { confirmBy, deadlineOf, urgencyOf } from '../../domain/privacy/deadline.js';
import { type Fate, fateOf } from '../../domain/privacy/matching.js';
import {
  asksErasure,
  lawOf,
  MOST_CALLS,
  outcomes,
  type PrivacyOutcome,
  type PrivacyRequest,
  type RefusalGround,
} from '../../domain/privacy/request.js';
import { inWords } from '../../domain/reason/words.js';
import { day } from '../common/arguments.js';
import type { CliContext } from '../common/context.js';
import { onConsole } from '../common/entries.js';
import { table, timesIn } from '../common/table.js';
import { groundOption, requestAnswer } from './request-answer.js';
import { requestNumbered } from './request-numbered.js';

/** So many that are closed are listed. */
const CLOSED = 50;
const URGENCY = { none: '', soon: 'due within 7 days', over: 'overdue' };

/** `tapedeck requests`: what people have asked for about recordings of themselves, and until when it has to be answered. */
export function requests(program: Command, ctx: CliContext): void {
  const command = program
    .command('requests')
    .description('requests of people about recordings of themselves: list, show, answer and close them')
    .option('--closed', 'those that were answered instead, the newest 50')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nWithout a subcommand, lists the requests that have to be answered, the most urgent first.\n\nExamples:\n  tapedeck requests\n  tapedeck requests --closed --json\n  tapedeck requests show 3',
    )
    .action(async ({ closed = false, json }: { closed?: boolean; json?: boolean }) => {
      const { privacyRequests } = await ctx.catalogue();
      const found = closed ? await privacyRequests.closed(null, CLOSED) : await privacyRequests.open();
      const views = found
        .map((request) => view(request, Date.now()))
        .toSorted((a, b) => (closed || a.last_day === b.last_day ? 0 : a.last_day < b.last_day ? -1 : 1));
      if (json) return ctx.out(JSON.stringify(views, null, 2));
      if (views.length === 0)
        return ctx.out(closed ? 'No request has been closed.' : 'No request has to be answered.');
      ctx.out(
        table(
          ['number', 'what', 'law', 'name', 'received', closed ? 'answered' : 'answer by', 'state'],
          views.map((one) => [
            ...[String(one.number), one.kind, one.law, one.name || '-', one.received],
            ...[one.answered?.day ?? one.last_day, one.answered?.outcome ?? stateText(one)],
          ]),
          { wrap: [3] },
        ),
      );
    });

  command
    .command('show')
    .description('show a request and its calls, with what becomes of each in the answer')
    .argument('<number>', 'number of the request')
    .addHelpText('after', '\nExample:\n  tapedeck requests show 3')
    .action(async (number: string) => {
      const request = await requestNumbered(ctx, number);
      const { extended, closed } = request;
      const one = view(request, Date.now());
      const facts: [string, string][] = [
        ['request', `${one.number}, ${one.kind} (${one.law}), ${stateText(one)}`],
        ['name', request.name || '-'],
        ['contact', request.contact || '-'],
        ['identity', request.identity || 'not checked yet'],
        ['numbers', request.numbers.join(', ') || '-'],
        ['calls from', request.from ?? '-'],
        ['calls until', request.to ?? '-'],
        ['received', `${request.received}, entered by ${request.enteredBy}`],
        ...(request.confirmed
          ? [['confirmed', request.confirmed] as [string, string]]
          : one.confirm_by
            ? [['confirm by', one.confirm_by] as [string, string]]
            : []),
        ['answer by', one.last_day],
        ...(extended ? [['extended', `by ${extended.by}: ${extended.reason}`] as [string, string]] : []),
        ...(closed
          ? ([
              ['answered', `${closed.day}, ${closed.outcome}, by ${closed.by}`],
              ['grounds', closed.grounds.join(', ') || '-'],
              ['note', closed.note || '-'],
            ] as [string, string][])
          : []),
      ];
      for (const [name, value] of facts) ctx.out(`${name.padEnd(12)} ${printable(value)}`);
      if (request.forgottenAt !== null) return;
      ctx.out('');
      ctx.out(await callsTable(ctx, request));
    });

  command
    .command('close')
    .description('write down how a request was answered; nothing is sent or erased by it')
    .argument('<number>', 'number of the request')
    .addOption(new Option('--outcome <outcome>', 'the answer').choices(outcomes).makeOptionMandatory())
    .addOption(groundOption)
    .option('--day <day>', 'day of the answer (YYYY-MM-DD); today by default', day)
    .option('--note <text>', 'what the person was told', '')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck requests close 3 --outcome given\n  tapedeck requests close 4 --outcome refused --ground legal_hold --day 2026-05-20',
    )
    .action(async (number: string, { outcome, ground = [], day: given, note }: CloseOptions) => {
      const request = await requestNumbered(ctx, number);
      const answered = given ?? dates(request.zone)(Date.now());
      const answer = { day: answered, outcome, grounds: ground, note };
      await ctx.ask('close_privacy', { by: onConsole(), id: request.id, answer });
      ctx.out(`Request ${request.number} is closed.`);
    });

  requestAnswer(command, ctx);
}

type CloseOptions = { outcome: PrivacyOutcome; ground?: RefusalGround[]; day?: string; note: string };

async function callsTable(ctx: CliContext, request: PrivacyRequest): Promise<string> {
  const catalogue = await ctx.catalogue();
  const now = Date.now();
  const say = timesIn(request.zone);
  const { calls, more } = await findCalls(catalogue, catalogue.calls.list, request);
  if (calls.length === 0) return 'No call matches these numbers and days.';
  const out = new Map(
    (await catalogue.privacyRequests.exclusions(request.id)).map((one) => [one.callId, one]),
  );
  const rows: string[][] = [];
  for (const call of calls) {
    const guarded = asksErasure(request.kind) && call.recording?.state === 'sealed';
    const guard = guarded ? await catalogue.holds.guard(call.recording!.id, now) : null;
    const { fate, why, exclusion } = fateOf(request, call, out.get(call.id) ?? null, guard);
    const reason = exclusion?.reason ?? (why && inWords(why, say)) ?? '';
    rows.push([call.id, say(call.startedAt), call.them.number, FATES[fate], reason]);
  }
  const shown = table(['call', 'began', 'number', 'recording', 'reason'], rows, { wrap: [4] });
  return more
    ? `${shown}\nMore than ${MOST_CALLS} calls match, and the newest are shown. Narrow the days.`
    : shown;
}

const FATES: Record<Fate, string> = {
  ...{ give: 'recorded', erase: 'can be erased', kept: 'cannot be erased', nothing: 'none' },
  ...{ gone: 'erased', left_out: 'left out' },
};

const stateText = ({ state, urgency }: ReturnType<typeof view>): string =>
  [state, URGENCY[urgency]].filter(Boolean).join(', ');

const view = (request: PrivacyRequest, now: number) => ({
  ...{ number: request.number, id: request.id, kind: request.kind, law: lawOf(request.kind) },
  ...{ name: request.name, received: request.received, state: request.state },
  ...{ confirm_by: confirmBy(request), confirmed: request.confirmed, last_day: deadlineOf(request).day },
  urgency: request.closed ? ('none' as const) : urgencyOf(request, now),
  answered: request.closed && {
    ...{ day: request.closed.day, outcome: request.closed.outcome, grounds: request.closed.grounds },
  },
});
