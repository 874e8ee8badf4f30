import { times } from '../domain/days.js';
import type { Alarm } from '../domain/operations/alarm.js';
import { alarmInWords } from '../domain/operations/alarm-words.js';
import type { Notice } from '../domain/operations/notice.js';
import type { Say } from '../domain/reason/words.js';
import type { Origin } from './channel.js';

/** Words for a person who reads them at two in the morning: what, since when, what to do, where to look. */
export function mailText(notice: Notice, origin: Origin): { subject: string; text: string } {
  if (notice.checkpoint !== undefined) return checkpointText(notice.checkpoint, notice.at, origin);
  const time = times(origin.timeZone);
  const [first] = notice.alarms;
  const lines = [...opening(notice, time)];
  if (notice.kind === 'cleared' && first)
    lines.push('', `It stood from ${time(first.raisedAt)} to ${time(first.clearedAt ?? notice.at)}.`);
  else if (notice.kind !== 'test') for (const alarm of notice.alarms) lines.push('', ...about(alarm, time));
  lines.push(
    '',
    `How things are now: ${origin.healthUrl}`,
    '',
    '-- ',
    `Tapedeck at ${clean(origin.site)}. Times are in ${origin.timeZone}.`,
    'One mail when something begins, one when it is over, and one a day while something critical lasts.',
  );
  return { subject: subject(notice, origin.site, time), text: `${lines.join('\n')}\n` };
}

/** The note stands in it as it is, so that a file of saved mails is a file of checkpoints. */
function checkpointText(note: string, at: number, origin: Origin): { subject: string; text: string } {
  const time = times(origin.timeZone)(at);
  return {
    subject: `${where(origin.site)} Checkpoint of the audit log, ${time}`,
    text: [
      'Keep this mail where nobody who runs the recorder can change it. It proves what the audit log was at that time:',
      'that nothing has since been cut off or written anew.',
      '',
      note.trimEnd(),
      '',
      'To compare the log with it: tapedeck audit verify --checkpoint FILE (this mail, saved).',
      '',
      '-- ',
      `Tapedeck at ${clean(origin.site)}. ${time} in ${origin.timeZone}. One mail a day.`,
      '',
    ].join('\n'),
  };
}

/** What a subject begins with. */
export const where = (site: string): string =>
  clean(site) === 'Tapedeck' ? '[Tapedeck]' : `[Tapedeck ${clean(site)}]`;

function subject(notice: Notice, site: string, time: Say): string {
  return `${where(site)} ${headline(notice, time)}`.slice(0, 180);
}

const messageOf = (alarm: Alarm, time: Say): string => clean(alarmInWords(alarm.why, time).message);

function headline({ kind, alarms }: Notice, time: Say): string {
  const [first] = alarms;
  if (kind === 'test') return 'Test message';
  if (kind === 'summary') return `${alarms.length} alarms in a short time`;
  if (!first) return 'Alarm';
  const message = messageOf(first, time);
  if (kind === 'cleared') return `Over: ${message}`;
  const word = first.severity === 'critical' ? 'CRITICAL' : 'Warning';
  return kind === 'reminder' ? `Still ${word}: ${message}` : `${word}: ${message}`;
}

function opening(notice: Notice, time: Say): string[] {
  const [first] = notice.alarms;
  switch (notice.kind) {
    case 'test':
      return [
        `This is a test, sent ${time(notice.at)}. Nothing is wrong.`,
        '',
        'Alarms of Tapedeck will reach you like this.',
      ];
    case 'summary':
      return [
        `${notice.alarms.length} alarms came in a short time, and this is all of them in one message.`,
        'So many at once often have one cause: look at the first of them.',
      ];
    case 'cleared':
      return ['This is over:', '', `  ${first ? messageOf(first, time) : ''}`];
    case 'reminder':
      return ['This still stands, a day after the last mail about it.'];
    default:
      return ['Something needs you.'];
  }
}

function about(alarm: Alarm, time: Say): string[] {
  const { message, hint } = alarmInWords(alarm.why, time);
  const state = alarm.clearedAt === null ? alarm.severity : `over since ${time(alarm.clearedAt)}`;
  return [
    `What        ${clean(message)}`,
    `Severity    ${state}`,
    `Since       ${time(alarm.raisedAt)}`,
    ...(alarm.clearedAt === null ? [`What to do  ${clean(hint)}`] : []),
  ];
}

/** Text as one line of a mail: nothing that begins another line, turns it or hides in it. */
export const clean = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
