import type { Static } from 'typebox';
import { publicMessage } from '../../../daemon/domain/operations/health.js';
import { downStatus } from '../../../daemon/domain/operations/status.js';
import { reasonView } from '../../../daemon/domain/reason/words.js';
import type { CallSummary } from '../../../web/calls/schemas.js';
import type { StatusView } from '../../../web/health/schemas.js';
import { noted } from '../words.js';
import type { State } from './fake-data.js';

type Status = Static<typeof StatusView>;

/** What the daemon might say of itself. */
export function statusOf(state: State, calls: CallSummary[], now: number): Status {
  if (state === 'down') {
    const hint = 'Start it with "tapedeck run" (systemctl start tapedeck) and try again.';
    return { daemon: 'down', ...downStatus(publicMessage('daemon_down'), hint) };
  }
  const ago = (ms: number) => new Date(now - ms).toISOString();
  const live = calls.filter((c) => c.state === 'live');
  const waiting = calls.filter((c) => c.state === 'ended' && c.coverage.status === 'pending').length;
  const trouble = state === 'trouble';
  const hint = 'Check that Asterisk runs and that http.conf listens where tapedeck.toml says.';
  const silent = {
    message: 'Asterisk says that it records and no audio arrives: calls are lost.',
    hint: 'Look at the free space of the PBX and at the owner of its spool directory recording/.',
  };
  const seen: Status['calls'] = live.map((c) => ({
    id: c.id,
    direction: c.direction,
    them: c.them,
    us: c.us,
    since: c.started_at,
    answered_at: c.answered_at,
    recorded: true,
    why: 'No rule excludes it.',
  }));
  const [first] = seen;
  if (trouble && first)
    seen.push(
      {
        ...first,
        id: `${first.id}1`,
        answered_at: null,
        since: ago(4_000),
        recorded: false,
        why: 'Recording begins with the answer.',
      },
      {
        ...first,
        id: `${first.id}2`,
        direction: 'internal',
        recorded: false,
        why: 'Agreed with the works council on 3 March 2025.',
      },
      {
        ...first,
        id: `${first.id}3`,
        direction: 'out',
        recorded: false,
        why: 'The PBX could not be made to record.',
      },
    );
  return {
    daemon: 'up',
    pbx: { ari: !trouble, ami: true, version: '22.5.2', problem: null },
    calls_now: seen.length,
    recording_now: live.length,
    preserving: waiting,
    health: trouble
      ? {
          level: 'red',
          problems: [
            { code: 'pbx_ari_down', severity: 'critical', message: publicMessage('pbx_ari_down'), hint },
            { code: 'alarm', severity: 'critical', ...silent },
            {
              code: 'disk_low',
              severity: 'warning',
              message: publicMessage('disk_low'),
              hint: 'Make room on the disk of the data directory, or keep recordings for a shorter time.',
            },
          ],
        }
      : { level: 'green', problems: [] },
    reminders: [],
    since: ago(11 * 86_400_000),
    last_event_at: state === 'empty' ? null : ago(2_000),
    calls: seen,
    captures: {
      begun: state === 'empty' ? 0 : 4113,
      failed: trouble ? 7 : 0,
      failed_lately: trouble ? 2 : 0,
    },
    preserve: { waiting, oldest_ms: waiting > 0 ? 41_000 : null },
    disk:
      state === 'empty'
        ? null
        : {
            free_bytes: trouble ? 11e9 : 412e9,
            total_bytes: 1e12,
            per_day_bytes: 1.1e9,
            days_left: trouble ? 10 : 374.5,
          },
    test_call:
      state === 'empty'
        ? null
        : {
            at: ago(5 * 3_600_000),
            outcome: trouble ? 'failed' : 'ok',
            message: trouble ? 'Nothing was heard on the left side.' : '',
          },
    scrub: {
      recordings: state === 'empty' ? 0 : 4113,
      oldest_check_at: state === 'empty' ? null : ago((trouble ? 41 : 12) * 86_400_000),
      within_days: 30,
      in_time: !trouble,
      damaged: trouble ? 2 : 0,
      unsigned: trouble ? 318 : 0,
      reading: false,
      waits_for: null,
      last_night_at: state === 'empty' ? null : ago(7 * 3_600_000),
    },
    blind: trouble
      ? [
          { from: ago(90_000), to: null, ...reasonView(noted('The PBX does not answer over ARI.')) },
          {
            from: ago(2 * 86_400_000),
            to: ago(2 * 86_400_000 - 252_000),
            ...reasonView(noted('The recorder was restarted.')),
          },
        ]
      : [],
    alarms: trouble
      ? [
          {
            key: 'health pbx',
            severity: 'critical',
            message: publicMessage('pbx_ari_down'),
            hint,
            raised_at: ago(88_000),
            cleared_at: null,
          },
          {
            key: 'capture_silent',
            severity: 'critical',
            ...silent,
            raised_at: ago(600_000),
            cleared_at: null,
          },
        ]
      : [],
    past_alarms:
      state === 'empty'
        ? []
        : [
            {
              key: 'health preserve_behind',
              severity: 'warning',
              message: publicMessage('preserve_behind'),
              hint: '',
              raised_at: ago(3 * 86_400_000),
              cleared_at: ago(3 * 86_400_000 - 1_900_000),
            },
          ],
    alerts:
      state === 'empty'
        ? []
        : [
            {
              channel: 'mail',
              target: 'it@hartley.example, owner@hartley.example',
              waiting: 0,
              last_sent_at: ago(80_000),
              failing_since: null,
              problem: '',
            },
            trouble
              ? {
                  channel: 'webhook',
                  target: 'https://hooks.hartley.example',
                  waiting: 3,
                  last_sent_at: null,
                  failing_since: ago(75_000),
                  problem: 'https://hooks.hartley.example: connect ECONNREFUSED',
                }
              : {
                  channel: 'webhook',
                  target: 'https://hooks.hartley.example',
                  waiting: 0,
                  last_sent_at: null,
                  failing_since: null,
                  problem: '',
                },
          ],
    event_loop_p99_ms: state === 'empty' ? null : 3.2,
  };
}
