import { coverageRows } from '../catalogue/coverage.js';
import { bounds, createReport, type Judged, percentOf } from '../domain/assurance/coverage.js';
import { CAVEATS, type Caveat, caveatsOf } from '../domain/assurance/coverage-caveats.js';
import { filledFrom } from '../domain/assurance/coverage-view.js';
import { unmonitored } from '../domain/assurance/unmonitored.js';
import { daysOf } from '../domain/days.js';
import type { PbxId } from '../domain/pbx.js';
import { inWords } from '../domain/reason/words.js';
import { counted, numberText, type Report, type Row } from '../domain/report/report.js';
import { column, hidden, type Making, under } from './making.js';

type Totals = ReturnType<ReturnType<typeof createReport>['counted']>['totals'];
const NOTHING = { unwitnessed: 0, pending: 0 };
/** Every report says these of its period. */
const OF_PERIOD: ReadonlySet<Caveat> = new Set(['not_installed', 'partly_not_installed', 'future']);

/** What became of every answered call of a period, compared with Asterisk's own CDRs; and when nobody was watching. */
export function coverageReport({ catalogue, period, now, say }: Making): Report {
  let totals: Totals | null = null;
  const days: Row[] = [];

  function add(more: Totals): void {
    if (totals === null) totals = { ...more };
    else for (const key of Object.keys(more) as (keyof Totals)[]) totals[key] += more[key];
  }

  return {
    title: 'Answered calls',
    method:
      "Every answered call of the period, by either account: Tapedeck's own, and Asterisk's CDRs. It is worked out day by day, by the day on which a call began.",
    columns: [
      column('started_at', 'Call began', 'time', 16),
      hidden('call_id', 'hash'),
      hidden('linkedid', 'text'),
      hidden('direction', 'text'),
      column('them_number', 'Other party', 'text', 20),
      under('them_number', 'them_name', 'Name', 'text'),
      column('us_number', 'At', 'text', 16),
      under('us_number', 'us_name', 'Name', 'text'),
      column('status', 'Status', 'text', 14),
      column('finding', 'Finding', 'text', 14),
      column('pbx_ms', 'By the PBX', 'duration', 11),
      column('recording_ms', 'Recorded', 'duration', 11),
      hidden('missing_ms', 'duration'),
      column('rule', 'Rule', 'text', 14),
      column('reason', 'Why', 'text', 30),
      hidden('pbx', 'text'),
    ],
    async *rows() {
      const spans = await catalogue.ledger.spans();
      const witness = (on: PbxId) => spans.find(({ pbx }) => pbx === on)?.witness ?? null;
      for (const day of daysOf(period).reverse()) {
        const one = { from: day, to: day, zone: period.zone };
        const counting = createReport(one, { filter: 'all', witness, now });
        for await (const rows of coverageRows(catalogue, bounds(one)))
          for (const judged of counting.add(rows)) yield rowOf(judged, say);
        const { totals: its } = counting.counted();
        add(its);
        if (its.answered > 0) days.push(dayRow(day, its));
      }
    },
    async findings() {
      const range = { from: period.begins, to: period.ends };
      const blind = await catalogue.watch.windows(range);
      const unheard = await catalogue.listening.windows(range);
      const sources = await catalogue.ledger.sources();
      const unfilled = unheard.filter((gap) => filledFrom(gap, sources).length === 0);
      const grounds = { ...range, now, spans: await catalogue.ledger.spans(), blind, unfilled };
      const { gaps: times, lostMs } = unmonitored([...blind, ...unheard], { ...range, now });
      const gaps = [
        ...blind.map((gap) => ({ ...gap, what: 'calls' })),
        ...unheard.map((gap) => ({ ...gap, what: 'CDRs' })),
      ];
      const open = times.filter(({ to }) => to === null).length;
      return {
        answer: [
          ...answerOf(totals),
          gaps.length === 0
            ? 'There was no monitoring gap.'
            : `There ${times.length === 1 ? 'was' : 'were'} ${counted(times.length, 'monitoring gap')} of ${numberText(Math.round(lostMs / 60_000))} min of this period in all${open > 0 ? `, of which ${open} still ${open === 1 ? 'lasts' : 'last'}` : ''}. When neither calls nor CDRs of a PBX were monitored, that is one gap.`,
        ],
        caveats: caveatsOf({ ...grounds, totals: totals ?? NOTHING })
          .filter((code) => !OF_PERIOD.has(code))
          .map((code) => CAVEATS[code]),
        tables: [
          {
            key: 'gaps',
            title: 'Monitoring gaps',
            columns: [
              column('what', 'Of', 'text', 10),
              column('from', 'From', 'time', 22),
              column('to', 'To', 'time', 22),
              column('length', 'Length', 'duration', 14),
              column('reason', 'Why', 'text', 44),
            ],
            rows: gaps.map(({ what, from, to, why }) => [
              ...[what, from, to, (to ?? now) - from, inWords(why, say)],
            ]),
          },
          {
            key: 'days',
            title: 'By day',
            columns: [
              column('day', 'Day', 'text', 12),
              column('answered', 'Answered', 'count', 10),
              column('recorded', 'Recorded', 'count', 10),
              column('partial', 'Partly', 'count', 9),
              column('not_recorded', 'Not recorded', 'count', 10),
              column('excluded', 'Excluded', 'count', 10),
              column('declined', 'Declined', 'count', 10),
              column('not_kept', 'Not kept', 'count', 9),
              column('pending', 'Not sealed yet', 'count', 10),
              column('percent', 'Covered, %', 'text', 10),
            ],
            rows: days,
          },
        ],
      };
    },
  };
}

function rowOf(j: Judged, say: (ms: number) => string): Row {
  const them = j.call?.them ?? { number: j.pbx?.src ?? '', name: j.pbx?.name ?? '' };
  const us = j.call?.us ?? { number: j.pbx?.dst ?? '', name: '' };
  return [
    ...[j.startedAt, j.call?.id ?? null, j.pbx?.linkedid ?? null, j.call?.direction ?? null],
    ...[them.number, them.name, us.number, us.name, j.status.replaceAll('_', ' '), j.finding],
    ...[j.pbxMs, j.recordingMs, j.missingMs, j.rule, inWords(j.why, say), j.on],
  ];
}

const STATUSES = [
  ['recorded', 'recorded in full'],
  ['partial', 'recorded in part'],
  ['not_recorded', 'not recorded'],
  ['excluded', 'not to be recorded, by a rule'],
  ['declined', 'declined'],
  ['not_kept', 'destroyed at its end, by a rule'],
  ['pending', 'not decided or sealed yet'],
] as const;

function answerOf(totals: Totals | null): string[] {
  if (totals === null || totals.answered === 0)
    return ['No answered call is known of this period.', ...importedIn(totals)];
  const percent = percentOf(totals);
  const parts = STATUSES.flatMap(([key, said]) =>
    totals[key] === 0 ? [] : [`${numberText(totals[key])} ${said}`],
  );
  return [
    totals.not_recorded + totals.partial === 0
      ? `No recording is missing from ${counted(totals.answered, 'answered call')}.`
      : `Of ${counted(totals.answered, 'answered call')}, ${numberText(totals.not_recorded)} ${totals.not_recorded === 1 ? 'was' : 'were'} not recorded and ${numberText(totals.partial)} in part only.`,
    `By status: ${parts.join(', ')}.`,
    ...importedIn(totals),
    ...(percent === null
      ? []
      : [
          `${percent} % of the ${counted(totals.eligible, 'call')} that had to be recorded ${totals.eligible === 1 ? 'was' : 'were'}, in full or in part.`,
        ]),
  ];
}

/** What another recorder recorded is no answer to what Tapedeck covered. */
const importedIn = (totals: Totals | null): string[] =>
  totals?.imported
    ? [`${counted(totals.imported, 'call')} imported from another recorder: not counted.`]
    : [];

const dayRow = (day: string, t: Totals): Row => [
  ...[day, t.answered, t.recorded, t.partial, t.not_recorded, t.excluded],
  ...[t.declined, t.not_kept, t.pending],
  percentOf(t) === null ? '' : String(percentOf(t)),
];
