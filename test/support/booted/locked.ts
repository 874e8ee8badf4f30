import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../../../daemon/ops/control-client.js';
import { callOf, PASSWORD } from '../box/before-one-writer.js';
import { createHttpsClient } from '../peers/https-client.js';
import type { Machine } from './machine.js';

const WEB = 'tapedeck-web.service';
const RESTART = 'tapedeck-web-restart.service';
const REQUEST = '/run/tapedeck-requests/restart-web';
const CATALOGUE = '/var/lib/tapedeck/catalogue/catalogue.db';
/** Where the program lies that takes the lock. */
const DIR = '/opt/lock';
const LOOK_MS = 10;
const DEADLINE_MS = 60_000;

/**
 * Takes the locks that keep everybody from writing, in a process that stays when this one has ended, and ignores SIGTERM. With
 * "lingers" it has systemd believe that the unit is stopping, for as long as it likes, which keeps it from a restart; and it gives
 * systemd a descriptor that holds such a lock by itself (F_OFD_SETLK), to keep.
 */
const HOLD = `
import fcntl, os, signal, socket, struct, sys, time
if os.fork():
    sys.exit()
os.setsid()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
f = open(sys.argv[1] + '-shm', 'rb')
if sys.argv[2] == 'lingers':
    kept = open(sys.argv[1] + '-shm', 'rb')
    fcntl.fcntl(kept, 37, struct.pack('hhqqi4x', fcntl.F_RDLCK, os.SEEK_SET, 120, 3, 0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect(os.environ['NOTIFY_SOCKET'])
        socket.send_fds(s, [b'FDSTORE=1'], [kept.fileno()])
fcntl.lockf(f, fcntl.LOCK_SH, 3, 120)
while True:
    if sys.argv[2] == 'lingers':
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b'STOPPING=1\\nEXTEND_TIMEOUT_USEC=60000000', os.environ['NOTIFY_SOCKET'])
    time.sleep(1)
`;

/** What the process that holds the lock does besides: it ignores SIGTERM, or it also tells systemd that its unit is stopping. */
export type Holder = 'stays' | 'lingers';

const DOES: Record<Holder, string> = {
  stays: 'ignores SIGTERM',
  lingers: 'tells systemd that its unit is stopping',
};

export type LockDeps = {
  machine: Machine;
  /** The data directory, as a path of ours. */
  data: string;
  /** The dashboard's. */
  address: string;
  say: (line: string) => void;
  find: (what: string) => void;
};

/**
 * A process in the dashboard's unit locks the catalogue: what the recorder has systemd do about it, with the units as they are
 * installed.
 */
export function createLocks({ machine, data, address, say, find }: LockDeps) {
  const { path, must, inside } = machine;
  let seq = 0;
  /** Something to write; refused while the catalogue is locked. */
  function write(): Promise<unknown> {
    seq += 1;
    const by = { person: 'anna', address: '', action: 'view' as const, outcome: 'ok' as const };
    const about = { object: 'call', object_id: callOf(0), reason: '', detail: {} };
    return ask(data, 'tell', { source: 'a dashboard', entries: [{ seq, at: Date.now(), ...by, ...about }] });
  }
  const show = (unit: string, name: string) => must('systemctl', 'show', unit, '-p', name, '--value');
  const pidOf = async (unit: string) => Number(await show(unit, 'MainPID'));
  const alarms = async () => (await ask(data, 'status')).alarms.map(({ key }) => key);
  const restarts = async () => {
    const out = await must('tapedeck', 'audit', 'list', '--json');
    // A warning may follow.
    const all = JSON.parse(out.slice(0, out.lastIndexOf(']') + 1)) as { action: string }[];
    return all.filter(({ action }) => action === 'dashboard_restart');
  };

  /** When something became true, in ms from `began`; null when it did not. */
  async function when(began: number, true_: () => boolean | Promise<boolean>, everyMs = LOOK_MS) {
    for (; performance.now() - began < DEADLINE_MS; await delay(everyMs))
      if (await true_()) return performance.now() - began;
    return null;
  }

  /** Starts the process inside the dashboard's unit, as ExecReload= would start one. Returns its number in the machine. */
  async function hold(holder: Holder): Promise<number> {
    mkdirSync(path(DIR), { recursive: true });
    writeFileSync(path(`${DIR}/hold.py`), HOLD);
    const dropIn = path(`/run/systemd/system/${WEB}.d`);
    mkdirSync(dropIn, { recursive: true });
    writeFileSync(
      `${dropIn}/lock.conf`,
      `[Service]\nExecReload=/usr/bin/python3 ${DIR}/hold.py ${CATALOGUE} ${holder}\n`,
    );
    await must('systemctl', 'daemon-reload');
    // One that lingers may keep systemd from telling that this is done.
    await must('systemctl', '--no-block', 'reload', WEB);
    const locked = () => /^.* READ +(\d+) \S+ 120 122$/m.exec(readFileSync(path('/proc/locks'), 'utf8'));
    await when(performance.now(), () => locked() !== null);
    rmSync(`${dropIn}/lock.conf`);
    await must('systemctl', 'daemon-reload');
    const pid = Number(locked()?.[1]);
    if (!readFileSync(path(`/proc/${pid}/cgroup`), 'utf8').includes(WEB))
      throw new Error('the process that locks the catalogue is not in the unit of the dashboard');
    return pid;
  }

  return {
    /** The dashboard's user cannot ask for a restart itself. */
    async tryToAsk(): Promise<void> {
      for (const argv of [
        ['touch', REQUEST],
        ['ls', '/run/tapedeck-requests'],
        ['systemctl', '--no-ask-password', 'start', RESTART],
        ['systemctl', '--no-ask-password', 'restart', WEB],
      ]) {
        const { code, out } = await inside('runuser', '-u', 'tapedeck-web', '--', ...argv);
        say(`as tapedeck-web: ${argv.join(' ')}: ${out.trim().split('\n')[0]}`);
        if (code === 0 || !/denied|authentication required/i.test(out))
          find(`the dashboard's user: ${argv.join(' ')}: ${code} ${out}`);
      }
    },

    /** A dashboard that an admin has stopped is not started by the service of its restart. */
    async tryStopped(): Promise<void> {
      await must('systemctl', 'stop', WEB);
      await must('systemctl', 'start', RESTART);
      const state = (await show(WEB, 'ActiveState')).trim();
      say(`a dashboard that was stopped is ${state} after the service of its restart has run`);
      if (state !== 'inactive')
        find(`a dashboard that was stopped is ${state} after the service of its restart has run`);
      await must('systemctl', 'start', WEB);
    },

    /** Locks the catalogue until the recorder has had the dashboard restarted. Carla is signed in meanwhile. */
    async tryLock(holder: Holder): Promise<void> {
      const name = `a lock whose process ${DOES[holder]}`;
      const browser = createHttpsClient(address, readFileSync(path('/var/lib/tapedeck/tls/ca.crt'), 'utf8'));
      await browser.json('POST', '/session', { name: 'Carla Reyes', password: PASSWORD });
      await write();
      const entries = (await restarts()).length;
      const before = await pidOf(WEB);
      const pid = await hold(holder);
      const began = performance.now();
      const answers = async () =>
        (await browser.ask('GET', '/api/v1/session').catch(() => null))?.status ?? 0;
      if (
        await write().then(
          () => true,
          () => false,
        )
      )
        find(`${name}: it keeps nobody from writing`);
      const locked = await alarms();
      if (!locked.includes('catalogue_damaged')) find(`${name}: no alarm says so: ${locked.join(', ')}`);

      let newPid = before;
      const [asked, gone, up, written] = await Promise.all([
        // It is there for so short a time that it may not be seen.
        when(began, () => existsSync(path(REQUEST)) || !existsSync(path(`/proc/${pid}`))),
        when(began, () => !existsSync(path(`/proc/${pid}`))),
        when(
          began,
          async () => {
            newPid = await pidOf(WEB);
            return newPid !== before && newPid !== 0 && (await answers()) > 0;
          },
          200,
        ),
        when(began, () =>
          write().then(
            () => true,
            () => false,
          ),
        ),
      ]);
      const after = (ms: number | null) => (ms === null ? 'never' : `after ${(ms / 1_000).toFixed(1)} s`);
      say(
        `${name}: asked ${after(asked)}, its process gone ${after(gone)}, the recorder writes ${after(written)}, the dashboard answers ${after(up)} (${before}, then ${newPid})`,
      );
      if (gone === null) find(`${name}: its process is still there`);
      if (written === null) find(`${name}: nothing is written`);
      if (up === null) find(`${name}: the dashboard was not restarted`);
      if (existsSync(path(REQUEST))) find(`${name}: the request is still there`);
      const status = await answers();
      say(`${name}: who was signed in gets ${status}`);
      if (status !== 200) find(`${name}: who was signed in gets ${status}`);
      const result = await must('systemctl', 'show', RESTART, '-p', 'Result', '-p', 'ExecMainStatus');
      if (!/Result=success/.test(result) || !/ExecMainStatus=0/.test(result)) find(`${RESTART}: ${result}`);
      for (const unit of ['tapedeck-web-restart.path', WEB])
        if ((await inside('systemctl', 'is-active', unit)).code !== 0) find(`${name}: ${unit} is not active`);

      if ((await when(performance.now(), async () => (await restarts()).length > entries, 500)) === null)
        find(`${name}: the audit log has no entry`);
      const entry = (await restarts())[0];
      say(`${name}: the audit log has ${JSON.stringify(entry)}`);
      const well = async () => {
        const now = await alarms();
        return now.includes('dashboard_restarted') && !now.includes('catalogue_damaged');
      };
      if ((await when(performance.now(), well, 500)) === null)
        find(`${name}: the alarms are ${(await alarms()).join(', ')}`);
      else say(`${name}: the alarms are ${(await alarms()).join(', ')}`);
    },
  };
}
