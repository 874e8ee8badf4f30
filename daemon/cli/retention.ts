import type { Command } from 'commander';
import { readPlan } from '../catalogue/retention/planned.js';
import type { StoredCall } from '../catalogue/stored-call.js';
import { iso, isoOrNull } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { inWords, reasonView } from '../domain/reason/words.js';
import { type DuePlace, FIRST_DUE, protection } from '../domain/retention/plan.js';
import { APPLIES_TO } from '../domain/retention/words.js';
import { fromSlices } from '../ops/turns.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { namesText } from './common/preview-text.js';
import { table, timesIn, who } from './common/table.js';
import { register } from './retention/register.js';

/** How many recordings are listed of each kind. */
const LISTED = { due: 20, protected: 20, later: 10 };
/** So often it is looked how far a run is, in ms. */
const LOOK_MS = 2_000;

/** `tapedeck retention`: what would be erased, and erasing it. */
export function retention(program: Command, ctx: CliContext): void {
  const command = program.command('retention').description('show what is due, and erase it');

  register(command, ctx);

  command
    .command('plan')
    .description('show what a run would erase now, what is protected, and what is due next; changes nothing')
    .option('--json', 'as JSON')
    .option('--list <number>', 'how many recordings to list of each kind, 500 at most', whole)
    .addHelpText(
      'after',
      `\nExamples:\n  tapedeck retention plan\n  tapedeck retention plan --list 500 --json\n\n${APPLIES_TO}\n\nExit codes: 0, also when the safety limit will stop the next run; 1 when the plan cannot be made.`,
    )
    .action(async ({ json, list }: { json?: boolean; list?: number }) => {
      const plan = await planOf(ctx, list);
      ctx.out(json ? JSON.stringify(asJson(plan), null, 2) : asText(plan, ctx.config().site.time_zone));
    });

  command
    .command('run')
    .description('erase the recordings that are due')
    .option('--confirm <word>', 'overrides the safety limit: the word that "retention plan" prints')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck retention run\n  tapedeck retention run --confirm erase-41-3f9a2c5d7e1b\n\nErased recordings cannot be brought back.\n\nExit codes: 0 when everything that is due was erased; 1 when the safety limit stopped the run, or a recording could not be erased.',
    )
    .action(async ({ confirm, json }: { confirm?: string; json?: boolean }) => {
      await ctx.holdMaster();
      const stop = json ? () => {} : tellProgress(ctx);
      const asked = { by: onConsole(), ...(confirm === undefined ? {} : { confirm }) };
      const result = await ctx.ask('run_retention', asked).finally(stop);
      const { erased, failed, left, protected: stayed } = result;
      const kept = stayed > 0 ? ` ${stayed} came under protection meanwhile.` : '';
      ctx.out(json ? JSON.stringify(result) : `${erased} erased, ${failed} failed, ${left} left.${kept}`);
      if (failed > 0)
        throw fail('internal', `${failed} recordings could not be erased; they are tried again.`);
    });
}

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 500)
    throw fail('request_invalid', '--list: a whole number from 1 to 500');
  return value;
};

/** Prints how far the run is, on a terminal, until it is told to stop. */
function tellProgress(ctx: CliContext): () => void {
  if (!process.stderr.isTTY) return () => {};
  const look = async () => {
    const { erasing } = await ctx.ask('status', {});
    if (erasing) process.stderr.write(`\r${erasing.erased} of ${erasing.of} erased…`);
  };
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[K');
  };
}

async function planOf(ctx: CliContext, list?: number) {
  const catalogue = await ctx.catalogue();
  const { breaker_percent: percent, breaker_count: count } = ctx.config().retention;
  const plan = await readPlan(catalogue, Date.now(), { percent, count }, ctx.config().site.time_zone);
  const page = async (which: keyof typeof LISTED) => {
    const of = which === 'due' ? 'erasable' : which;
    const read = (at: DuePlace, limit: number) => catalogue.due.page(of, at, plan.now, limit);
    return (await fromSlices(read, FIRST_DUE, list ?? LISTED[which])).items;
  };
  const kept = await page('protected');
  const held = await catalogue.holds.of(kept.flatMap(({ recording }) => recording?.id ?? []));
  return {
    ...plan,
    items: await page('due'),
    staying: kept.map((call) => ({ call, why: protection(call.recording!, held, plan.now) })),
    next: await page('later'),
  };
}

type Planned = Awaited<ReturnType<typeof planOf>>;

const entry = (call: StoredCall) => ({
  call_id: call.id,
  recording_id: call.recording?.id,
  started_at: iso(call.startedAt),
  them: call.them,
  us: call.us,
  keep_until: isoOrNull(call.recording?.keepUntil ?? null),
  rule: call.recording?.keepRule ?? null,
  ...reasonView(call.recording?.keepWhy ?? null),
});

const asJson = ({ now, kept, forEver, breaker, items, staying, next, ...plan }: Planned) => ({
  now: iso(now),
  kept,
  for_ever: forEver,
  due_total: plan.due,
  erasable: plan.erasable,
  begun: plan.begun,
  names: plan.names,
  protected_total: { legal_hold: plan.protected.legalHold, minimum: plan.protected.minimum },
  rules: plan.rules.map(({ forEver: undated, ...rule }) => ({ ...rule, for_ever: undated })),
  due: items.map(entry),
  protected: staying.map(({ call, why }) => ({ ...entry(call), protected_by: reasonView(why) })),
  next: next.map(entry),
  breaker: { ...breaker, ...reasonView(breaker.why) },
});

function asText(plan: Planned, zone: string): string {
  const time = timesIn(zone);
  const rows = (calls: { call: StoredCall; reason: string }[]) =>
    table(
      ['kept until', 'call', 'began', 'with', 'at', 'reason'],
      calls.map(({ call, reason }) => [
        time(call.recording?.keepUntil ?? null),
        call.id,
        time(call.startedAt),
        who(call.them),
        who(call.us),
        reason,
      ]),
      { wrap: [3, 4, 5] },
    );
  const ruled = (call: StoredCall) => ({
    call,
    reason: [call.recording?.keepRule, inWords(call.recording?.keepWhy ?? null, time)]
      .filter(Boolean)
      .join(': '),
  });
  const more = (shown: number, all: number) => (all > shown ? `\n… and ${all - shown} more` : '');
  const { legalHold, minimum } = plan.protected;
  const out = [`${plan.kept} recordings are kept, ${plan.forEver} of them for ever.`, ''];
  if (plan.rules.length > 0)
    out.push(
      table(
        ['rule', 'kept', 'for ever', 'due', 'protected'],
        plan.rules.map((r) => [
          r.rule ?? '(no rule)',
          `${r.kept}`,
          `${r.forEver}`,
          `${r.due}`,
          `${r.protected}`,
        ]),
        { wrap: [0] },
      ),
      '',
    );
  out.push(
    plan.erasable === 0
      ? 'Nothing is due.'
      : `Due now: ${plan.erasable}\n${rows(plan.items.map(ruled))}${more(plan.items.length, plan.erasable - plan.begun)}`,
  );
  if (plan.begun > 0)
    out.push(
      `Interrupted erasures, included in the count but not listed: ${plan.begun}. The next run finishes them.`,
    );
  if (legalHold + minimum > 0)
    out.push(
      '',
      `Due but protected: ${legalHold} by a legal hold, ${minimum} by a minimum\n${rows(
        plan.staying.map(({ call, why }) => ({ call, reason: inWords(why, time) })),
      )}${more(plan.staying.length, legalHold + minimum)}`,
    );
  const names = namesText(plan.names);
  if (names !== null) out.push('', names);
  if (plan.next.length > 0) out.push('', `Next to go:\n${rows(plan.next.map(ruled))}`);
  out.push('', APPLIES_TO);
  const { why, confirm, limit, count } = plan.breaker;
  out.push('', `Safety limit: ${Math.round(limit * 100)}% of the kept recordings, and ${count} recordings.`);
  if (why)
    out.push(
      `A run will stop before it erases anything: ${inWords(why, time)}`,
      `If that is what you want: tapedeck retention run --confirm ${confirm}`,
    );
  return out.join('\n');
}
