import { ulid } from 'ulid';
import { fail } from '../../../daemon/domain/error.js';
import type { AlarmWhy } from '../../../daemon/domain/operations/alarm-codes.js';
import { alarmView } from '../../../daemon/domain/operations/alarm-words.js';
import { jobView, newJob } from '../../../daemon/domain/operations/job.js';
import type { DaemonStatus } from '../../../daemon/domain/operations/status.js';
import { controlSocket, ownerSocket } from '../../../daemon/domain/paths.js';
import { reasonView } from '../../../daemon/domain/reason/words.js';
import { createControl } from '../../../daemon/operations/control.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createRetain } from '../../../daemon/recordings/retain.js';
import type { RequestsDeps } from '../../../daemon/requests/requests.js';
import { createDiskStore } from '../../../daemon/vault/store/disk.js';
import { retaining } from '../recordings/retaining.js';
import { noted } from '../words.js';
import type { Dashboard } from './dashboard.js';
import { createSigner } from './signer.js';
import { backupsOf } from './states/backups.js';
import { checkOf, moveOf } from './states/jobs.js';

type Targets = { channel: string; target: string; waiting: number; problem: string } & Record<
  'lastSentAt' | 'failingSince',
  number | null
>;

/**
 * The recorder's half of the control socket, without a PBX: the recorder's own socket server, retention and signing key on
 * the catalogue of a dashboard under test. What it says of itself is set by the test, and so is what a real recorder cannot
 * be made to show: it answers with a fault, late, or not at all.
 */
export function createRecorder({ breakerPercent }: { breakerPercent: number }) {
  const signer = createSigner();
  let house: Dashboard;
  let sockets: ReturnType<typeof createControl> | null = null;
  let status: (now: number) => DaemonStatus = () => idle;
  let targets: Targets[] = [];
  /** What every answer waits for, and what it is instead of an answer. */
  let hold: Promise<void> = Promise.resolve();
  let fault: Error | null = null;
  let signsLog = true;

  /** What answers a request; all are held, or fail, as the test has said. */
  const answer =
    <B, T>(make: (body: B) => T) =>
    async (body: B): Promise<Awaited<T>> => {
      await hold;
      if (fault) throw fault;
      return await make(body);
    };

  function retain() {
    const { catalogue, keys, dataDir } = house;
    return createRetain({
      catalogue,
      keys,
      store: createDiskStore(dataDir),
      clock: Date.now,
      ...retaining(catalogue, { percent: breakerPercent }),
      log: createLog('silent', 'test'),
    });
  }

  /** The same for each of these. */
  const held = (handlers: Dashboard['handlers']): Dashboard['handlers'] =>
    Object.fromEntries(
      Object.entries(handlers).map(([name, handle]) => [name, answer(handle as (body: unknown) => unknown)]),
    ) as unknown as Dashboard['handlers'];

  const recorder = {
    /** What the recorder's half of the dashboard's requests is made of here. */
    half: {
      ...signer.recorder,
      async sign() {
        if (!signsLog) throw fail('checkpoint_refused');
        return signer.recorder.sign();
      },
      retain: {
        run: (how) => retain().run(how),
        eraseAll: (...given) => retain().eraseAll(...given),
      },
      eraseVersion: (...given) => retain().erase(...given),
      async direct(_pbx, callId, said) {
        await house.catalogue.directives.add({ callId, at: Date.now(), ...said });
      },
      // Nothing runs them here: they wait.
      jobs: {
        async ask(kind, params = {}) {
          const mine = newJob(ulid(), kind, params, Date.now());
          const job = await house.catalogue.jobs.add(mine);
          return { job, already: job.id !== mine.id };
        },
        async cancel(id) {
          const job = await house.catalogue.jobs.cancel(id, Date.now());
          if (!job) throw fail('job_unknown', id);
          return job;
        },
      },
    } satisfies Partial<RequestsDeps>,

    /** Signs a recording's manifest. */
    sign: signer.sign,

    /** Signs the audit log as it is now. */
    signs: signer.control.signCheckpoint,

    /** Answers beside this dashboard, until `stop`. */
    async start(dashboard: Dashboard = house): Promise<void> {
      if (house !== dashboard) {
        house = dashboard;
        signer.begin(dashboard);
      }
      sockets = createControl({
        socket: controlSocket(house.dataDir),
        ownerSocket: ownerSocket(house.dataDir),
        log: createLog('silent', 'test'),
        streams: house.streams,
        handlers: {
          ...held(house.handlers),
          status: answer(async () => {
            const said = status(Date.now());
            const asked = await house.catalogue.jobs.newest();
            return asked.length === 0 ? said : { ...said, jobs: asked.map(jobView) };
          }),
          metrics: answer(() => '# TYPE tapedeck_calls_now gauge\ntapedeck_calls_now 1\n'),
          back_up: answer(() => Promise.reject(fail('backup_off'))),
          test_alerts: answer(() => []),
          run_test_call: answer(() => {
            throw fail('pbx_unreachable', 'There is none here.');
          }),
          checkpoints: answer(async () => ({ ...(await signer.control.checkpoints()), targets })),
          sign_checkpoint: answer(async () => ({
            size: 0,
            at: '',
            note: await signer.control.signCheckpoint(),
          })),
          accept_log: answer(() => Promise.reject(fail('checkpoint_refused'))),
          core_limit: () => ({ limit: { soft: '0', hard: '0' } }),
        },
      });
      await sockets.start();
    },

    /** Answers nobody any more. */
    async stop(): Promise<void> {
      await sockets?.stop();
      sockets = null;
    },

    /** From now on it says this of itself, at the time at which it is asked. */
    says(what: (now: number) => DaemonStatus): void {
      status = what;
    },
    /** Where the checkpoints of the audit log go. */
    keepsCheckpoints(where: Targets[]): void {
      targets = where;
    },

    /** Whether it can sign the audit log for an evidence pack. */
    canSignLog(can: boolean): void {
      signsLog = can;
    },
    /** Every request fails with this until it is null. */
    failsWith(error: Error | null): void {
      fault = error;
    },
    /** No request is answered before what is returned is called. */
    waits(): () => void {
      let goOn = () => {};
      hold = new Promise((resolve) => {
        goOn = resolve;
      });
      return goOn;
    },
  };
  return recorder;
}

export type RecorderPeer = ReturnType<typeof createRecorder>;

/** A recorder that was started just now and has seen no call. */
const idle: DaemonStatus = {
  pbxes: [
    {
      ...{ id: '', name: 'PBX', ari: true, ami: true, version: '22.5.2', problem: null },
      ...{ calls_now: 0, recording_now: 0, last_event_at: null, test_call: null },
      captures: { begun: 0, failed: 0, failed_lately: 0 },
    },
  ],
  ...{ calls_now: 0, recording_now: 0, preserving: 0 },
  health: { level: 'green', problems: [] },
  ...{ reminders: [], since: null, calls: [] },
  preserve: { waiting: 0, oldest_ms: null },
  processor: { known: true, short: false, waiting: 0, oldest_at: null },
  ...{ encoder: 'separate', disk: null, stored: { recordings: 0, bytes: 0 } },
  scrub: {
    ...{ recordings: 0, oldest_check_at: null, within_days: 30, in_time: true, damaged: 0, unsigned: 0 },
    ...{ reading: false, waits_for: null, last_night_at: null },
  },
  ...{ jobs: [], erasing: null, archive: null, backups: null, blind: [], alarms: [] },
  ...{ past_alarms: [], alerts: [], event_loop_p99_ms: null },
};

const DAY = 86_400_000;
const WEBHOOK = 'https://hooks.hartley.example';
const ago = (now: number) => (ms: number) => new Date(now - ms).toISOString();
type LiveCall = DaemonStatus['calls'][number];

/** A recorder that has run for days and does well, during these calls. */
export const wellWith =
  (calls: LiveCall[]) =>
  (now: number): DaemonStatus => ({
    ...idle,
    ...{ calls_now: calls.length, recording_now: calls.filter((c) => c.recorded).length, preserving: 1 },
    ...{ since: ago(now)(11 * DAY), calls, event_loop_p99_ms: 3.2 },
    pbxes: [
      {
        ...idle.pbxes[0]!,
        last_event_at: ago(now)(2_000),
        captures: { begun: 4113, failed: 0, failed_lately: 0 },
        test_call: { at: ago(now)(5 * 3_600_000), outcome: 'ok', message: '' },
      },
    ],
    preserve: { waiting: 1, oldest_ms: 41_000 },
    disk: { free_bytes: 412e9, total_bytes: 1e12, per_day_bytes: 1.1e9, days_left: 374.5 },
    stored: { recordings: 1204, bytes: 4.1e9 },
    archive: {
      ...{ directory: '/mnt/archive', problem: null, free_bytes: 6.2e12, total_bytes: 8e12, to_remove: 0 },
      archive: { recordings: 2909, bytes: 9.7e9 },
    },
    scrub: {
      ...idle.scrub!,
      ...{ recordings: 4113, oldest_check_at: ago(now)(12 * DAY), last_night_at: ago(now)(7 * 3_600_000) },
    },
    backups: backupsOf(now, [20 * 3_600_000, 3 * DAY, 24 * DAY]),
    jobs: [checkOf(now, 'done', 4113, 6 * DAY), moveOf(now, 96, 9 * 3_600_000)],
    past_alarms: [
      {
        ...{ key: 'health preserve_behind', severity: 'warning' },
        ...alarmView({ code: 'preserve_behind', params: {} }),
        ...{ raised_at: ago(now)(3 * DAY), cleared_at: ago(now)(3 * DAY - 1_900_000) },
      },
    ],
    alerts: [
      {
        ...{ channel: 'mail', target: 'it@hartley.example, owner@hartley.example', waiting: 0, problem: '' },
        ...{ last_sent_at: ago(now)(80_000), failing_since: null },
      },
      {
        ...{ channel: 'webhook', target: WEBHOOK, waiting: 0, problem: '' },
        ...{ last_sent_at: null, failing_since: null },
      },
    ],
  });

/** The same with everything wrong that it can tell of. */
export const troubledWith =
  (calls: LiveCall[]) =>
  (now: number): DaemonStatus => {
    const well = wellWith([...calls, ...calls.flatMap(unrecorded(now))])(now);
    const critical = (why: AlarmWhy) => ({ severity: 'critical' as const, ...alarmView(why) });
    const link = critical({ code: 'pbx_ari_down', params: { error: null } });
    const silent = critical({ code: 'capture_silent', params: {} });
    const chain = critical({ code: 'audit_chain', params: { entry: 17, fault: 'altered' } });
    const disk = { ...critical({ code: 'disk_low', params: {} }), severity: 'warning' as const };
    const [mail, webhook] = well.alerts;
    return {
      ...well,
      pbxes: [
        {
          ...well.pbxes[0]!,
          ari: false,
          captures: { begun: 4113, failed: 7, failed_lately: 2 },
          test_call: {
            ...{ at: ago(now)(5 * 3_600_000), outcome: 'failed' },
            message: 'Nothing was heard on the left side.',
          },
        },
      ],
      health: {
        level: 'red',
        problems: [
          { code: 'pbx_ari_down', ...link },
          { code: 'alarm', ...silent },
          { code: 'disk_low', ...disk },
        ],
      },
      preserve: { waiting: 41, oldest_ms: 2_460_000 },
      processor: { known: true, short: true, waiting: 40, oldest_at: ago(now)(2_460_000) },
      disk: { free_bytes: 11e9, total_bytes: 1e12, per_day_bytes: 1.1e9, days_left: 10 },
      archive: { ...well.archive!, problem: '/mnt/archive is not marked as an archive.', to_remove: 3 },
      scrub: {
        ...well.scrub!,
        ...{ oldest_check_at: ago(now)(41 * DAY), in_time: false, damaged: 2, unsigned: 318 },
      },
      backups: backupsOf(now, [6 * DAY, 47 * DAY, null], ['made', 'checked', 'drilled']),
      jobs: [checkOf(now, 'running', 1204, null), moveOf(now, 312, null)],
      blind: [
        {
          pbx: '',
          from: ago(now)(90_000),
          to: null,
          ...reasonView(noted('The PBX is not responding over ARI.')),
        },
        {
          pbx: '',
          from: ago(now)(2 * DAY),
          to: ago(now)(2 * DAY - 252_000),
          ...reasonView(noted('The recorder was restarted.')),
        },
      ],
      alarms: [
        { key: 'health pbx', ...link, raised_at: ago(now)(88_000), cleared_at: null },
        { key: 'capture_silent', ...silent, raised_at: ago(now)(600_000), cleared_at: null },
        { key: 'audit_chain', ...chain, raised_at: ago(now)(700_000), cleared_at: null },
      ],
      alerts: [
        mail!,
        {
          ...{ ...webhook!, waiting: 3, failing_since: ago(now)(75_000) },
          problem: `${WEBHOOK}: connect ECONNREFUSED`,
        },
      ],
    };
  };

/** Calls beside this one that are not recorded, each for another reason. */
const unrecorded =
  (now: number) =>
  (call: LiveCall): LiveCall[] => [
    {
      ...{ ...call, id: `${call.id}1`, answered_at: null, since: ago(now)(4_000), recorded: false },
      why: 'Recording starts when the call is answered.',
    },
    {
      ...{ ...call, id: `${call.id}2`, direction: 'internal', recorded: false },
      why: 'Agreed with the works council on 3 March 2025.',
    },
    {
      ...{ ...call, id: `${call.id}3`, direction: 'out', recorded: false },
      why: 'Tapedeck could not make the PBX record.',
    },
  ];
