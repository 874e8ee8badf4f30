import type { Cdr } from '../domain/assurance/cdr.js';
import { clean, cleanNumber } from '../domain/call/party.js';
import { FIRST } from '../domain/pbx.js';
import { instants } from '../domain/zone-times.js';

/**
 * Turns CDRs, as Asterisk sends them over AMI and as its files and databases keep them, into the domain's. Pure, and as
 * wary as translate.ts: a record that makes no sense is nothing.
 * Source: cdr_manager.c, cdr_csv.c and cdr_sqlite3_custom.conf of Asterisk 16 and 22; FreePBX's asteriskcdrdb.cdr.
 */
type Raw = Record<string, unknown>;

/** Channels of Asterisk's own and our snoops: each makes CDRs too. The halves of a Local channel belong to a call. */
const NOT_A_CALL =
  /^(Snoop|Message|Recorder|Announcer|CBRec|CBAnn|MulticastRTP|UnicastRTP|AudioSocket|WebSocket|Bridge|Surrogate|OutgoingSpoof|ConfBridgeRecorder|Null)\//i;

/** No call lasts longer, in ms. */
const LONGEST = 60 * 86_400_000;
const SECOND = 1_000;

/** The AMI event that is a CDR. */
export const CDR_EVENT = 'Cdr';

/** An AMI event that is a CDR, by the PBX's clock; null for every other event. Keys may come in any case. */
export function translateCdrEvent(raw: unknown, zones: readonly string[], now: number): Cdr | null {
  const event = lower(raw);
  return text(event.event) === CDR_EVENT ? translateCdr(event, zones, now) : null;
}

/**
 * One record by the names of its columns. Its times are by the PBX's clock and do not say in which zone: of `zones` it is
 * the one that fits the seconds since 1970 in its uniqueid and does not lie after `now`, the time by that clock.
 */
export function translateCdr(raw: unknown, zones: readonly string[], now: number): Cdr | null {
  const row = lower(raw);
  const get = (...names: string[]) => names.map((n) => text(row[n])).find((v) => v !== '') ?? '';
  const channel = clean(get('channel'), 128);
  const uniqueid = clean(get('uniqueid'), 128);
  if (NOT_A_CALL.test(channel) || (channel === '' && uniqueid === '')) return null;
  const start = local(get('starttime', 'start', 'calldate'));
  if (start === null) return null;
  const duration = seconds(get('duration'));
  const billed = seconds(get('billableseconds', 'billsec')) ?? 0;
  const answer = local(get('answertime', 'answer'));
  const end = local(get('endtime', 'end'));
  const length = lengthOf(start, end, duration);
  if (length === null) return null;
  const disposition = clean(get('disposition'), 32).toUpperCase();
  const startAt = place(start, zones, epochOf(uniqueid), now - length);
  if (startAt === null) return null;
  const rang = answer === null ? length - billed : answer - start;
  const waited = Math.min(Math.max(rang, 0), length);
  // Over a change of clocks the two local times are an hour off; the seconds billed are not.
  const ring = Math.abs(length - billed - waited) > 2 * SECOND ? Math.max(0, length - billed) : waited;
  return {
    pbx: FIRST,
    linkedid: clean(get('linkedid'), 128),
    uniqueid,
    channel,
    peer: clean(get('destinationchannel', 'dstchannel'), 128),
    src: cleanNumber(get('source', 'src') || (hasSource(row) ? '' : numberIn(get('callerid', 'clid')))),
    dst: cleanNumber(get('destination', 'dst')),
    name: nameIn(get('callerid', 'clid')),
    context: clean(get('destinationcontext', 'dcontext'), 80),
    app: clean(get('lastapplication', 'lastapp'), 80),
    startAt,
    answerAt:
      disposition === 'ANSWERED' && (billed > 0 || answer !== null || end === null) ? startAt + ring : null,
    endAt: startAt + length,
    disposition,
    ahead: 0,
  };
}

/** The name of the recording that FreePBX (`recordingfile`) and others (`userfield`) keep beside a record, without its folders. */
export function recordedAs(raw: unknown): string {
  const row = lower(raw);
  const said = text(row.recordingfile) || text(row.userfield).replace(/^audio:/, '');
  return clean(said.slice(said.lastIndexOf('/') + 1), 255);
}

/** The columns of cdr_csv, which has no header; how many there are says which options are on. Null: not a CDR. */
export function csvRow(fields: readonly string[]): Record<string, string> | null {
  const more = {
    16: [],
    17: ['uniqueid'],
    18: ID_FIELDS,
    19: NEW,
    20: ['uniqueid', ...NEW],
    21: [...ID_FIELDS, ...NEW],
  };
  const extra = more[fields.length as keyof typeof more];
  if (!extra) return null;
  return Object.fromEntries([...CSV, ...extra].map((name, i) => [name, fields[i]!]));
}

const CSV = [
  ...['accountcode', 'src', 'dst', 'dcontext', 'clid', 'channel', 'dstchannel', 'lastapp', 'lastdata'],
  ...['start', 'answer', 'end', 'duration', 'billsec', 'disposition', 'amaflags'],
];
const ID_FIELDS = ['uniqueid', 'userfield'];
/** newcdrcolumns = yes */
const NEW = ['peeraccount', 'linkedid', 'sequence'];

function lower(raw: unknown): Raw {
  if (typeof raw !== 'object' || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).map(([k, v]) => [k.toLowerCase(), v]));
}

/** Databases give numbers, and AMI repeats a header now and then. */
function text(value: unknown): string {
  const v = Array.isArray(value) ? value[0] : value;
  return typeof v === 'string'
    ? v.slice(0, 4096)
    : typeof v === 'number' || typeof v === 'bigint'
      ? `${v}`
      : '';
}

function nameIn(callerid: string): string {
  const name = clean(/^\s*"?(.*?)"?\s*<[^<>]*>\s*$/s.exec(callerid)?.[1] ?? '');
  return /^(unknown|anonymous)$/i.test(name) ? '' : name;
}

/** cdr_sqlite3_custom as Asterisk ships it keeps no number beside the caller's name. */
const hasSource = (row: Raw): boolean => row.source !== undefined || row.src !== undefined;
const numberIn = (callerid: string): string => /<(\+?[\d*#]{1,32})>\s*$/.exec(callerid)?.[1] ?? '';

/** Whole seconds as ms; null for what is none. */
function seconds(value: string): number | null {
  const s = /^\d{1,12}(\.\d+)?$/.test(value) ? Math.round(Number(value)) * SECOND : Number.NaN;
  return s <= LONGEST ? s : null;
}

function lengthOf(start: number, end: number | null, duration: number | null): number | null {
  const between = end === null ? null : end - start;
  if (between === null || between < 0 || between > LONGEST) return duration;
  return duration !== null && Math.abs(between - duration) > 2 * SECOND ? duration : between;
}

/** A date and time without a zone, as if it were UTC. */
function local(value: string): number | null {
  const m = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(\.\d+)?$/.exec(value);
  if (!m || m[1] === '0000') return null;
  const ms = Date.parse(`${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}Z`);
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

/** A uniqueid is the seconds since 1970 at which its channel was made, and a number; a system's name may come first. */
function epochOf(uniqueid: string): number | null {
  const s = /(?:^|-)(\d{9,11})\.\d+$/.exec(uniqueid)?.[1];
  return s === undefined ? null : Number(s) * SECOND;
}

const EXACT = 5 * SECOND;
/** Zones differ by multiples of this. */
const QUARTER = 900 * SECOND;

function place(local: number, zones: readonly string[], epoch: number | null, latest: number): number | null {
  const all = zones.flatMap((zone) => instants(local, zone));
  const possible = all.filter((at) => (epoch === null || at >= epoch - EXACT) && at <= latest + EXACT);
  if (epoch === null) return possible[0] ?? all[0] ?? null;
  const exact = all.find((at) => Math.abs(at - epoch) <= EXACT);
  // Some other zone: what is over full quarters of an hour is how long after its channel this record began.
  return exact ?? possible[0] ?? local - Math.round((local - epoch) / QUARTER) * QUARTER;
}
