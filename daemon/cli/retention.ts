import type { Command } from 'commander';
import { iso, isoOrNull } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { FROM_NOW_ON } from '../domain/policy/retention.js';
import { inWords, reasonView } from '../domain/reason/words.js';
import { makePlan, type Plan } from '../recordings/retain.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { table, timesIn, who } from './common/table.js';

/** How many of the next to go are shown. */
const NEXT = 10;

/** `tapedeck retention`: what would be erased, and erasing it. */
export function retention(program: Command, ctx: CliContext): void {
  const command = program.command('retention').description('show what is due, and erase it');

  command
    .command('plan')
    .description('show what a run would erase now, and what is due next; changes nothing')
    .option('--json', 'as JSON')
    .addHelpText('after', `\nExample:\n  tapedeck retention plan\n\n${FROM_NOW_ON}`)
    .action(async ({ json }: { json?: boolean }) => {
      const plan = await makePlan(await ctx.catalogue(), Date.now(), ctx.config().retention.breaker_percent);
      ctx.out(json ? JSON.stringify(asJson(plan), null, 2) : asText(plan, ctx.config().site.time_zone));
    });

  command
    .command('run')
    .description('erase the recordings that are due')
    .option('--confirm <word>', 'overrides the safety limit: the word that "retention plan" prints')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck retention run\n  tapedeck retention run --confirm erase-41-3f9a2c\n\nErased recordings cannot be brought back.',
    )
    .action(async ({ confirm, json }: { confirm?: string; json?: boolean }) => {
      await ctx.holdMaster();
      const asked = { by: onConsole(), ...(confirm === undefined ? {} : { confirm }) };
      const result = await ctx.ask('run_retention', asked);
      const { erased, failed, left } = result;
      ctx.out(json ? JSON.stringify(result) : `${erased} erased, ${failed} failed, ${left} left.`);
      if (failed > 0)
        throw fail('internal', `${failed} recordings could not be erased; they are tried again.`);
    });
}

type Entry = Plan['due'][number];

const entry = ({ item, why }: Entry) => ({
  call_id: item.callId,
  recording_id: item.id,
  started_at: iso(item.call.startedAt),
  them: item.call.them,
  us: item.call.us,
  keep_until: isoOrNull(item.keepUntil),
  ...reasonView(why),
});

function asJson(plan: Plan) {
  return {
    now: iso(plan.now),
    kept: plan.total,
    for_ever: plan.forEver,
    due: plan.due.map(entry),
    next: plan.kept
      .filter((k) => k.item.keepUntil !== null)
      .slice(0, NEXT)
      .map(entry),
    breaker: { ...plan.breaker, ...reasonView(plan.breaker.why) },
  };
}

function asText(plan: Plan, zone: string): string {
  const time = timesIn(zone);
  const rows = (entries: Entry[]) =>
    table(
      ['kept until', 'call', 'began', 'with', 'at', 'reason'],
      entries.map(({ item, why }) => [
        time(item.keepUntil),
        item.callId,
        time(item.call.startedAt),
        who(item.call.them),
        who(item.call.us),
        inWords(why, time),
      ]),
      { wrap: [3, 4, 5] },
    );
  const next = plan.kept.filter((k) => k.item.keepUntil !== null).slice(0, NEXT);
  const out = [`${plan.total} recordings are kept, ${plan.forEver} of them for ever.`, ''];
  out.push(plan.due.length === 0 ? 'Nothing is due.' : `Due now: ${plan.due.length}\n${rows(plan.due)}`);
  if (next.length > 0) out.push('', `Next to go:\n${rows(next)}`);
  out.push('', FROM_NOW_ON);
  const { why, confirm } = plan.breaker;
  if (why)
    out.push(
      '',
      `A run will stop before it erases anything: ${inWords(why, time)}`,
      `If that is what you want: tapedeck retention run --confirm ${confirm}`,
    );
  return out.join('\n');
}
