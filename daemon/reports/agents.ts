import { counted, type Report, type Row } from '../domain/report/report.js';
import { callPages, column, hidden, type Making, under } from './making.js';

const MOST_AGENTS = 5_000;

/** Every call of a period by our person on it and by date: the catalogue that FINRA Rule 3170 asks for. */
export function agentsReport({ catalogue, period }: Making): Report {
  const agents = new Map<
    string,
    { number: string; name: string; calls: number; recorded: number; ms: number; first: number; last: number }
  >();
  let calls = 0;
  let recorded = 0;

  return {
    title: 'Calls by date',
    method:
      'Every call that began in the period, newest first, with the person of the site who was on it. Sort or filter the CSV by us_number for the calls of one person. FINRA Rule 3170 asks for retained recordings to be catalogued by registered person and date.',
    columns: [
      column('started_at', 'Call began', 'time', 16),
      column('us_number', 'Person', 'text', 20),
      under('us_number', 'us_name', 'Name', 'text'),
      hidden('call_id', 'hash'),
      column('direction', 'Direction', 'text', 11),
      column('them_number', 'Other party', 'text', 22),
      under('them_number', 'them_name', 'Name', 'text'),
      column('queue', 'Queue', 'text', 14),
      column('outcome', 'Outcome', 'text', 12),
      column('talk_ms', 'Talked', 'duration', 10),
      column('recording', 'Recording', 'text', 14),
      column('recording_id', 'Recording', 'hash', 26),
      column('keep_until', 'Kept until', 'time', 16),
    ],
    async *rows() {
      for await (const page of callPages(catalogue, period))
        for (const call of page) {
          const { us, them, recording: r } = call;
          const talkMs =
            call.answeredAt === null || call.endedAt === null ? null : call.endedAt - call.answeredAt;
          const kept = r?.state === 'sealed';
          calls += 1;
          if (kept) recorded += 1;
          const key = `${us.number}\n${us.name}`;
          const agent = agents.get(key) ?? {
            ...{ number: us.number, name: us.name, calls: 0, recorded: 0, ms: 0 },
            ...{ first: call.startedAt, last: call.startedAt },
          };
          agent.first = Math.min(agent.first, call.startedAt);
          agent.last = Math.max(agent.last, call.startedAt);
          agent.calls += 1;
          agent.ms += talkMs ?? 0;
          if (kept) agent.recorded += 1;
          if (agents.size < MOST_AGENTS) agents.set(key, agent);
          yield [
            ...[call.startedAt, us.number, us.name, call.id, call.direction, them.number, them.name],
            ...[
              call.queue,
              call.outcome?.replaceAll('_', ' ') ?? null,
              talkMs,
              call.coverage.status.replaceAll('_', ' '),
            ],
            ...[r?.id ?? null, r?.keepUntil ?? null],
          ];
        }
    },
    findings: () => ({
      answer: [
        `${counted(calls, 'call')} of ${counted(agents.size, 'person', 'people')} began in this period. ${counted(recorded, 'has', 'have')} a recording that is kept.`,
      ],
      caveats: agents.size < MOST_AGENTS ? [] : [`The table of people has the first ${MOST_AGENTS} only.`],
      tables: [
        {
          key: 'people',
          title: 'By person',
          columns: [
            column('us_number', 'Number', 'text', 14),
            column('us_name', 'Name', 'text', 24),
            column('calls', 'Calls', 'count', 10),
            column('recorded', 'Recordings kept', 'count', 14),
            column('talk_ms', 'Talked', 'duration', 12),
            column('first_at', 'First call', 'time', 18),
            column('last_at', 'Last call', 'time', 18),
          ],
          rows: [...agents.values()]
            .sort((a, b) => (a.number < b.number ? -1 : a.number > b.number ? 1 : 0))
            .map((a): Row => [a.number, a.name, a.calls, a.recorded, a.ms, a.first, a.last]),
        },
      ],
    }),
  };
}
