import { type Static, Type } from 'typebox';
import { isTrunkContext } from '../call/trunk.js';
import { PbxId, qualified } from '../pbx.js';
import type { CallId, CallRecord, Party } from '../recording/recording.js';

const Text = Type.String({ maxLength: 4096 });

/**
 * One call detail record: Asterisk's own account of one channel's part in a call, a second exact. Times are milliseconds
 * since 1970 by our own clock. Text is cleaned and capped already; what the source does not tell is empty.
 */
export const Cdr = Type.Object({
  /** Whose record it is: what follows names something on this PBX. */
  pbx: PbxId,
  linkedid: Text,
  uniqueid: Text,
  channel: Text,
  /** The channel that it was connected with. */
  peer: Text,
  src: Text,
  dst: Text,
  name: Text,
  context: Text,
  app: Text,
  startAt: Type.Number(),
  answerAt: Type.Union([Type.Number(), Type.Null()]),
  endAt: Type.Number(),
  disposition: Text,
  /** How far the PBX's clock, by which it was written, was ahead of ours, in ms. */
  ahead: Type.Number(),
});
export type Cdr = Static<typeof Cdr>;

/** The PBX's account of one call: its CDRs, and the call of ours that they tell of, if there is one. */
export type Account = {
  /** The call's own id where there is one, else the oldest linkedid, qualified by its PBX. */
  id: string;
  pbx: PbxId;
  /** The oldest; where no CDR tells one, what stands for it. Never empty. */
  linkedid: string;
  callId: CallId | null;
  startedAt: number;
  /** Null when the PBX says that nobody answered. */
  answeredAt: number | null;
  endedAt: number;
  /** Only in a bridge, with nobody else: Asterisk ends such a CDR where the bridge begins, so its length says nothing. */
  alone: boolean;
  cdrs: Cdr[];
};

type Known = Pick<
  CallRecord,
  'id' | 'pbx' | 'linkedids' | 'startedAt' | 'endedAt' | 'legs' | 'them' | 'us' | 'dialled'
>;

/** The same record whatever brought it (AMI, a file, a database) and whatever was known of the PBX's clock then. */
export const cdrKey = (cdr: Cdr): string => qualified(cdr.pbx, keyOnPbx(cdr));

const keyOnPbx = (cdr: Cdr): string =>
  `${cdr.channel || cdr.uniqueid}|${cdr.peer}|${cdr.startAt + cdr.ahead}`;

/** The same record, where the PBX's clock is so many ms ahead of ours. */
export function onOurClock(cdr: Cdr, ahead: number): Cdr {
  const move = (at: number) => at + cdr.ahead - ahead;
  return {
    ...cdr,
    startAt: move(cdr.startAt),
    answerAt: cdr.answerAt === null ? null : move(cdr.answerAt),
    endAt: move(cdr.endAt),
    ahead,
  };
}

/** A record whose source tells neither uniqueid nor linkedid: it can be known only by its channel and its time. */
export const isBare = (cdr: Cdr): boolean => cdr.uniqueid === '' && cdr.linkedid === '';

/** What ties this record to others and to calls of its PBX: never empty. */
export const linksOf = (cdr: Cdr): string[] =>
  isBare(cdr) ? [cdrKey(cdr)] : [...new Set([cdr.linkedid, cdr.uniqueid].filter(Boolean))];

/** CDRs have whole seconds, and ours begin when we hear of them. */
const SLACK_MS = 3_000;

/**
 * Gathers CDRs into one account a call. One call makes several CDRs, and under several linkedids (a conference, a pickup,
 * an attended transfer), so those that tell of a call which we know are put together by it; the rest by linkedid, and by
 * the channels that name each other. Nothing of one PBX tells of a call on another.
 */
export function gather(cdrs: readonly Cdr[], calls: readonly Known[]): Account[] {
  const groups = new Map<string, { callId: CallId | null; cdrs: Cdr[] }>();
  const put = (key: string, callId: CallId | null, cdr: Cdr) => {
    const group = groups.get(key) ?? { callId, cdrs: [] };
    group.cdrs.push(cdr);
    groups.set(key, group);
  };
  const orphans: Cdr[] = [];
  const byLinkedid = new Map<string, { cdr: Cdr; call: Known }[]>();
  const linkedidOf = ({ pbx, linkedid }: Cdr) => qualified(pbx, linkedid);
  for (const cdr of cdrs) {
    const call = callOf(cdr, calls);
    if (!call) {
      orphans.push(cdr);
      continue;
    }
    put(`call ${call.id}`, call.id, cdr);
    const linkedid = linkedidOf(cdr);
    if (linkedid) byLinkedid.set(linkedid, [...(byLinkedid.get(linkedid) ?? []), { cdr, call }]);
  }
  const strangers: Cdr[] = [];
  for (const cdr of orphans) {
    const kin = byLinkedid.get(linkedidOf(cdr))?.sort((a, b) => overlap(b.cdr, cdr) - overlap(a.cdr, cdr))[0];
    if (kin) put(`call ${kin.call.id}`, kin.call.id, cdr);
    else strangers.push(cdr);
  }
  const rootOf = unite(strangers);
  for (const cdr of strangers) put(`cdr ${rootOf(cdr)}`, null, cdr);
  return [...groups.values()].map(({ callId, cdrs }) => toAccount(callId, cdrs));
}

function callOf(cdr: Cdr, calls: readonly Known[]): Known | null {
  const bare = isBare(cdr);
  const fits = calls.flatMap((call) => {
    if (call.pbx !== cdr.pbx) return [];
    const legs = call.legs.filter((l) => cdr.uniqueid !== '' && l.id === cdr.uniqueid);
    const linked = call.linkedids.includes(cdr.linkedid) || call.linkedids.includes(cdr.uniqueid);
    const near = Math.abs(call.startedAt - cdr.startAt) <= SLACK_MS && shares(call, cdr);
    if (legs.length === 0 && !linked && !(bare && near)) return [];
    // One leg may be in two calls, first in the one and then in the other (a consultation).
    const spans = legs.length > 0 ? legs.map((l) => [l.seenAt, l.goneAt]) : [[call.startedAt, call.endedAt]];
    const ms = spans.map(([from, to]) =>
      overlap(cdr, { startAt: from!, endAt: to ?? Number.MAX_SAFE_INTEGER }),
    );
    return { call, leg: legs.length > 0, linked, ms: Math.max(...ms) };
  });
  fits.sort(
    (a, b) =>
      Number(b.ms > -SLACK_MS) - Number(a.ms > -SLACK_MS) ||
      Number(b.leg) - Number(a.leg) ||
      Number(b.linked) - Number(a.linked) ||
      b.ms - a.ms,
  );
  return fits[0]?.call ?? null;
}

function shares(call: Known, cdr: Cdr): boolean {
  const numbers = [call.them, call.us, ...call.legs.map((l) => l.party)].map((p) => p.number);
  const theirs = [cdr.src, cdr.dst, endpointOf(cdr.channel), endpointOf(cdr.peer)];
  return [...numbers, call.dialled].some((n) => n !== '' && theirs.includes(n));
}

/** For how long both went on, in ms; negative is how far they are apart. */
function overlap(a: Pick<Cdr, 'startAt' | 'endAt'>, b: Pick<Cdr, 'startAt' | 'endAt'>): number {
  return Math.min(a.endAt, b.endAt) - Math.max(a.startAt, b.startAt);
}

/** The name of the group of each. Channels' names begin again when Asterisk is restarted, so their times must touch. */
function unite(cdrs: readonly Cdr[]): (cdr: Cdr) => string {
  const parent = new Map<string, string>();
  const root = (key: string): string => {
    const up = parent.get(key) ?? key;
    return up === key ? key : root(up);
  };
  const nameOf = (cdr: Cdr) => qualified(cdr.pbx, cdr.linkedid || cdr.uniqueid) || cdrKey(cdr);
  const first = new Map<string, Cdr[]>();
  const channelOf = ({ pbx }: Cdr, name: string) => qualified(pbx, name);
  for (const cdr of cdrs)
    if (cdr.channel) {
      const channel = channelOf(cdr, cdr.channel);
      first.set(channel, [...(first.get(channel) ?? []), cdr]);
    }
  for (const cdr of cdrs) {
    for (const name of [cdr.peer, cdr.channel])
      for (const other of first.get(channelOf(cdr, name)) ?? [])
        if (overlap(cdr, other) > -SLACK_MS) parent.set(root(nameOf(other)), root(nameOf(cdr)));
  }
  return (cdr) => root(nameOf(cdr));
}

/** Applications that put a channel into a bridge whether or not anybody is there (seen on 16 and 22). */
const IN_A_BRIDGE = /^(ConfBridge|MeetMe|BridgeWait|Bridge|Park|ParkAndAnnounce|Page)$/i;

function toAccount(callId: CallId | null, cdrs: Cdr[]): Account {
  const sorted = cdrs.toSorted((a, b) => a.startAt - b.startAt || a.endAt - b.endAt);
  const answers = sorted.flatMap((c) => c.answerAt ?? []);
  const { pbx } = sorted[0]!;
  const linkedid = sorted.map((c) => c.linkedid || c.uniqueid).find(Boolean) || keyOnPbx(sorted[0]!);
  return {
    id: callId ?? qualified(pbx, linkedid),
    pbx,
    linkedid,
    callId,
    startedAt: sorted[0]!.startAt,
    answeredAt: answers.length > 0 ? Math.min(...answers) : null,
    endedAt: Math.max(...sorted.map((c) => c.endAt)),
    alone: sorted.every((c) => c.peer === '' && IN_A_BRIDGE.test(c.app)),
    cdrs: sorted,
  };
}

/** "PJSIP/100-00000013" -> "100"; what is no device gives "". */
export function endpointOf(channel: string): string {
  return /^(?!Local\/)[^/]+\/(.+?)-[0-9a-f]{6,}(;\d)?$/i.exec(channel)?.[1] ?? '';
}

const isExtension = (text: string) => /^\d{1,6}$/.test(text);

/** A phone's own channel is what makes somebody an extension of ours: the number in a CDR is what the caller said. */
function partyOf({ channel, src, name }: Cdr): Party {
  const phone = endpointOf(channel);
  return isExtension(phone)
    ? { number: phone, name, ours: true }
    : { number: src || phone, name, ours: false };
}

/** A call of which nothing but the PBX's account is known, as a row in the list of calls. */
export function callFrom(account: Account, id: CallId, trunkContexts: readonly string[]): CallRecord {
  const main = account.cdrs.find((c) => endpointOf(c.channel) !== '') ?? account.cdrs[0]!;
  const answered = account.cdrs.find((c) => c.answerAt !== null && endpointOf(c.peer) !== '') ?? main;
  const from = endpointOf(main.channel);
  const to = endpointOf(answered.peer);
  const incoming = isTrunkContext(trunkContexts, main.context) || (from !== '' && !isExtension(from));
  const outgoing = !incoming && to !== '' && !isExtension(to);
  const caller = { number: main.src || from, name: main.name, ours: !incoming };
  const callee = { number: outgoing ? main.dst : to || main.dst, name: '', ours: !outgoing };
  const legs = new Map<string, CallRecord['legs'][number]>();
  for (const c of account.cdrs)
    if (c.uniqueid && !legs.has(c.uniqueid))
      legs.set(c.uniqueid, {
        id: c.uniqueid,
        endpoint: endpointOf(c.channel),
        party: partyOf(c),
        seenAt: c.startAt,
        upAt: c.answerAt,
        goneAt: account.endedAt,
      });
  return {
    id,
    pbx: account.pbx,
    linkedids: [...new Set(account.cdrs.map((c) => c.linkedid).filter(Boolean))],
    direction: incoming ? 'in' : outgoing ? 'out' : 'internal',
    startedAt: account.startedAt,
    answeredAt: account.answeredAt,
    endedAt: account.endedAt,
    outcome: account.answeredAt === null ? 'no_answer' : 'answered',
    them: outgoing ? callee : caller,
    us: outgoing ? caller : callee,
    dialled: main.dst,
    did: incoming ? main.dst : '',
    queue: '',
    legs: [...legs.values()],
    marks: [],
    consultFor: null,
    facts: null,
    test: false,
  };
}
