import { type Static, Type } from 'typebox';
import { PbxId } from '../pbx.js';
import { orNull } from '../reason/coded.js';
import { reasonShape } from '../reason/reason.js';
import { alarmShape } from './alarm-codes.js';
import { JobView } from './job.js';

/** What the daemon says of itself over its control socket. Times are ISO 8601 in UTC. */
const Time = Type.String({ format: 'date-time' });
const Severity = Type.Union([Type.Literal('warning'), Type.Literal('critical')]);
const Who = Type.Object({ number: Type.String(), name: Type.String(), ours: Type.Boolean() });

const Health = Type.Object({
  level: Type.Union([Type.Literal('green'), Type.Literal('amber'), Type.Literal('red')]),
  problems: Type.Array(Type.Object({ code: Type.String(), severity: Severity, ...alarmShape }), {
    description: 'The worst first.',
  }),
});

const BriefPbx = Type.Object({
  id: PbxId,
  name: Type.String({ description: 'As tapedeck.toml has it.' }),
  ari: Type.Boolean(),
  ami: Type.Boolean(),
  version: Type.String(),
  problem: orNull(Type.Object({ message: Type.String(), hint: Type.String() })),
  calls_now: Type.Integer(),
  recording_now: Type.Integer(),
});
const PbxStatus = Type.Object({
  ...BriefPbx.properties,
  last_event_at: orNull(Time),
  captures: Type.Object({
    begun: Type.Integer({ description: 'Since the recorder was started.' }),
    failed: Type.Integer(),
    failed_lately: Type.Integer({ description: 'In the last quarter of an hour.' }),
  }),
  test_call: orNull(
    Type.Object({
      at: Time,
      outcome: Type.Enum(['ok', 'failed', 'skipped', 'not_set_up']),
      message: Type.String(),
    }),
  ),
});

const IN_ORDER = { description: 'In the order of tapedeck.toml: the one without an id is the first.' };

/** As much as every page shows. */
export const BriefStatus = Type.Object({
  pbxes: Type.Array(BriefPbx, IN_ORDER),
  calls_now: Type.Integer(),
  recording_now: Type.Integer(),
  preserving: Type.Integer(),
  health: Health,
});

const LiveCall = Type.Object({
  id: Type.String(),
  pbx: PbxId,
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]),
  them: Who,
  us: Who,
  since: Time,
  answered_at: orNull(Time),
  recorded: Type.Boolean(),
  why: Type.String({ description: 'Why it is recorded, or why it is not.' }),
});

const AlarmView = Type.Object({
  key: Type.String(),
  severity: Severity,
  ...alarmShape,
  raised_at: Time,
  cleared_at: orNull(Time),
});

const Held = Type.Object({ recordings: Type.Integer(), bytes: Type.Integer() });

const AlertChannel = Type.Object({
  channel: Type.String({ description: '"mail" or "webhook".' }),
  target: Type.String({ description: 'Whom it goes to; of a webhook only the server.' }),
  waiting: Type.Integer({ description: 'Messages that nobody has taken yet.' }),
  last_sent_at: orNull(Time),
  failing_since: orNull(Time),
  problem: Type.String(),
});

export const DaemonStatus = Type.Object({
  ...BriefStatus.properties,
  pbxes: Type.Array(PbxStatus, IN_ORDER),
  reminders: Type.Array(
    Type.Object({
      code: Type.Enum(['alerts_off', 'test_calls_off']),
      message: Type.String(),
      hint: Type.String(),
    }),
    { description: 'Why a problem could go unnoticed. They do not change the level.' },
  ),
  since: orNull(Type.String({ format: 'date-time', description: 'When it was started.' })),
  calls: Type.Array(LiveCall),
  preserve: Type.Object({
    waiting: Type.Integer({ description: 'Ended calls whose recording is still to be made.' }),
    oldest_ms: orNull(Type.Integer()),
  }),
  processor: orNull(
    Type.Object(
      {
        known: Type.Boolean({ description: 'Whether the kernel reports it.' }),
        short: Type.Boolean({
          description: 'Calls need the processor: no recording is processed until that is over.',
        }),
        waiting: Type.Integer({ description: 'Recordings that wait for processor time.' }),
        oldest_at: orNull(
          Type.String({ format: 'date-time', description: 'When the call of the first of them ended.' }),
        ),
      },
      {
        description:
          'Whether there is processor time for recordings beside the calls; null when none waits for it.',
      },
    ),
  ),
  encoder: orNull(
    Type.Enum(['separate', 'recorder'], {
      description: "Which user runs ffmpeg: the encoder's, or the recorder's own.",
    }),
  ),
  disk: orNull(
    Type.Object({
      free_bytes: Type.Integer(),
      total_bytes: Type.Integer(),
      per_day_bytes: orNull(Type.Integer()),
      days_left: orNull(Type.Number()),
    }),
  ),
  stored: Type.Object(Held.properties, { description: 'Sealed recordings in the data directory.' }),
  archive: orNull(
    Type.Object(
      {
        directory: Type.String({ description: 'Empty when none is configured any more.' }),
        problem: orNull(Type.String({ description: 'Why it cannot be used.' })),
        free_bytes: orNull(Type.Integer()),
        total_bytes: orNull(Type.Integer()),
        archive: Held,
        to_remove: Type.Integer({
          description: 'Erased recordings whose files are still there, because it could not be reached.',
        }),
      },
      { description: 'The archive, and what is there; null when there is none.' },
    ),
  ),
  backups: orNull(
    Type.Object(
      {
        made_at: orNull(Time),
        checked_at: orNull(Time),
        drilled_at: orNull(Time),
        late: Type.Array(Type.Enum(['made', 'checked', 'drilled']), {
          description: 'What an alarm says is overdue.',
        }),
      },
      {
        description:
          'When a backup was last made, read again without a fault, and restored for trial without a fault; null when none are made.',
      },
    ),
  ),
  scrub: orNull(
    Type.Object(
      {
        recordings: Type.Integer(),
        oldest_check_at: orNull(Time),
        within_days: Type.Integer(),
        in_time: Type.Boolean({ description: 'Every recording was read again within so many days.' }),
        damaged: Type.Integer({ description: 'Not as they were sealed.' }),
        unsigned: Type.Integer({ description: 'Without a manifest yet: sealed before there were any.' }),
        reading: Type.Boolean(),
        waits_for: orNull(Type.String()),
        last_night_at: orNull(Time),
      },
      { description: 'That recordings are as they were sealed; null until that was looked at.' },
    ),
  ),
  jobs: Type.Array(JobView, { description: 'The newest job of each kind.' }),
  erasing: orNull(
    Type.Object(
      {
        why: Type.Enum(['retention', 'by_hand']),
        of: Type.Integer({ description: 'How many it would erase.' }),
        erased: Type.Integer(),
        failed: Type.Integer(),
        started_at: Time,
      },
      { description: 'What is being erased at the moment; null for nothing.' },
    ),
  ),
  blind: Type.Array(Type.Object({ pbx: PbxId, from: Time, to: orNull(Time), ...reasonShape }), {
    description: 'Monitoring gaps (times when a PBX was not watched) in the last 7 days; newest first.',
  }),
  alarms: Type.Array(AlarmView, { description: 'Those that stand, newest first.' }),
  past_alarms: Type.Array(AlarmView, { description: 'The last ones that are over, newest first.' }),
  alerts: Type.Array(AlertChannel),
  event_loop_p99_ms: orNull(Type.Number()),
});
export type DaemonStatus = Static<typeof DaemonStatus>;

/** What the dashboard and `tapedeck status` say when the daemon does not answer. */
export function downStatus(message: string, hint: string): DaemonStatus {
  return {
    pbxes: [],
    calls_now: 0,
    recording_now: 0,
    preserving: 0,
    health: {
      level: 'red',
      problems: [{ code: 'daemon_down', severity: 'critical', message, hint, why: null }],
    },
    reminders: [],
    since: null,
    calls: [],
    preserve: { waiting: 0, oldest_ms: null },
    processor: null,
    encoder: null,
    disk: null,
    stored: { recordings: 0, bytes: 0 },
    archive: null,
    backups: null,
    scrub: null,
    jobs: [],
    erasing: null,
    blind: [],
    alarms: [],
    past_alarms: [],
    alerts: [],
    event_loop_p99_ms: null,
  };
}
