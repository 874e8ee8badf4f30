import { MOST_NAMES } from '../../catalogue/retention/planned.js';
import type { Previewed } from '../../catalogue/retention/redating.js';
import { fail } from '../../domain/error.js';
import type { NamesDue } from '../../domain/retention/plan.js';
import { table } from './table.js';

const n = (count: number, one: string, more: string) =>
  `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
const recordings = (count: number) => n(count, 'recording', 'recordings');

/** What a policy does to existing recordings, as lines. */
export function previewText(preview: Previewed): string {
  const { longer, shorter, due, byMinimum, conflicts, rows, unknown, unknownBy } = preview;
  const wasForever = rows.reduce((sum, row) => sum + row.wasForever, 0);
  const lines = [
    `Existing recordings, if the policy is applied to all of them (${recordings(preview.recordings)}):`,
    ...(shorter === 0 && longer === 0 ? ['  None gets another date.'] : []),
    ...(due > 0 ? [`  ${recordings(due)} become due at the next retention run.`] : []),
    ...(shorter > 0
      ? [
          `  ${recordings(shorter)} are kept for less time, of which ${wasForever.toLocaleString('en')} are kept forever now.`,
        ]
      : []),
    ...(longer > 0 ? [`  ${recordings(longer)} are kept for more time.`] : []),
    ...(byMinimum > 0
      ? [`  ${recordings(byMinimum)} stay longer than their rule says, because of a minimum.`]
      : []),
    ...(conflicts > 0
      ? [`  ${recordings(conflicts)} are kept forever, because two limits cannot both be met.`]
      : []),
    ...(unknown > 0
      ? [
          `  ${recordings(unknown)} keep their date: ${unknownBy.map((one) => `"${one.condition}" was not stored with ${one.recordings.toLocaleString('en')}`).join(', ')}.`,
        ]
      : []),
  ];
  const cells = rows.map((row) => [
    row.rule ?? '(no rule)',
    row.days === null ? 'forever' : n(row.days, 'day', 'days'),
    ...[row.recordings, row.due, row.shorter, row.longer].map(String),
  ]);
  if (rows.length > 0)
    lines.push('', table(['rule', 'keeps', 'recordings', 'due', 'shorter', 'longer'], cells, { wrap: [0] }));
  return lines.join('\n');
}

/** What the rule for names and numbers of calls without audio comes to, as a line; null where they stay. */
export const namesText = ({ days, due }: NamesDue): string | null =>
  days === null
    ? null
    : `Names and numbers are removed ${n(days, 'day', 'days')} after there is no audio: ${due >= MOST_NAMES ? 'at least ' : ''}${n(due, 'call is', 'calls are')} due.`;

/** What confirms a preview on the command line. */
export const confirmOf = ({ asOf, digest }: Previewed): string => `${asOf}-${digest.slice(0, 12)}`;

/** Returns the time of the preview that is confirmed, ms since 1970. Throws `request_invalid`. */
export function confirmedAt(confirm: string, now: number): number {
  const [, at] = /^(\d{1,15})-[0-9a-f]{12}$/.exec(confirm) ?? [];
  if (at === undefined || Number(at) > now)
    throw fail('request_invalid', `--confirm ${confirm}: it is not one that a preview has shown.`);
  return Number(at);
}
