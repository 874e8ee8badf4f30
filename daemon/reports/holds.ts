import { counted, type Report, type Row } from '../domain/report/report.js';
import type { Matter } from '../domain/retention/hold.js';
import { column, hidden, type Making, under } from './making.js';

const PAGE = 200;

/** What legal holds hold, and which were opened or released in the period. */
export function holdsReport({ catalogue, period }: Making): Report {
  const matters: { matter: Matter; released: number | null }[] = [];
  /** Those that another matter of the report holds too are counted once. */
  let recordings = 0;

  const within = (at: number | null) => at !== null && at >= period.begins && at < period.ends;

  /** Held in the period: opened before its end, and not released before its beginning. */
  const inPeriod = async (): Promise<Matter[]> =>
    (await catalogue.holds.list()).filter(
      ({ openedAt, releasedAt }) => openedAt < period.ends && (releasedAt ?? period.ends) >= period.begins,
    );

  return {
    title: 'Recordings that these matters hold',
    method:
      'Every matter that was open at some time of the period, with the recordings that it holds now. A released matter holds nothing any more, so it is in the table of matters only.',
    columns: [
      column('matter', 'Matter', 'text', 22),
      hidden('matter_id', 'hash'),
      column('recording_id', 'Recording', 'hash', 30),
      hidden('call_id', 'hash'),
      column('held_since', 'Held since', 'time', 17),
      column('why', 'Held because', 'text', 14),
      column('by', 'By', 'text', 14),
      column('call_started_at', 'Call began', 'time', 17),
      column('them_number', 'Other party', 'text', 20),
      under('them_number', 'them_name', 'Name', 'text'),
      column('keep_until', 'Kept until, without it', 'time', 17),
    ],
    async *rows() {
      const shown = await inPeriod();
      for (const matter of shown) {
        matters.push({ matter, released: matter.releasedAt });
        for (let after = 0; ; ) {
          const items = await catalogue.holds.items(matter.id, after, PAGE);
          const holding = await catalogue.holds.of(items.map(({ recordingId }) => recordingId));
          for (const item of items) {
            const first = shown.find(({ id }) =>
              holding.some((one) => one.recordingId === item.recordingId && one.matter === id),
            );
            if (first === undefined || first.id === matter.id) recordings += 1;
            const call = await catalogue.calls.get(item.callId);
            yield [
              ...[matter.name, matter.id, item.recordingId, item.callId, item.at],
              ...[item.why === 'query' ? 'query' : 'picked by hand', item.by, call?.startedAt ?? null],
              ...[call?.them.number ?? '', call?.them.name ?? '', call?.recording?.keepUntil ?? null],
            ];
          }
          if (items.length < PAGE) break;
          after = items.at(-1)!.seq;
        }
      }
    },
    findings() {
      const open = matters.filter(({ released }) => released === null).length;
      const opened = matters.filter(({ matter }) => within(matter.openedAt)).length;
      const released = matters.filter((one) => within(one.released)).length;
      return {
        answer:
          matters.length === 0
            ? ['No legal hold was in force in this period.']
            : [
                `${counted(matters.length, 'legal hold was', 'legal holds were')} in force in this period: ${counted(opened, 'was', 'were')} opened and ${counted(released, 'was', 'were')} released in it.`,
                `${counted(open, 'is', 'are')} open now. Together they hold ${counted(recordings, 'recording')}.`,
              ],
        caveats: [],
        tables: [
          {
            key: 'matters',
            title: 'Matters',
            columns: [
              column('matter', 'Matter', 'text', 24),
              column('reason', 'Reason', 'text', 30),
              column('opened_at', 'Opened', 'time', 18),
              column('opened_by', 'By', 'text', 16),
              column('released_at', 'Released', 'time', 18),
              column('by_query', 'By query', 'count', 10),
              column('picked', 'By hand', 'count', 10),
            ],
            rows: matters.map(
              ({ matter: m }): Row => [
                ...[m.name, m.reason, m.openedAt, m.openedBy, m.releasedAt, m.held.query, m.held.picked],
              ],
            ),
          },
        ],
      };
    },
  };
}
