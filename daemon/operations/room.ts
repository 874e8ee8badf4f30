import { setTimeout as wait } from 'node:timers/promises';
import { isUpgrading } from '../domain/error.js';
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
import { FIRST, type PbxId } from '../domain/pbx.js';
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
  /** Of each PBX; the first is that of the one without an id. */
  spools: readonly (Place & { pbx: PbxId })[];
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
  onEmpty: (pbx: PbxId) => void;
  alarms: Alarms;
  /** Tells of one PBX. */
  alarmsOf: (pbx: PbxId) => Alarms;
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
  /** The first of the PBXs whose spools it holds; the alarms about it are this one's. */
  pbx: PbxId;
  reserveBytes: number;
  room: Room;
  verdict: Verdict;
  /** The PBXs whose spools it holds. */
  holds: readonly PbxId[];
};
/** A folder that was looked at. */
type Seen = Place & { pbx: PbxId | null; room: Room & { device: number } };

const EVERY = 2_000;
/** A disk that has not answered for this long, or takes this long for a small write, is told of, in ms. */
const STALLED = 3_000;
const SLOW = 1_000;
const CLEAN_EVERY = 60_000;
const GROWTH_EVERY = 600_000;
const WEEK = 7 * 86_400_000;
const RIGHTS = ['EACCES', 'EPERM', 'EROFS_UNIT'];

const LOST = { device: -1, freeBytes: 0, totalBytes: 0, freeInodes: null };
const freeOn = (disks: Disk[]) => disks.reduce((sum, { room }) => sum + room.freeBytes, 0);

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
  const lackedRights = new Set<PbxId>();
  /** When the disk of a spool was last seen to be full, or not to be written, ms since 1970. */
  const fullAt = new Map<PbxId, number>();
  let stopped = false;

  const isSame = (a: Pick<Disk, 'key' | 'pbx'>) => (b: Pick<Disk, 'key' | 'pbx'>) =>
    a.key === b.key && a.pbx === b.pbx;
  const holding = (pbx: PbxId) => disks.find((d) => d.holds.includes(pbx));

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

  /** What a folder's disk has; null where it is not on this machine. */
  async function looked(place: Place, sync: boolean): Promise<Seen['room'] | null> {
    try {
      const found = await deps.read(place.dir);
      return found && { ...found, fault: await probed(place, sync) };
    } catch (e) {
      return { ...LOST, fault: (e as NodeJS.ErrnoException).code ?? 'EIO' };
    }
  }

  /** The spool is Asterisk's: not synced, which would make it wait, and our own lack of rights there says nothing. */
  async function lookedAtSpool(spool: RoomDeps['spools'][number]): Promise<Seen | null> {
    const room = await looked(spool, false);
    const lacking = room && room.fault !== null && RIGHTS.includes(room.fault) ? room.fault : null;
    tellOfRights(spool, lacking);
    // One that may not even be looked at is like one on another machine: nothing is known of its room.
    if (!room || (lacking && room.device === LOST.device)) return null;
    return { ...spool, room: lacking ? { ...room, fault: null } : room };
  }

  /** One disk that holds several folders has to have the reserves of all of them. */
  async function see(): Promise<Disk[]> {
    const [data, ...spools] = await Promise.all([
      looked(deps.data, true).then((room) => room && { ...deps.data, pbx: null, room }),
      ...deps.spools.map(lookedAtSpool),
    ]);
    const groups: Seen[][] = [];
    for (const place of [data, ...spools]) {
      if (!place) continue;
      const { device } = place.room;
      const group = device === LOST.device ? undefined : groups.find(([g]) => g!.room.device === device);
      if (group) group.push(place);
      else groups.push([place]);
    }
    const found = groups.map(diskOf);
    for (const { room, verdict, holds } of found)
      if (verdict.level === 'empty' || room.fault !== null)
        for (const pbx of holds) fullAt.set(pbx, deps.clock());
    return found;
  }

  function diskOf(group: Seen[]): Disk {
    const holds = group.flatMap(({ pbx }) => (pbx === null ? [] : [pbx]));
    const isData = group[0]!.pbx === null;
    const of = { key: isData ? 'data' : 'spool', pbx: isData ? FIRST : holds[0]! } as const;
    const fault = group.map(({ room }) => room.fault).find((f) => f !== null) ?? null;
    const room = { ...group[0]!.room, fault };
    const reserveBytes = group.reduce((sum, place) => sum + place.reserveBytes, 0);
    const before = disks.find(isSame(of))?.verdict.level ?? 'enough';
    const dirs = group.map(({ dir }) => dir).join(' and ');
    return {
      ...of,
      holds,
      reserveBytes,
      room,
      verdict: judge(room, reserveBytes, before, `The disk of ${dirs}`),
    };
  }

  async function tick(first: boolean): Promise<void> {
    const before = disks;
    disks = await see();
    for (const disk of disks) tell(disk);
    for (const disk of before) if (!disks.some(isSame(disk))) tellOver(disk);
    const data = disks.find((d) => d.key === 'data');
    if (data) giveBack(data);
    if (first) return; // the catalogue is not open yet
    const blocked = (list: Disk[]) => list.filter((d) => worse(d.verdict.level, 'short'));
    const now = blocked(disks);
    if (blocked(before).some((disk) => !now.some(isSame(disk)))) deps.onReturn();
    for (const { verdict, holds } of disks)
      if (verdict.level === 'empty') for (const pbx of holds) deps.onEmpty(pbx);
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
      // It is known as soon as the catalogue can be asked.
      if (isUpgrading(err)) growthAt = Number.NEGATIVE_INFINITY;
      else deps.log.warn({ err }, 'How fast the disk fills could not be reckoned');
      return growth;
    });
  }

  function tell({ key, pbx, verdict: { level, why } }: Disk): void {
    const alarms = deps.alarmsOf(pbx);
    const room = { ...why, free: shownBytes(why.free) };
    if (worse(level, 'short'))
      alarms.raise(`disk_full ${key}`, {
        severity: 'critical',
        why: { code: 'disk_full', params: { disk: key, room } },
      });
    else alarms.clear(`disk_full ${key}`);
    if (level === 'short')
      alarms.raise(`disk_reserve ${key}`, {
        severity: 'warning',
        why: { code: 'disk_reserve', params: { room } },
      });
    else alarms.clear(`disk_reserve ${key}`);
  }

  /** The recorder reads and removes what Asterisk writes there. Without rights it has to ask Asterisk for both. */
  function tellOfRights({ dir, pbx }: RoomDeps['spools'][number], lacking: string | null): void {
    if (lacking)
      deps.alarmsOf(pbx).raise('spool_rights', {
        severity: 'warning',
        why: { code: 'spool_rights', params: { dir, fault: lacking } },
      });
    else deps.alarmsOf(pbx).clear('spool_rights');
    if (lackedRights.delete(pbx) && !lacking) deps.onReturn();
    if (lacking) lackedRights.add(pbx);
  }

  function tellOver({ key, pbx }: Disk): void {
    deps.alarmsOf(pbx).clear(`disk_full ${key}`);
    deps.alarmsOf(pbx).clear(`disk_reserve ${key}`);
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
      const short = disks.filter(
        (d) => (frees === 'spool' ? d.holds.length > 0 : d.key === 'data') && d.verdict.level !== 'enough',
      );
      if (stopped || short.length === 0) continue;
      const free = freeOn(short);
      try {
        await run();
      } catch (err) {
        deps.log.warn({ err, what }, 'Room could not be made');
      }
      disks = await see();
      const now = freeOn(disks.filter((d) => short.some(isSame(d))));
      deps.log.info({ what, freed: sizeText(Math.max(0, now - free)) }, 'Room was looked for');
    }
  }

  function turn(first = false): void {
    if (look) {
      if (performance.now() - lookingSince > STALLED)
        deps.alarms.raise('disk_stalled', {
          severity: 'critical',
          why: {
            code: 'disk_stalled',
            params: { data: deps.data.dir, spool: deps.spools.map(({ dir }) => dir).join(' or ') },
          },
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
     * Why no call of this PBX can be captured now, or null. It is the spool that counts: while it has room audio is captured, and
     * waits there for a data disk that has none. Errors alone do not keep us from trying.
     */
    hindrance(pbx: PbxId): Why | null {
      const disk = holding(pbx);
      if (!disk || !worse(disk.verdict.level, 'short')) return null;
      const { fault } = disk.room;
      // A spool that never could be written may be read-only for us alone: Asterisk is asked all the same.
      if (fault === 'EROFS' && !deps.spools.some((s) => s.pbx === pbx && written.has(s.dir))) return null;
      if (fault !== null && !['EROFS', 'ENOSPC', 'EDQUOT'].includes(fault)) return null;
      return because('disk_full', disk.verdict.why);
    },

    /** Whether the disk of a spool has less than its reserve. */
    spoolIsShort: () => disks.some(({ holds, verdict }) => holds.length > 0 && verdict.level !== 'enough'),

    /** Looks again at once: whether the data disk has its reserve, and a tenth more where it was touched. */
    async enough(): Promise<boolean> {
      disks = await see();
      return disks.find((d) => d.key === 'data')?.verdict.level === 'enough';
    },

    /** Looks again at once: whether the spool's disk of a PBX was full, or could not be written, at any time since then. */
    async wasFull(pbx: PbxId, since: number): Promise<boolean> {
      disks = await see();
      return (fullAt.get(pbx) ?? Number.NaN) >= since;
    },

    /** Of the data disk; null before it was seen. */
    status(): (Forecast & { level: Level }) | null {
      const disk = disks.find((d) => d.key === 'data');
      if (!disk) return null;
      return { ...forecast(disk.room, disk.reserveBytes, growth), level: disk.verdict.level };
    },
  };
}
