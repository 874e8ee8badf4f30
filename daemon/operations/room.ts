import { setTimeout as wait } from 'node:timers/promises';
import type { Alarms } from '../domain/operations/alarm.js';
import {
  type Forecast,
  forecast,
  type Growth,
  judge,
  type Level,
  type Room,
  type Verdict,
  worse,
} from '../domain/operations/room.js';
import { because, type Why } from '../domain/reason/reason.js';
import { shownBytes, sizeText } from '../domain/written.js';
import type { Ballast, readDisk } from '../ops/disk.js';
import type { Log } from '../ops/log.js';

/**
 * Story 5: there is room for what comes. Every two seconds the disk of the data and that of Asterisk's spool are looked at;
 * one disk that is both has to have both reserves. When a reserve is touched what is not needed goes; when little is left
 * nothing new is begun, and the row of a call says so. All of it is over by itself when there is room again.
 */
export type RoomDeps = {
  data: Place;
  spool: Place;
  read: typeof readDisk;
  /** The code of what a small write in that directory met, or null; with `sync` as far as the disk. */
  probe: (dir: string, sync: boolean) => Promise<string | null>;
  ballast: Ballast;
  /** What may go, in this order: each is tried while room is wanted still where it frees some. */
  cleaning: { what: string; frees: 'data' | 'spool'; run: () => Promise<unknown> }[];
  growth: (since: number, now: number) => Promise<Growth>;
  /** Nothing is in the way any more: what could not be done is tried again. */
  onReturn: () => void;
  /** Asterisk's spool is about to be full: what runs is to be ended, or its voicemail would have no room either. */
  onEmpty: () => void;
  alarms: Alarms;
  clock: () => number;
  log: Log;
};
type Place = {
  dir: string;
  reserveBytes: number;
  /** Where on that disk a small write is tried; `dir` itself if it is not given. */
  probeIn?: string;
};
type Disk = {
  key: 'data' | 'spool';
  reserveBytes: number;
  room: Room;
  verdict: Verdict;
  holdsSpool: boolean;
};

const EVERY = 2_000;
/** A disk that has not answered for this long, or takes this long for a small write, is told of, in ms. */
const STALLED = 3_000;
const SLOW = 1_000;
const CLEAN_EVERY = 60_000;
const GROWTH_EVERY = 600_000;
const WEEK = 7 * 86_400_000;
const RIGHTS = ['EACCES', 'EPERM'];

/** A disk that does not answer is not waited for longer than this. */
const patience = () => wait(STALLED, undefined, { ref: false });

export function createRoom(deps: RoomDeps) {
  let disks: Disk[] = [];
  const written = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let look: Promise<void> | null = null;
  let lookingSince = 0;
  let cleaning: Promise<void> | null = null;
  let cleanedAt = Number.NEGATIVE_INFINITY;
  let filling: Promise<void> | null = null;
  let growth: Growth | null = null;
  let growthAt = Number.NEGATIVE_INFINITY;
  let lackedRights = false;
  let stopped = false;

  const levelBefore = (key: Disk['key']): Level =>
    disks.find((d) => d.key === key)?.verdict.level ?? 'enough';

  async function probed({ dir, probeIn = dir }: Place, sync: boolean): Promise<string | null> {
    const began = performance.now();
    const fault = await deps.probe(probeIn, sync);
    const ms = performance.now() - began;
    if (ms < SLOW) deps.alarms.clear(`disk_slow ${dir}`);
    else
      deps.alarms.raise(`disk_slow ${dir}`, {
        severity: 'warning',
        why: { code: 'disk_slow', params: { dir } },
      });
    if (fault === null) written.add(dir);
    return fault;
  }

  async function see(): Promise<Disk[]> {
    const { data, spool } = deps;
    const lost = { device: -1, freeBytes: 0, totalBytes: 0, freeInodes: null };
    const codeOf = (e: unknown) => (e as NodeJS.ErrnoException).code ?? 'EIO';
    const looked = async (place: Place, sync: boolean) => {
      try {
        const found = await deps.read(place.dir);
        return found && { ...found, fault: await probed(place, sync) };
      } catch (e) {
        return { ...lost, fault: codeOf(e) };
      }
    };
    // The spool is Asterisk's: not synced, which would make it wait, and our own lack of rights there says nothing.
    const [d, seen] = await Promise.all([looked(data, true), looked(spool, false)]);
    const lacking = seen && seen.fault !== null && RIGHTS.includes(seen.fault) ? seen.fault : null;
    tellOfRights(lacking);
    // One that may not even be looked at is like one on another machine: nothing is known of its room.
    const s = seen && lacking ? (seen.device === lost.device ? null : { ...seen, fault: null }) : seen;
    const one = d !== null && s !== null && d.device === s.device && d.device !== -1;
    const found: Disk[] = [];
    const add = (key: Disk['key'], dirs: string, reserveBytes: number, room: Room, holdsSpool: boolean) => {
      const verdict = judge(room, reserveBytes, levelBefore(key), `The disk of ${dirs}`);
      found.push({ key, reserveBytes, room, verdict, holdsSpool });
    };
    if (one) {
      const reserve = data.reserveBytes + spool.reserveBytes;
      add('data', `${data.dir} and ${spool.dir}`, reserve, { ...d, fault: d.fault ?? s.fault }, true);
    } else {
      if (d) add('data', data.dir, data.reserveBytes, d, false);
      if (s) add('spool', spool.dir, spool.reserveBytes, s, true);
    }
    return found;
  }

  async function tick(first: boolean): Promise<void> {
    const before = disks;
    disks = await see();
    for (const disk of disks) tell(disk);
    for (const { key } of before) if (!disks.some((d) => d.key === key)) tellOver(key);
    const data = disks.find((d) => d.key === 'data');
    if (data) giveBack(data);
    if (first) return; // the catalogue is not open yet
    const blocked = (list: Disk[]) => list.filter((d) => worse(d.verdict.level, 'short')).map((d) => d.key);
    const now = blocked(disks);
    if (blocked(before).some((key) => !now.includes(key))) deps.onReturn();
    const spool = disks.find((d) => d.holdsSpool);
    if (spool?.verdict.level === 'empty') deps.onEmpty();
    if (disks.some((d) => d.verdict.level !== 'enough') && !cleaning && due(cleanedAt, CLEAN_EVERY))
      cleaning = clean().finally(() => {
        cleaning = null;
        cleanedAt = performance.now();
      });
    if (due(growthAt, GROWTH_EVERY)) await reckon();
  }

  const due = (at: number, every: number) => performance.now() - at >= every;

  async function reckon(): Promise<void> {
    growthAt = performance.now();
    const now = deps.clock();
    growth = await deps.growth(now - WEEK, now).catch((err) => {
      deps.log.warn({ err }, 'How fast the disk fills could not be reckoned');
      return growth;
    });
  }

  function tell({ key, verdict: { level, why } }: Disk): void {
    const room = { ...why, free: shownBytes(why.free) };
    if (worse(level, 'short'))
      deps.alarms.raise(`disk_full ${key}`, {
        severity: 'critical',
        why: { code: 'disk_full', params: { disk: key, room } },
      });
    else deps.alarms.clear(`disk_full ${key}`);
    if (level === 'short')
      deps.alarms.raise(`disk_reserve ${key}`, {
        severity: 'warning',
        why: { code: 'disk_reserve', params: { room } },
      });
    else deps.alarms.clear(`disk_reserve ${key}`);
  }

  /** The recorder reads and removes what Asterisk writes there. Without rights it has to ask Asterisk for both. */
  function tellOfRights(lacking: string | null): void {
    const { dir } = deps.spool;
    if (lacking)
      deps.alarms.raise('spool_rights', {
        severity: 'warning',
        why: { code: 'spool_rights', params: { dir, fault: lacking } },
      });
    else deps.alarms.clear('spool_rights');
    if (lackedRights && !lacking) deps.onReturn();
    lackedRights = lacking !== null;
  }

  function tellOver(key: Disk['key']): void {
    deps.alarms.clear(`disk_full ${key}`);
    deps.alarms.clear(`disk_reserve ${key}`);
  }

  /** A full disk gets a slice of the ballast; one with room to spare gets a whole ballast again. */
  function giveBack({ room, verdict, reserveBytes }: Disk): void {
    const { ballast } = deps;
    if (verdict.level === 'empty' && room.freeBytes < ballast.bytes / 8) {
      if (ballast.release())
        deps.log.warn({ left: ballast.size() }, 'Some of the ballast is given back, to write what must be');
      return;
    }
    const missing = ballast.bytes - ballast.size();
    if (verdict.level !== 'enough' || missing <= 0 || room.freeBytes - missing < reserveBytes * 1.2) return;
    filling ??= ballast
      .make()
      .catch((err) => deps.log.warn({ err }, 'The ballast could not be made; it is tried again'))
      .finally(() => {
        filling = null;
      });
  }

  async function clean(): Promise<void> {
    for (const { what, frees, run } of deps.cleaning) {
      const disk = disks.find((d) => (frees === 'spool' ? d.holdsSpool : d.key === 'data'));
      if (stopped || !disk || disk.verdict.level === 'enough') continue;
      const free = disk.room.freeBytes;
      try {
        await run();
      } catch (err) {
        deps.log.warn({ err, what }, 'Room could not be made');
      }
      disks = await see();
      const now = disks.find((d) => d.key === disk.key)?.room.freeBytes ?? free;
      deps.log.info({ what, freed: sizeText(Math.max(0, now - free)) }, 'Room was looked for');
    }
  }

  function turn(first = false): void {
    if (look) {
      if (performance.now() - lookingSince > STALLED)
        deps.alarms.raise('disk_stalled', {
          severity: 'critical',
          why: { code: 'disk_stalled', params: { data: deps.data.dir, spool: deps.spool.dir } },
        });
      return;
    }
    lookingSince = performance.now();
    look = tick(first)
      .then(() => deps.alarms.clear('disk_stalled'))
      .catch((err) => deps.log.error({ err }, 'The room on the disks could not be looked at'))
      .finally(() => {
        look = null;
      });
  }

  return {
    /** Looks once, so that a full disk has its ballast back before the catalogue is opened; then every two seconds. */
    async start(): Promise<void> {
      turn(true);
      await Promise.race([look, patience()]);
      timer = setInterval(() => turn(), EVERY);
    },
    async stop(): Promise<void> {
      stopped = true;
      if (timer) clearInterval(timer);
      await Promise.race([Promise.all([look, cleaning, filling]), patience()]);
    },

    /**
     * Why no call can be captured now, or null. It is the spool that counts: while it has room audio is captured, and
     * waits there for a data disk that has none. Errors alone do not keep us from trying.
     */
    hindrance(): Why | null {
      const disk = disks.find((d) => d.holdsSpool);
      if (!disk || !worse(disk.verdict.level, 'short')) return null;
      const { fault } = disk.room;
      // A spool that never could be written may be read-only for us alone: Asterisk is asked all the same.
      if (fault === 'EROFS' && !written.has(deps.spool.dir)) return null;
      if (fault !== null && !['EROFS', 'ENOSPC', 'EDQUOT'].includes(fault)) return null;
      return because('disk_full', disk.verdict.why);
    },

    /** Of the data disk; null before it was seen. */
    status(): (Forecast & { level: Level }) | null {
      const disk = disks.find((d) => d.key === 'data');
      if (!disk) return null;
      return { ...forecast(disk.room, disk.reserveBytes, growth), level: disk.verdict.level };
    },
  };
}
