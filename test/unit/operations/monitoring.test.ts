import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type DaemonStatus, downStatus } from '../../../daemon/domain/operations/status.js';
import { createMetrics } from '../../../daemon/ops/metrics.js';

/** The figures for Prometheus, and the rules and the board for them that come with Tapedeck. */
const FOLDER = join(import.meta.dirname, '../../../monitoring');
const RULES = join(FOLDER, 'prometheus-rules.yml');
const down = downStatus('', '');
const figures = (status: Partial<DaemonStatus>) =>
  createMetrics({ version: '0', pbxes: [''] }).text({ ...down, ...status }, { recorded: 7 });

t.test('what is not known has no sample, and 0 means none', async (t) => {
  const unknown = await figures({});
  for (const name of [
    ...['disk_free_bytes', 'disk_total_bytes', 'disk_days_left', 'recordings', 'recordings_damaged'],
    ...['recordings_oldest_check_timestamp_seconds', 'started_timestamp_seconds'],
    ...['backup_made_timestamp_seconds', 'backup_drilled_timestamp_seconds', 'preserve_oldest_seconds'],
  ]) {
    t.match(unknown, `# TYPE tapedeck_${name} gauge`, name);
    t.notMatch(unknown, new RegExp(`^tapedeck_${name} `, 'm'), name);
  }
  const metrics = createMetrics({ version: '0', pbxes: [] });
  const disk = { free_bytes: 0, total_bytes: 9, per_day_bytes: null, days_left: 0 };
  t.match(await metrics.text({ ...down, disk }, {}), /^tapedeck_disk_days_left 0$/m, 'none left');
  const later = await metrics.text({ ...down, disk: { ...disk, days_left: null } }, {});
  t.notMatch(later, /^tapedeck_disk_days_left /m, 'no longer known');
  t.match(later, /^tapedeck_disk_free_bytes 0$/m);
  const backups = { made_at: null, checked_at: null, drilled_at: null, late: [] };
  t.match(await figures({ backups }), /^tapedeck_backup_made_timestamp_seconds 0$/m, 'never made');
});

t.test('standing alarms are told by code, and are gone once they are over', async (t) => {
  const alarm = (key: string, severity: 'warning' | 'critical', code: 'disk_full' | 'disk_low' | null) => ({
    ...{ key, severity, message: '', hint: '', raised_at: '', cleared_at: null },
    why: code === null ? null : ({ code, params: {} } as never),
  });
  const metrics = createMetrics({ version: '0', pbxes: [] });
  const alarms = [
    alarm('disk_full data', 'critical', 'disk_full'),
    alarm('disk_full spool', 'critical', 'disk_full'),
    alarm('disk_low', 'warning', 'disk_low'),
    alarm('old', 'warning', null),
  ];
  const samples = (text: string) => text.match(/^tapedeck_alarms_standing\{.*$/gm);
  t.same(samples(await metrics.text({ ...down, alarms }, {})), [
    'tapedeck_alarms_standing{severity="critical",code="disk_full"} 2',
    'tapedeck_alarms_standing{severity="warning",code="disk_low"} 1',
    'tapedeck_alarms_standing{severity="warning",code="text"} 1',
  ]);
  t.equal(samples(await metrics.text(down, {})), null);
});

/** Every figure by its name, as both processes give it. */
async function names(): Promise<Set<string>> {
  const web = readFileSync(join(FOLDER, '../web/health/metrics-routes.ts'), 'utf8');
  return new Set([
    ...[...(await figures({})).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!),
    ...[...web.matchAll(/name: '(tapedeck_\w+)'/g)].map(([, name]) => name!),
  ]);
}

t.test('rules and board ask for figures that there are', async (t) => {
  const known = await names();
  t.ok(known.has('tapedeck_recorder_up'));
  for (const file of ['prometheus-rules.yml', 'grafana-dashboard.json', '../docs/operate/monitoring.md']) {
    const asked = new Set(readFileSync(join(FOLDER, file), 'utf8').match(/\btapedeck_\w+/g));
    t.ok(asked.size > 8, `${file}: ${asked.size}`);
    for (const name of asked)
      t.ok(known.has(name.replace(/_(bucket|count|sum)$/, '')) || known.has(name), `${file}: ${name}`);
  }
  const { panels, uid } = JSON.parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8'));
  t.equal(uid, 'tapedeck');
  const places = panels.map(({ gridPos: { x, y, w, h } }: never) => ({ x, y, w, h }) as Grid);
  type Grid = { x: number; y: number; w: number; h: number };
  const over = (a: Grid, b: Grid) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
  for (const [i, one] of places.entries())
    t.notOk(
      places.slice(i + 1).some((two: Grid) => over(one, two)),
      `panel ${i + 1} lies over no other`,
    );
  t.equal(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length);
});

/** A series that promtool feeds each rule with: constant for two days. */
const FOR = '720';
const NOW = 2 * 86_400;
const CASES: [alert: string, series: string, fires: string, fine: string][] = [
  ['TapedeckUnreachable', 'up{job="tapedeck"}', '0', '1'],
  ['TapedeckRecorderDown', 'tapedeck_recorder_up', '0', '1'],
  ['TapedeckNotRecording', 'tapedeck_health', '2', '1'],
  ['TapedeckPbxUnreachable', 'tapedeck_link_up{link="ari"}', '0', '1'],
  ['TapedeckCriticalAlarm', 'tapedeck_alarms_standing{severity="critical",code="disk_full"}', '1', '0'],
  ['TapedeckWarning', 'tapedeck_alarms_standing{severity="warning",code="disk_low"}', '1', '0'],
  ['TapedeckDiskFullSoon', 'tapedeck_disk_days_left', '13', '14'],
  ['TapedeckRecordingsWaiting', 'tapedeck_preserve_oldest_seconds', '3601', '60'],
  ['TapedeckRecordingsDamaged', 'tapedeck_recordings_damaged', '1', '0'],
  ['TapedeckBackupLate', 'tapedeck_backup_made_timestamp_seconds', '-11000', '0'],
  [
    'TapedeckDrillLate',
    'tapedeck_backup_drilled_timestamp_seconds',
    `${NOW - 41 * 86_400}`,
    `${NOW - 39 * 86_400}`,
  ],
  ['TapedeckAlertsNotSent', 'tapedeck_alert_messages_waiting{channel="mail"}', '1', '0'],
  ['TapedeckCallsNotRecorded', 'tapedeck_answered_calls_today{coverage="not_recorded"}', '1', '0'],
];

t.test('each rule fires when it should, and only then, and says what to do', async (t) => {
  const rules = readFileSync(RULES, 'utf8');
  t.same(
    [...rules.matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name),
    CASES.map(([alert]) => alert),
    'every rule has a case',
  );
  for (const [, description] of rules.matchAll(/^ *description: (.*)$/gm))
    t.match(description, /"(tapedeck|systemctl) [a-z]/);
  const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' });
  const checked = promtool('check', 'rules', RULES);
  t.equal(checked.status, 0, checked.error?.message ?? `${checked.stdout}${checked.stderr}`);
  // YAML holds JSON. No labels and sentences are compared: what is asked is whether anything fires.
  const asked = [1, 0].map((firing) => ({
    interval: '4m',
    input_series: CASES.map(([, series, fires, fine]) => ({
      ...{ series, values: `${firing === 1 ? fires : fine}x${FOR}` },
    })),
    promql_expr_test: CASES.map(([alert]) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      ...{ eval_time: '2d', exp_samples: [{ labels: '{}', value: firing }] },
    })),
  }));
  const file = join(t.testdir({}), 'cases.yml');
  writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '30m', tests: asked }));
  const tested = promtool('test', 'rules', file);
  t.equal(tested.status, 0, `${tested.stdout}${tested.stderr}`.slice(0, 4_000));
});
