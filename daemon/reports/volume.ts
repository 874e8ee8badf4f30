import type { StoredCall } from '../catalogue/stored-call.js';
import { daysOf, wallClock } from '../domain/days.js';
import { counted, numberText, type Report, type Row, type Table } from '../domain/report/report.js';
import { callPages, column, type Making } from './making.js';

type Counts = { calls: number; in: number; out: number; internal: number; answered: number; talkMs: number };

/** So many extensions, and so many queues, are in their tables: those with the most calls. */
const MOST_NAMES = 200;
/** So many may be counted at all; what comes after is in the figures of the days alone. */
const MOST_COUNTED = 20_000;
/** A period of more days has a bar for each month. */
const MOST_BARS = 62;

/** How many calls there were in a period: by day, hour of the day, extension and queue. */
export function volumeReport({ catalogue, period }: Making): Report {
  const total = blank();
  const by = {
    day: new Map<string, Counts>(),
    month: new Map<string, Counts>(),
    hour: new Map<string, Counts>(),
    extension: new Map<string, Counts>(),
    queue: new Map<string, Counts>(),
  };
  for (let hour = 0; hour < 24; hour += 1) by.hour.set(`${String(hour).padStart(2, '0')}:00`, blank());

  function count(call: StoredCall): void {
    const { date, time } = wallClock(call.startedAt, period.zone);
    const of: [keyof typeof by, string][] = [
      ['day', date],
      ['month', date.slice(0, 7)],
      ['hour', `${time.slice(0, 2)}:00`],
      ['extension', call.us.number],
      ['queue', call.queue],
    ];
    add(total, call);
    for (const [what, name] of of) {
      if (name === '') continue;
      let counts = by[what].get(name);
      if (!counts) {
        if (by[what].size >= MOST_COUNTED) continue;
        counts = blank();
        by[what].set(name, counts);
      }
      add(counts, call);
    }
  }

  const sorted = (counts: Map<string, Counts>): [string, Counts][] =>
    [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const busiest = (counts: Map<string, Counts>): [string, Counts][] =>
    sorted(counts).sort(([, a], [, b]) => b.calls - a.calls);

  /** The days from the first with a call to the last, those between without one too. */
  function everyDay(): [string, Counts][] {
    const found = sorted(by.day);
    const [first, last] = [found[0], found.at(-1)];
    if (!first || !last) return [];
    return daysOf({ from: first[0], to: last[0] }).map((day) => [day, by.day.get(day) ?? blank()]);
  }

  return {
    title: 'By day',
    method:
      'Every call that began in the period, answered or not, counted by the day and the hour at the site in which it began, by the extension that was on it, and by the queue that it came into.',
    columns: [column('day', 'Day', 'text', 16), ...COLUMNS],
    async *rows() {
      for await (const page of callPages(catalogue, period)) for (const call of page) count(call);
      for (const [day, counts] of everyDay()) yield rowOf(day, counts);
    },
    findings() {
      const hours = busiest(by.hour);
      const days = busiest(by.day);
      const bars = everyDay().length > MOST_BARS ? 'month' : 'day';
      const names = (what: 'extension' | 'queue', title: string): Table => ({
        ...{ key: what, title },
        columns: [column(what, what === 'queue' ? 'Queue' : 'Extension', 'text', 20), ...COLUMNS],
        rows: busiest(by[what])
          .slice(0, MOST_NAMES)
          .map(([name, counts]) => rowOf(name, counts)),
      });
      return {
        answer:
          total.calls === 0
            ? ['There was no call in this period.']
            : [
                `There ${total.calls === 1 ? 'was' : 'were'} ${counted(total.calls, 'call')}: ${numberText(total.in)} in, ${numberText(total.out)} out and ${numberText(total.internal)} internal. ${counted(total.answered, 'was', 'were')} answered.`,
                `The busiest day was ${days[0]![0]} with ${counted(days[0]![1].calls, 'call')}, the busiest hour of the day ${hours[0]![0]} with ${numberText(hours[0]![1].calls)} in all.`,
              ],
        caveats: [by.extension, by.queue].some(({ size }) => size > MOST_NAMES)
          ? [`The tables of extensions and queues have the ${MOST_NAMES} with the most calls.`]
          : [],
        tables: [
          {
            key: 'bars',
            title: bars === 'day' ? 'Calls by day' : 'Calls by month',
            columns: [
              column(bars, bars === 'day' ? 'Day' : 'Month', 'text', 50),
              column('calls', 'Calls', 'count', 50),
            ],
            rows: (bars === 'day' ? everyDay() : sorted(by.month)).map(([name, { calls }]) => [name, calls]),
            chart: bars === 'day' ? 'alone' : 'beside',
          },
          {
            key: 'hours',
            title: 'Calls by hour of the day',
            columns: [column('hour', 'Hour', 'text', 50), column('calls', 'Calls', 'count', 50)],
            rows: sorted(by.hour).map(([name, { calls }]) => [name, calls]),
            chart: 'beside',
          },
          names('extension', 'By extension'),
          names('queue', 'By queue'),
        ],
      };
    },
  };
}

const COLUMNS = [
  column('calls', 'Calls', 'count', 12),
  column('in', 'In', 'count', 12),
  column('out', 'Out', 'count', 12),
  column('internal', 'Internal', 'count', 12),
  column('answered', 'Answered', 'count', 14),
  column('talk_ms', 'Talked', 'duration', 14),
];

const blank = (): Counts => ({ calls: 0, in: 0, out: 0, internal: 0, answered: 0, talkMs: 0 });

function add(counts: Counts, { direction, answeredAt, endedAt }: StoredCall): void {
  counts.calls += 1;
  counts[direction] += 1;
  if (answeredAt === null) return;
  counts.answered += 1;
  counts.talkMs += Math.max(0, (endedAt ?? answeredAt) - answeredAt);
}

const rowOf = (name: string, c: Counts): Row => [
  ...[name, c.calls, c.in, c.out, c.internal, c.answered, c.talkMs],
];
