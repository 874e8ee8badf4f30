import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DaemonStatus } from '../domain/operations/status.js';
import type { PbxId } from '../domain/pbx.js';
import { answeredStatuses } from '../domain/recording/recording.js';

const LEVELS = { green: 0, amber: 1, red: 2 } as const;

const seconds = (at: string | null | undefined): number | null => (at ? Date.parse(at) / 1000 : null);

/** Sets a figure without labels. One that is not known has no sample: 0 would be a figure too. */
function known(gauge: Gauge, value: number | null | undefined): void {
  if (value === null || value === undefined) gauge.remove();
  else gauge.set(value);
}

/**
 * What Prometheus may know of the daemon: counts and times, nothing about anybody. Seconds and bytes, as is the custom. The
 * label `pbx` is the id of the PBX; it is empty for the first, which to Prometheus is the same as no label.
 */
export function createMetrics({ version, pbxes }: { version: string; pbxes: readonly PbxId[] }) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'tapedeck_daemon_' });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tapedeck_${name}`, help, labelNames, registers });
  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `tapedeck_${name}`, help, labelNames, registers });

  gauge('build_info', 'Always 1; the version is in the label.', ['version']).set({ version }, 1);
  const events = counter('events_total', 'Events of the PBX that were understood.', ['kind', 'pbx']);
  const connects = counter('link_connects_total', 'Connections made to the PBX.', ['link', 'pbx']);
  const captures = counter('captures_total', 'Captures of a leg.', ['result', 'pbx']);
  for (const pbx of pbxes) {
    for (const result of ['begun', 'failed']) captures.inc({ result, pbx }, 0);
    for (const link of ['ari', 'ami']) connects.inc({ link, pbx }, 0);
  }
  const preserve = new Histogram({
    name: 'tapedeck_preserve_seconds',
    help: 'From the end of a call to its sealed recording.',
    buckets: [1, 2, 5, 10, 30, 60, 300, 1800, 7200],
    registers,
  });
  const started = gauge('started_timestamp_seconds', 'When the daemon was started.');
  const health = gauge('health', '0 green, 1 amber, 2 red.');
  const links = gauge('link_up', 'Whether a link to the PBX is up.', ['link', 'pbx']);
  const lastEvent = gauge('last_event_timestamp_seconds', 'When the PBX was last heard.', ['pbx']);
  const calls = gauge('calls_now', 'Calls in progress.', ['pbx']);
  const recording = gauge('recording_now', 'Calls that are being captured.', ['pbx']);
  const waiting = gauge('preserve_waiting', 'Ended calls whose recording is waiting to be processed.');
  const oldest = gauge(
    'preserve_oldest_seconds',
    'How long ago the first of them ended; absent while none waits.',
  );
  const short = gauge(
    'processor_short',
    '1 while calls need the processor and recordings wait; absent where the kernel does not report it.',
  );
  const deferred = gauge('processor_waiting', 'Recordings that wait for processor time.');
  const free = gauge('disk_free_bytes', 'Free on the disk of the data directory.');
  const total = gauge('disk_total_bytes', 'Size of that disk.');
  const days = gauge(
    'disk_days_left',
    'Days until it is full, at the present rate; absent while that cannot be foreseen.',
  );
  const recordings = gauge('recordings', 'Recordings that are kept sealed.');
  const damaged = gauge('recordings_damaged', 'Of these: not as they were sealed.');
  const oldestCheck = gauge(
    'recordings_oldest_check_timestamp_seconds',
    'When the file not read for longest was read.',
  );
  const backups = {
    made: gauge(
      'backup_made_timestamp_seconds',
      'When the last backup was made; 0 for never, absent where none are made.',
    ),
    checked: gauge(
      'backup_checked_timestamp_seconds',
      'When the newest backup was last read again without a fault; 0 for never.',
    ),
    drilled: gauge(
      'backup_drilled_timestamp_seconds',
      'When a backup was last restored for trial without a fault; 0 for never.',
    ),
  };
  const alarms = gauge('alarms_standing', 'Alarms that stand, by their code.', ['severity', 'code']);
  const messages = gauge('alert_messages_waiting', 'Messages that nobody has taken yet.', ['channel']);
  const coverage = gauge('answered_calls_today', 'Answered calls of today, by what became of them.', [
    'coverage',
  ]);

  return {
    heard: (pbx: PbxId, kind: string) => events.inc({ kind, pbx }),
    connected: (pbx: PbxId, link: 'ari' | 'ami') => connects.inc({ link, pbx }),
    captured: (pbx: PbxId, result: 'begun' | 'failed') => captures.inc({ result, pbx }),
    sealed: (afterMs: number) => preserve.observe(afterMs / 1000),

    /** Prometheus' text format. */
    text(s: DaemonStatus, today: Partial<Record<string, number>>): Promise<string> {
      known(started, seconds(s.since));
      health.set(LEVELS[s.health.level]);
      for (const { id: pbx, ...now } of s.pbxes) {
        links.set({ link: 'ari', pbx }, now.ari ? 1 : 0);
        links.set({ link: 'ami', pbx }, now.ami ? 1 : 0);
        if (now.last_event_at) lastEvent.set({ pbx }, Date.parse(now.last_event_at) / 1000);
        calls.set({ pbx }, now.calls_now);
        recording.set({ pbx }, now.recording_now);
      }
      waiting.set(s.preserve.waiting);
      known(oldest, s.preserve.oldest_ms === null ? null : s.preserve.oldest_ms / 1000);
      known(short, s.processor?.known ? Number(s.processor.short) : null);
      deferred.set(s.processor?.waiting ?? 0);
      known(free, s.disk?.free_bytes);
      known(total, s.disk?.total_bytes);
      known(days, s.disk?.days_left);
      known(recordings, s.scrub?.recordings);
      known(damaged, s.scrub?.damaged);
      known(oldestCheck, seconds(s.scrub?.oldest_check_at));
      for (const what of ['made', 'checked', 'drilled'] as const)
        known(backups[what], s.backups && (seconds(s.backups[`${what}_at`]) ?? 0));
      alarms.reset();
      for (const { severity, why } of s.alarms) alarms.inc({ severity, code: why?.code ?? 'text' });
      for (const { channel, waiting: n } of s.alerts) messages.set({ channel }, n);
      for (const status of answeredStatuses) coverage.set({ coverage: status }, today[status] ?? 0);
      return registry.metrics();
    },
  };
}
