import { type AuditAction, auditGroups } from '../domain/assurance/audit.js';
import { counted, type Report, type Row } from '../domain/report/report.js';
import { durationText } from '../domain/written.js';
import { column, hidden, type Making, under } from './making.js';

const PAGE = 500;
/** So many people are in the table. */
const MOST_PEOPLE = 2_000;

type Counts = { plays: number; heardMs: number; downloads: number; exports: number; refused: number };

/** Who heard, downloaded or exported what in a period, with the numbers of the entries that say so. */
export function accessReport({ catalogue, period }: Making): Report {
  const people = new Map<string, Counts>();
  const totals = blank();

  function count(who: string, entry: { action: AuditAction; outcome: string; detail: Detail }): void {
    let theirs = people.get(who);
    if (!theirs && people.size < MOST_PEOPLE) {
      theirs = blank();
      people.set(who, theirs);
    }
    for (const counts of theirs ? [totals, theirs] : [totals]) {
      if (entry.outcome === 'refused') counts.refused += 1;
      else if (entry.action === 'heard') counts.heardMs += heardMs(entry.detail) ?? 0;
      // What was sent of a playback that began before is no other one.
      else if (entry.action === 'play') counts.plays += sentBytes(entry.detail) === null ? 1 : 0;
      else if (entry.action === 'download') counts.downloads += 1;
      else counts.exports += 1;
    }
  }

  return {
    title: 'Entries of the audit log',
    method:
      'Every entry of the audit log in the period that says that somebody played, heard, downloaded or exported something, or was refused to. The number of the entry stands first. "Heard" is what the dashboard says: what a player reported, as far as it had been sent. "Bytes sent" stands in entries about the end of a playback, which are not counted as another one.',
    columns: [
      column('entry', 'Entry', 'count', 9),
      column('at', 'When', 'time', 16),
      column('actor_name', 'Who', 'text', 20),
      under('actor_name', 'address', 'Address', 'text'),
      hidden('actor', 'text'),
      hidden('actor_id', 'text'),
      column('action', 'What', 'text', 12),
      column('outcome', 'Outcome', 'text', 10),
      hidden('object', 'text'),
      hidden('call_id', 'hash'),
      column('object_id', 'Of', 'text', 28),
      under('object_id', 'them_number', 'Other party', 'text'),
      under('object_id', 'them_name', 'Name', 'text'),
      column('heard_ms', 'Heard', 'duration', 10),
      under('heard_ms', 'sent_bytes', 'Bytes sent', 'count'),
      column('reason', 'Reason given', 'text', 20),
    ],
    async *rows() {
      for (let before: number | undefined; ; ) {
        const page = await catalogue.audit.entries({
          ...{ actions: auditGroups.hearing, from: period.begins, to: period.ends, limit: PAGE },
          ...(before === undefined ? {} : { before }),
        });
        for (const entry of page) {
          const { seq, at, actor, actor_name: name, object, object_id: id, reason } = entry;
          count(name || actor, entry);
          const call = object === 'call' && id !== '' ? await catalogue.calls.get(id) : null;
          yield [
            ...[seq, Date.parse(at), name, entry.address, actor, entry.actor_id, entry.action, entry.outcome],
            ...[object, object === 'call' ? id : null, id || object, call?.them.number ?? ''],
            ...[call?.them.name ?? '', entry.action === 'heard' ? heardMs(entry.detail) : null],
            ...[sentBytes(entry.detail), reason],
          ];
        }
        if (page.length < PAGE) return;
        before = page.at(-1)!.seq;
      }
    },
    findings: () => ({
      answer:
        people.size === 0
          ? ['Nobody played, downloaded or exported anything in this period.']
          : [
              `${counted(people.size, 'person or program', 'people and programs')} played recordings ${counted(totals.plays, 'time')}, downloaded ${totals.downloads}, and exported ${totals.exports} of recordings, lists and reports.`,
              `By what the dashboard reports, their players played ${durationText(totals.heardMs)} of what it had sent (hours, minutes and seconds). ${counted(totals.refused, 'attempt was', 'attempts were')} refused.`,
            ],
      caveats: people.size < MOST_PEOPLE ? [] : [`The table of people has the first ${MOST_PEOPLE} only.`],
      tables: [
        {
          key: 'people',
          title: 'By person',
          columns: [
            column('who', 'Who', 'text', 36),
            column('plays', 'Played', 'count', 12),
            column('heard_ms', 'Heard, as reported', 'duration', 14),
            column('downloads', 'Downloads', 'count', 14),
            column('exports', 'Exports', 'count', 12),
            column('refused', 'Refused', 'count', 12),
          ],
          rows: [...people].map(
            ([who, c]): Row => [who, c.plays, c.heardMs, c.downloads, c.exports, c.refused],
          ),
        },
      ],
    }),
  };
}

type Detail = Record<string, unknown>;
const heardMs = ({ total_ms: ms }: Detail): number | null => (typeof ms === 'number' ? ms : null);
/** How much of a playback was sent, in entries that say that. */
const sentBytes = ({ bytes }: Detail): number | null => (typeof bytes === 'number' ? bytes : null);
const blank = (): Counts => ({ plays: 0, heardMs: 0, downloads: 0, exports: 0, refused: 0 });
