import { clean, cleanNumber } from '../call/party.js';
import type { RecorderName } from './imported.js';

/**
 * What the names of other recorders' files say. Pure, and wary: a name may be anything that somebody could write into a file system.
 * Sources: FreePBX's callrecording and core modules (CALLFILENAME), Issabel and FreePBX before 2.11, Oreka's and VoIPmonitor's
 * folders.
 */

/** What FreePBX and Issabel put first: why a call was recorded, or where it went. */
export const fileTypes = [
  ...['in', 'out', 'internal', 'external', 'exten', 'parking', 'generic', 'ondemand', 'q', 'rg', 'conf'],
  'force',
] as const;
export type FileType = (typeof fileTypes)[number];

export type FileName = {
  recorder: RecorderName;
  type: FileType | null;
  /** Empty where the name does not say. */
  dest: string;
  from: string;
  uniqueid: string;
  /** What the PBX's clock showed, as ms since 1970 as if it were UTC. Null where the name has no time. */
  local: number | null;
  /** The time is exact to so many ms. */
  exactMs: number;
};

const SECOND = 1_000;
const MINUTE = 60_000;

/** `${UNIQUEID}`: seconds since 1970 and a count, behind the name of the system if it has one. */
const UNIQUEID = '(?:[A-Za-z0-9_.]+-)*\\d{9,11}\\.\\d{1,9}';
const FREEPBX = new RegExp(`^(.+)-(\\d{8})-(\\d{6})-(${UNIQUEID})$`);
const OLDER = new RegExp(`^(?:(OUT|IN|q|g|rg)([0-9*#]{0,20})-)?(\\d{8})-(\\d{6})-(${UNIQUEID})$`, 'i');
/** `auto-1244565001-101-102`: recorded on demand. */
const AUTO = /^auto-(\d{9,11})-([^-]*)-([^-]*)$/i;
const OREKA = /^(\d{8})_(\d{6})_([A-Z]{4,8})$/;
const OREKA_FOLDER = /(?:^|\/)\d{4}\/\d{2}\/\d{2}\/\d{2}\/[^/]+$/;
const VOIPMONITOR = /(?:^|\/)(\d{4})-(\d{2})-(\d{2})\/(\d{2})\/(\d{2})\/(?:AUDIO\/)?[^/]+$/i;
/** Without the name of a system: what stands before it may be anything. */
const ANY_UNIQUEID = /(?:^|[^0-9])(\d{9,11}\.\d{1,9})$/;
const ANY_TIME = /(?:^|[^0-9])(\d{4})-?(\d{2})-?(\d{2})[-_T ](\d{2})[-:.]?(\d{2})[-:.]?(\d{2})(?:[^0-9]|$)/;

const OLDER_TYPES: Record<string, FileType> = { out: 'out', in: 'in', q: 'q', g: 'rg', rg: 'rg' };
/** Other words for the same. */
const OTHER_WORDS: Record<string, FileType> = { group: 'rg', queue: 'q', conference: 'conf', meetme: 'conf' };

const NOTHING: FileName = {
  ...{ recorder: 'mixmonitor', type: null, dest: '', from: '', uniqueid: '' },
  ...{ local: null, exactMs: SECOND },
};

/** Returns what a file's path says, from the folder that is imported; separated by `/`. */
export function readFileName(path: string): FileName {
  const name = stemOf(path);
  return (
    freepbx(name) ?? older(name) ?? auto(name) ?? oreka(name, path) ?? voipmonitor(name, path) ?? any(name)
  );
}

/** The last part of a path, without its ending. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 && /^\.[A-Za-z][A-Za-z0-9]{0,4}$/.test(name.slice(dot)) ? name.slice(0, dot) : name;
}

/**
 * `TYPE-DEST-FROM-YYYYMMDD-HHMMSS-UNIQUEID`, read from the right: a system's name, a destination and a number may have hyphens
 * themselves. What is between the type and the last hyphen is the destination.
 */
function freepbx(name: string): FileName | null {
  const [, front = '', date = '', time = '', uniqueid = ''] = FREEPBX.exec(name) ?? [];
  const local = localTime(date, time);
  if (local === null) return null;
  const first = front.indexOf('-');
  const last = front.lastIndexOf('-');
  const type = typeOf(first < 0 ? front : front.slice(0, first));
  if (type === null || first === last) return null;
  return {
    ...NOTHING,
    ...{ recorder: type === 'force' ? 'issabel' : 'freepbx', type, local, uniqueid },
    dest: numberIn(front.slice(first + 1, last)),
    from: numberIn(front.slice(last + 1)),
  };
}

function typeOf(word: string): FileType | null {
  const lower = word.toLowerCase();
  return fileTypes.find((type) => type === lower) ?? OTHER_WORDS[lower] ?? null;
}

/** `OUT101-20090609-133001-1244565001.82`, and the same without anything in front. */
function older(name: string): FileName | null {
  const [, word = '', number = '', date = '', time = '', uniqueid = ''] = OLDER.exec(name) ?? [];
  const local = localTime(date, time);
  if (local === null) return null;
  const type = OLDER_TYPES[word.toLowerCase()] ?? null;
  const who = numberIn(number);
  const party = type === 'out' ? { from: who } : { dest: who };
  return { ...NOTHING, ...{ recorder: 'issabel', type, local, uniqueid }, ...party };
}

function auto(name: string): FileName | null {
  const [, epoch = '', from = '', dest = ''] = AUTO.exec(name) ?? [];
  if (epoch === '') return null;
  // Seconds since 1970 and a count that is not known: what a uniqueid begins with.
  return {
    ...NOTHING,
    ...{ recorder: 'issabel', type: 'ondemand', uniqueid: `${epoch}.` },
    ...{ from: numberIn(from), dest: numberIn(dest) },
  };
}

/** `2013/05/20/15/20130520_155504_ABCD`: the letters are Oreka's own. */
function oreka(name: string, path: string): FileName | null {
  const [, date = '', time = '', id = ''] = OREKA.exec(name) ?? [];
  const local = localTime(date, time);
  if (local === null || (!OREKA_FOLDER.test(path) && id.length !== 4)) return null;
  return { ...NOTHING, recorder: 'oreka', local };
}

/** `2024-01-10/10/11/AUDIO/CALL-ID`: the minute in which the call began. */
function voipmonitor(name: string, path: string): FileName | null {
  const [, y, m, d, hour, minute] = VOIPMONITOR.exec(path) ?? [];
  const local = localTime(`${y}${m}${d}`, `${hour}${minute}00`);
  if (local === null || name === '') return null;
  return { ...NOTHING, recorder: 'voipmonitor', local, exactMs: MINUTE };
}

/** A dialplan's own name: a time and a uniqueid are found wherever they are; numbers are not guessed. */
function any(name: string): FileName {
  const uniqueid = ANY_UNIQUEID.exec(name)?.[1] ?? '';
  const [, y, m, d, hour, minute, second] = ANY_TIME.exec(name) ?? [];
  return { ...NOTHING, uniqueid, local: localTime(`${y}${m}${d}`, `${hour}${minute}${second}`) };
}

/** As if it were UTC; null for what is no time. */
function localTime(date: string, time: string): number | null {
  const [, y, m, d] = /^(\d{4})(\d{2})(\d{2})$/.exec(date) ?? [];
  const [, hour, minute, second] = /^(\d{2})(\d{2})(\d{2})$/.exec(time) ?? [];
  const ms = Date.parse(`${y}-${m}-${d}T${hour}:${minute}:${second}Z`);
  // What Date.parse lets pass and no clock shows, such as 24:00:00 and the 30th of February.
  const shown = Number.isFinite(ms) ? new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '') : '';
  return shown === `${date}T${time}` && ms > 0 ? ms : null;
}

/** FreePBX writes `unknown` for a caller whose number is withheld. */
const numberIn = (text: string): string => cleanNumber(clean(text, 64));

/** The seconds since 1970 with which a uniqueid begins, in ms; null for what is none. */
export function epochOf(uniqueid: string): number | null {
  const seconds = /(?:^|-)(\d{9,11})\.\d*$/.exec(uniqueid)?.[1];
  return seconds === undefined ? null : Number(seconds) * SECOND;
}
