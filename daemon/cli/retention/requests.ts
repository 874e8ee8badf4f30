import type { Command } from 'commander';
import { deadlineOf, urgencyOf } from '../../domain/privacy/deadline.js';
import { lawOf, type PrivacyRequest } from '../../domain/privacy/request.js';
import type { CliContext } from '../common/context.js';
import { table } from '../common/table.js';

/** So many that are closed are listed. */
const CLOSED = 50;
const URGENCY = { none: '', soon: 'due within 7 days', over: 'overdue' };

/** `tapedeck requests`: what people have asked for about recordings of themselves, and until when it has to be answered. */
export function requests(program: Command, ctx: CliContext): void {
  program
    .command('requests')
    .description('list requests of people about recordings of themselves, the most urgent first')
    .option('--closed', 'those that were answered instead, the newest 50')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  tapedeck requests\n  tapedeck requests --closed --json')
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
}

const stateText = ({ state, urgency }: ReturnType<typeof view>): string =>
  [state, URGENCY[urgency]].filter(Boolean).join(', ');

const view = (request: PrivacyRequest, now: number) => ({
  ...{ number: request.number, id: request.id, kind: request.kind, law: lawOf(request.kind) },
  ...{ name: request.name, received: request.received, state: request.state },
  last_day: deadlineOf(request).day,
  urgency: request.closed ? ('none' as const) : urgencyOf(request, now),
  answered: request.closed && {
    ...{ day: request.closed.day, outcome: request.closed.outcome, grounds: request.closed.grounds },
  },
});
