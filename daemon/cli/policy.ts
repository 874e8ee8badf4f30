import { type Command, Option } from 'commander';
import type { StoredPolicy } from '../catalogue/policy.js';
import { namesDue } from '../catalogue/retention/planned.js';
import { type Previewed, previewRedating } from '../catalogue/retention/redating.js';
import { standingOfNumber } from '../catalogue/standing.js';
import { isoOrNull } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { LATE_FACTS } from '../domain/policy/facts.js';
import { type Imagined, imagine } from '../domain/policy/imagined.js';
import type { Policy } from '../domain/policy/policy.js';
import { policyChanges } from '../domain/policy/policy-changes.js';
import { refuseConflicts } from '../domain/policy/rule-faults.js';
import { NONE_STANDING } from '../domain/policy/standing/standing.js';
import { mayBeRecorded, verdictOf } from '../domain/policy/verdict.js';
import type { Why } from '../domain/reason/reason.js';
import { reasonView } from '../domain/reason/words.js';
import { namesShorter } from '../domain/retention/names.js';
import { APPLIES_TO } from '../domain/retention/words.js';
import { saysPurpose } from '../domain/telling/purpose.js';
import { siteOf } from '../ops/config.js';
import { contents } from './common/arguments.js';
import type { CliContext } from './common/context.js';
import { onConsole } from './common/entries.js';
import { PBX_OPTION } from './common/pbxes.js';
import { readPolicy, writePolicy } from './common/policy-file.js';
import { confirmedAt, confirmOf, namesText, previewText } from './common/preview-text.js';
import { ruleWarnings } from './common/rule-warnings.js';
import { table, timesIn } from './common/table.js';
import { verdictRows } from './common/verdict-text.js';
import { policyLaw } from './policy/law.js';
import { policyVersions } from './policy/versions.js';

type ImportOptions = {
  dryRun?: boolean;
  basedOn?: number;
  allowNoEmergencyNumbers?: boolean;
  applyTo: 'new' | 'all';
  confirm?: string;
};
type Asked = Imagined & { file?: string; json?: boolean; talked?: number; askedFor?: boolean };

const told = <D extends { why: Why | null }>({ why, ...decision }: D) => ({
  ...decision,
  ...reasonView(why),
});

/** `tapedeck policy`: the rules as a file, and what they would decide. */
export function policy(program: Command, ctx: CliContext): void {
  const command = program
    .command('policy')
    .description('manage the rules: what to record and how long to keep it');

  command
    .command('export')
    .description('print the current policy as TOML')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tapedeck policy export > policy.toml')
    .action(async ({ json }: { json?: boolean }) => {
      const stored = await (await ctx.catalogue()).policy.newest();
      if (stored.fault !== null) ctx.err(unreadable(stored));
      ctx.out((json ? JSON.stringify(stored.policy, null, 2) : writePolicy(stored)).trimEnd());
    });

  command
    .command('import')
    .description('replace the policy with the one in a file (TOML or JSON)')
    .argument('<file>', 'the file, or - for standard input')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--allow-no-emergency-numbers', 'accept a policy without emergency numbers')
    .option('--based-on <version>', 'refuse unless this is the current version', Number)
    .addOption(
      new Option('--apply-to <recordings>', 'which recordings get their date by the new rules')
        .choices(['new', 'all'])
        .default('new'),
    )
    .option(
      '--confirm <code>',
      'keep existing recordings for less time, as the preview with this code has shown',
    )
    .addHelpText(
      'after',
      `\nExamples:\n  tapedeck policy import policy.toml --dry-run\n  tapedeck policy import policy.toml --apply-to all\n  tapedeck policy import policy.toml --based-on 4\n\n${APPLIES_TO}`,
    )
    .action(async (file: string, options: ImportOptions) => {
      const source = contents(file);
      const next = readPolicy(source);
      const catalogue = await ctx.catalogue();
      const now = await catalogue.policy.newest();
      refuseConflicts(now.policy, next);
      for (const warning of ruleWarnings(next, source)) ctx.err(warning);
      const changes = policyChanges(now.policy, next);
      if (now.fault !== null) ctx.err(unreadable(now));
      else if (changes.length === 0 && options.applyTo === 'new')
        return ctx.out(`Version ${now.version} says the same; nothing to change.`);
      ctx.out(changes.join('\n'));
      const preview = await previewOf(ctx, catalogue, next, options, changes);
      if (preview) ctx.out(`\n${previewText(preview)}\n`);
      if (namesShorter(now.policy, next)) {
        const due = await namesDue(catalogue, next.metadata_days, Date.now(), ctx.config().site.time_zone);
        ctx.out(namesText(due) ?? '');
      }
      if (preview && options.applyTo === 'new')
        ctx.out('Existing recordings keep the date that they have (--apply-to new).');
      const all = options.applyTo === 'all' ? preview : null;
      const needed = all && all.shorter > 0 ? confirmOf(all) : null;
      const again = needed && `To keep them for less time, add: --apply-to all --confirm ${needed}`;
      if (options.dryRun) {
        if (again) ctx.out(again);
        return ctx.out('Nothing was changed (--dry-run).');
      }
      if (needed !== null && needed !== options.confirm) throw fail('preview_changed', again ?? '');
      const { version } = await ctx.ask('save_policy', {
        ...{ by: onConsole(), policy: next, based_on: options.basedOn ?? now.version },
        no_emergency_numbers: options.allowNoEmergencyNumbers ?? false,
        ...(all && { apply: applyOf(all) }),
      });
      ctx.out(`Version ${version} is in force.`);
      if (all) ctx.out('Existing recordings get their new dates now; "tapedeck jobs" shows how far it is.');
    });

  command
    .command('test')
    .description(
      'show what would happen to a call: recorded or not, how people are told, how long it is kept',
    )
    .addOption(
      new Option('--direction <direction>', 'direction of the call')
        .choices(['in', 'out', 'internal'])
        .makeOptionMandatory(),
    )
    .option(PBX_OPTION, 'the PBX of the call; "first" is the one without an id')
    .option('--number <number>', "the other party's number")
    .option('--extension <extension...>', 'our extensions on the call')
    .option('--queue <queue>', 'queue of the call')
    .option('--did <did>', 'number called (DID)')
    .option('--trunk <endpoint>', 'endpoint of its leg to the outside')
    .option('--account <code>', 'account code')
    .option('--variable <variable...>', 'channel variables, as NAME=value')
    .option('--list <list...>', "lists of numbers that the other party's number is on")
    .option('--id <linkedid>', 'the first id that the PBX gives it, by which a percentage is decided')
    .addOption(new Option('--unknown <fact...>', 'what is not known of it yet').choices([...LATE_FACTS]))
    .option('--talked <seconds>', 'how long it lasted, for the rules for the end of a call', Number)
    .option('--asked-for', 'somebody asked for the recording')
    .option('--at <time>', 'when it begins, by the clock of the site: "2026-03-02 14:30"; now if not given')
    .option('--file <file>', 'use the policy in this file instead of the current one')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tapedeck policy test --direction in --number +15550123 --extension 204\n  tapedeck policy test --direction in --number +15550123 --unknown queue extension',
    )
    .action(async (asked: Asked) => {
      const by = asked.file
        ? readPolicy(contents(asked.file))
        : (await (await ctx.catalogue()).policy.newest()).policy;
      const site = siteOf(ctx.config());
      // A policy in a file can be tried where there is no catalogue.
      const catalogue = await (asked.file ? ctx.catalogue().catch(() => null) : ctx.catalogue());
      const given = { region: site.region, clock: () => Date.now() };
      const standing = catalogue
        ? await standingOfNumber(catalogue, asked.number ?? '', given)
        : NONE_STANDING;
      const verdict = verdictOf(by, imagine(asked, Date.now(), site, standing), endOf(asked));
      const says = saysPurpose(catalogue ? await catalogue.prompts.list() : []);
      if (!asked.json)
        return ctx.out(
          table(['', 'decision', 'rule', 'reason'], verdictRows(verdict, says), { wrap: [2, 3] }),
        );
      const { record, awaits, telling, keep, atEnd } = verdict;
      const all = {
        record: { ...told(record), awaits },
        ...(mayBeRecorded(record) ? { telling } : {}),
        keep: told(keep),
        ...(atEnd ? { at_end: told(atEnd) } : {}),
      };
      ctx.out(JSON.stringify(all, null, 2));
    });

  command
    .command('history')
    .alias('versions')
    .description('list every version, newest first')
    .option('--json', 'as JSON, with the policies themselves')
    .addHelpText('after', '\nExample:\n  tapedeck policy history')
    .action(async ({ json }: { json?: boolean }) => {
      const versions = await (await ctx.catalogue()).policy.versions();
      if (json)
        return ctx.out(
          JSON.stringify(
            versions.map((v) => ({ ...v, changedAt: isoOrNull(v.changedAt) })),
            null,
            2,
          ),
        );
      if (versions.length === 0)
        return ctx.out('The policy is as it comes with Tapedeck: all is recorded, for ever.');
      const time = timesIn(ctx.config().site.time_zone);
      const rows = versions.map((v) => [
        String(v.version),
        time(v.changedAt),
        v.changedBy,
        `${v.policy.record.length}`,
        `${v.policy.retention.length}`,
      ]);
      ctx.out(table(['version', 'changed', 'by', 'recording rules', 'retention rules'], rows, { wrap: [2] }));
    });

  policyVersions(command, ctx);
  policyLaw(command, ctx);
}

/** What the policy would do to existing recordings; null where that is not asked and not changed. */
async function previewOf(
  ctx: CliContext,
  catalogue: Awaited<ReturnType<CliContext['catalogue']>>,
  policy: Policy,
  { applyTo, confirm }: ImportOptions,
  changes: readonly string[],
): Promise<Previewed | null> {
  if (applyTo === 'new' && !changes.some((line) => /^(retention|limits|groups|holidays):/.test(line)))
    return null;
  return previewRedating(catalogue, {
    policy,
    asOf: confirm === undefined ? Date.now() : confirmedAt(confirm, Date.now()),
    site: siteOf(ctx.config()),
    pause: async () => {},
  });
}

const applyOf = ({ asOf, digest, shorter, due }: Previewed) => ({ as_of: asOf, digest, shorter, due });

/** What the rules for the end of a call ask for; null where nobody gave the length of the call. */
function endOf({ talked, askedFor = false }: Asked): { talkMs: number; askedFor: boolean } | null {
  if (talked === undefined) return null;
  if (!(talked >= 0)) throw fail('request_invalid', 'talked: give a number of seconds.');
  return { talkMs: talked * 1000, askedFor };
}

const unreadable = ({ version, fault }: StoredPolicy): string =>
  `Version ${version} of the policy cannot be read (${fault}). The one that Tapedeck comes with is in force until a valid one is imported, and nothing is erased.`;
