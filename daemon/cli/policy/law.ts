import { type Command, InvalidArgumentError } from 'commander';
import { jurisdictionsOf, type Ruling, rulingsOf } from '../../domain/telling/decide.js';
import type { Place } from '../../domain/telling/region.js';
import type { CliContext } from '../common/context.js';
import { lines, table } from '../common/table.js';
import { MODES } from '../common/verdict-text.js';

const NOT_ADVICE = 'Information, not legal advice. Ask your counsel before you rely on it.';
const HEAD = ['place', 'told', 'agree first', 'may refuse', 'who and why', 'tone enough', 'confidence'];

const yesNo = (yes: boolean): string => (yes ? 'yes' : 'no');
const toneOf = ({ notice, beep_seconds: seconds }: Ruling): string =>
  seconds === null ? yesNo(!notice) : `every ${seconds} s`;
const asks = (law: Ruling): string[] => [
  law.notice && law.prompt_in_recording ? 'yes, in the recording' : yesNo(law.notice),
  yesNo(law.prior_consent),
  yesNo(law.objection),
  yesNo(law.purpose_and_identity),
  toneOf(law),
];

/** `tapedeck policy law`: what the law of each place asks for, as the policy in force has it. */
export function policyLaw(command: Command, ctx: CliContext): void {
  command
    .command('law')
    .description('show what the law of each place asks for, as far as Tapedeck knows it')
    .argument('[place]', 'only what applies there, with its source: "GB", "US-WA" or "unknown"', placeOf)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  tapedeck policy law\n  tapedeck policy law US-CT')
    .action(async (place: Place | undefined, { json }: { json?: boolean }) => {
      const { policy } = await (await ctx.catalogue()).policy.newest();
      const all = rulingsOf(policy.telling ?? {});
      const there = place && jurisdictionsOf(place, (id) => all.some((one) => one.id === id));
      const shown = there ? all.filter(({ id }) => there.includes(id)) : all;
      if (json) {
        const told = shown.map(({ statedIsEnough: stated_is_enough, ...law }) => ({
          ...law,
          stated_is_enough,
        }));
        return ctx.out(JSON.stringify(told, null, 2));
      }
      const rows = shown.map((law) => [`${law.id}  ${law.name}`, ...asks(law), law.confidence]);
      const text = there
        ? shown.map((law) => lines(detail(law))).join('\n\n')
        : table(HEAD, rows, { wrap: [0] });
      ctx.out(`${text}\n\n${NOT_ADVICE}`);
    });
}

function placeOf(text: string): Place {
  const [, region, subdivision = ''] = /^([A-Z]{2})(?:-([A-Z0-9]{1,3}))?$/.exec(text.toUpperCase()) ?? [];
  if (region) return { region, subdivision };
  if (text.toLowerCase() === 'unknown') return { region: '', subdivision: '' };
  throw new InvalidArgumentError('Write a place such as GB, US-WA or unknown.');
}

const detail = (law: Ruling): string[][] => [
  ['place', `${law.name} (${law.id})${law.overridden ? ', changed by the policy' : ''}`],
  ...asks(law).map((text, i) => [HEAD[i + 1]!, text]),
  ['at least', MODES[law.least]],
  ...(law.nuance === '' ? [] : [[law.overridden ? 'note' : 'nuance', law.nuance]]),
  ['statute', law.statute],
  ['source', law.source],
  ['read on', law.as_of],
  ['confidence', law.confidence],
];
