import { type DirectiveKind, directiveKinds } from '../domain/call/directive.js';
import type { DialStatus, LegFacts, LinkHalf, PbxEvent, Snapshot } from '../domain/call/event.js';
import { clean, cleanNumber } from '../domain/call/party.js';
import { isTestLeg } from '../domain/call/test-call.js';
import { type Json, obj, str, token } from './json.js';
import { translateTelling } from './telling.js';

/**
 * Turns what Asterisk says over ARI into PbxEvents. Pure. Everything is hostile: what is missing or of another
 * type becomes empty, and an event that makes no sense becomes nothing.
 * Source: the Asterisk 16 and 22 REST data models.
 */
const STATES: Record<string, LegFacts['state']> = {
  Down: 'down',
  Ring: 'ring',
  Ringing: 'ringing',
  Up: 'up',
};

const STATUSES: Record<string, DialStatus> = {
  '': 'trying',
  PROGRESS: 'ringing',
  PROCEEDING: 'trying',
  RINGING: 'ringing',
  ANSWER: 'answered',
  BUSY: 'busy',
  NOANSWER: 'no_answer',
  CANCEL: 'cancelled',
};

/** What keys are told by. Whoever asks for no digits gets none. */
export const DIGITS = 'ChannelDtmfReceived';

/** ARI event types that are not needed; Asterisk is asked not to send them (a simple call has 46 ChannelVarset of 75). */
export const UNWANTED = [
  'ChannelVarset',
  'DeviceStateChanged',
  'ChannelTalkingStarted',
  'ChannelTalkingFinished',
  'EndpointStateChange',
  'ContactStatusChange',
  'PeerStatusChange',
  'PlaybackContinuing',
  'TextMessageReceived',
  'BridgeCreated',
  'BridgeDestroyed',
  'BridgeVideoSourceChanged',
];

/** One ARI event (as parsed from JSON) to at most one PbxEvent. `now` stands in where the event has no time. */
export function translateAri(raw: unknown, now: number): PbxEvent | null {
  const event = obj(raw);
  const at = ariStamp(raw) ?? now;
  const type = str(event.type);
  if (type.startsWith('Recording')) return spool(type, obj(event.recording), at);
  const telling = translateTelling(type, event, at);
  if (telling) return telling;
  if (type === 'StasisStart' || type === 'StasisEnd') {
    const channel = obj(event.channel);
    if (!str(channel.name).startsWith('Snoop/')) return null;
    return { kind: type === 'StasisStart' ? 'snoop-up' : 'snoop-gone', at, id: token(channel.id) };
  }
  if (type === 'ChannelUserevent') return said(event, at);
  if (type === 'Dial') return dial(event, at);
  if (type === 'BridgeBlindTransfer') return blindTransfer(event, at);
  if (type === 'BridgeAttendedTransfer') return attendedTransfer(event, at);
  const link = linkOf(event.channel);
  if (link) return linkEvent(type, link, obj(event.bridge), at);
  const leg = legOf(event.channel);
  if (!leg) return null;
  switch (type) {
    case 'ChannelCreated':
    case 'ChannelStateChange':
    case 'ChannelConnectedLine':
    case 'ChannelCallerId':
    case 'ChannelDialplan':
      return { kind: 'leg', at, leg };
    case 'ChannelDestroyed':
      return { kind: 'leg-gone', at, leg, cause: typeof event.cause === 'number' ? event.cause : 0 };
    case 'ChannelEnteredBridge':
    case 'ChannelLeftBridge': {
      const bridge = obj(event.bridge);
      const id = token(bridge.id);
      if (!id) return null;
      const conference = bridge.creator === 'ConfBridge' ? clean(bridge.name) : '';
      if (type === 'ChannelLeftBridge') return { kind: 'unbridged', at, leg, bridge: id, conference };
      return { kind: 'bridged', at, leg, bridge: id, waiting: isWaiting(bridge), conference };
    }
    case 'ChannelHangupRequest':
      // A soft one is the PBX's own doing: it comes for every channel whose dialplan ends.
      return event.soft === true ? null : { kind: 'hung-up', at, leg };
    case DIGITS: {
      const digit = str(event.digit).toUpperCase();
      return /^[0-9*#A-D]$/.test(digit) ? { kind: 'digit', at, legId: leg.id, digit } : null;
    }
    case 'ChannelHold':
      return { kind: 'hold', at, leg };
    case 'ChannelUnhold':
      return { kind: 'unhold', at, leg };
    default:
      return null;
  }
}

const list = (v: unknown) => (Array.isArray(v) ? v : []);

/** The channels and bridges that ARI lists, as one event. */
export function translateSnapshot(channels: unknown, bridges: unknown, at: number): Snapshot {
  const halves = new Map(
    list(channels).flatMap((c) => {
      const link = linkOf(c);
      return link ? [[token(obj(c).id), link] as const] : [];
    }),
  );
  return {
    kind: 'snapshot',
    at,
    legs: list(channels).flatMap((c) => legOf(c) ?? []),
    ...snoopsIn(channels),
    bridges: list(bridges).map((b) => {
      const bridge = obj(b);
      return {
        id: token(bridge.id),
        legs: list(bridge.channels).map(token),
        waiting: isWaiting(bridge),
      };
    }),
    links: list(bridges).flatMap((b) => {
      const bridge = obj(b);
      const id = token(bridge.id);
      if (!id || isWaiting(bridge)) return [];
      return list(bridge.channels).flatMap((c) => {
        const link = halves.get(token(c));
        return link ? [{ link, bridge: id }] : [];
      });
    }),
  };
}

/** "TapedeckMask", in any case. */
export function directiveOf(name: string): DirectiveKind | null {
  const what = /^tapedeck([a-z]{1,20})$/i.exec(name)?.[1]?.toLowerCase();
  return directiveKinds.find((kind) => kind === what) ?? null;
}

/** UserEvent() of the dialplan. What else it bears is not looked at. */
function said(event: Json, at: number): PbxEvent | null {
  const what = directiveOf(str(event.eventname));
  if (!what) return null;
  const leg = legOf(event.channel);
  const vars = obj(obj(event.channel).channelvars);
  const linkedid = leg?.linkedid ?? token(vars['CHANNEL(linkedid)']);
  return { kind: 'said', at, what, legId: leg?.id ?? null, linkedid };
}

/** Channels that carry no person: our snoops and Asterisk's own helpers, and the halves of a Local channel. */
const NOT_A_LEG =
  /^(Snoop|Local|Message|Recorder|Announcer|CBRec|CBAnn|MulticastRTP|UnicastRTP|AudioSocket|WebSocket|Bridge|Surrogate|OutgoingSpoof|ConfBridgeRecorder|Parking|Null)\//i;

/** Asterisk names a snoop by the channel that it listens to and a counter (16 and 22). */
function snoopsIn(channels: unknown): Pick<Snapshot, 'snoops' | 'snooped'> {
  const found = list(channels).flatMap((c): [string, string][] => {
    const name = str(obj(c).name);
    const leg = /^Snoop\/(.*)-[0-9a-f]+$/i.exec(name)?.[1];
    return name.startsWith('Snoop/') ? [[token(obj(c).id), token(leg)]] : [];
  });
  return { snoops: found.map(([id]) => id), snooped: new Map(found) };
}

const isWaiting = (bridge: Json): boolean => bridge.technology === 'holding_bridge';

function linkOf(raw: unknown): LinkHalf | null {
  const channel = obj(raw);
  const [, name, half] = /^(Local\/.+);([12])$/.exec(token(channel.name)) ?? [];
  if (name && isTestLeg(token(channel.id), name)) return null;
  return name ? { name, half: half === '1' ? 1 : 2 } : null;
}

function linkEvent(type: string, link: LinkHalf, bridge: Json, at: number): PbxEvent | null {
  if (type === 'ChannelDestroyed') return { kind: 'link-gone', at, link };
  if (type === 'ChannelLeftBridge') return { kind: 'link', at, link, bridge: null };
  const id = token(bridge.id);
  if (type !== 'ChannelEnteredBridge' || !id || isWaiting(bridge)) return null;
  return { kind: 'link', at, link, bridge: id };
}

/** A display name; Asterisk leaves SIP's quoting of " and \\ as it was. */
const display = (v: unknown): string =>
  clean(
    str(v)
      .slice(0, 1024)
      .replace(/\\(["\\])/g, '$1'),
  );

function legOf(raw: unknown): LegFacts | null {
  const channel = obj(raw);
  const id = token(channel.id);
  const name = token(channel.name);
  if (!id || !name || (NOT_A_LEG.test(name) && !isTestLeg(id, name))) return null;
  const vars = obj(channel.channelvars);
  const caller = obj(channel.caller);
  const connected = obj(channel.connected);
  const dialplan = obj(channel.dialplan);
  return {
    id,
    channel: name,
    linkedid: token(vars['CHANNEL(linkedid)']) || id,
    state: STATES[str(channel.state)] ?? 'other',
    number: cleanNumber(caller.number),
    name: display(caller.name),
    connectedNumber: cleanNumber(connected.number),
    connectedName: display(connected.name),
    context: clean(dialplan.context, 80),
    // A channel that is being dialled shows the extension of who dials for a while, also when it is up (16 and 22).
    exten: /^App(Dial|Queue)$/.test(str(dialplan.app_name)) ? '' : cleanNumber(dialplan.exten),
    dnid: cleanNumber(vars['CALLERID(dnid)']),
    account: clean(vars['CHANNEL(accountcode)'], 80),
    variables: variablesOf(vars),
    createdAt: stamp(channel.creationtime),
  };
}

/** What `channelvars` has for Tapedeck itself. */
const OWN = ['CHANNEL(linkedid)', 'CHANNEL(accountcode)', 'CALLERID(dnid)', 'DID', 'FROM_DID'];
const MOST_VARIABLES = 20;

/** What else it has: variables that rules name. */
function variablesOf(vars: Json): Record<string, string> {
  const found = Object.entries(vars)
    .filter(([name]) => !OWN.includes(name) && /^[A-Za-z_][A-Za-z0-9_()-]{0,39}$/.test(name))
    .map(([name, value]) => [name, clean(value, 80)] as const)
    .filter(([, value]) => value !== '');
  return Object.fromEntries(found.slice(0, MOST_VARIABLES));
}

function dial(event: Json, at: number): PbxEvent | null {
  const to = legOf(event.peer);
  if (!to) return null;
  const status = STATUSES[str(event.dialstatus)] ?? 'failed';
  return { kind: 'dial', at, from: legOf(event.caller), to, status, number: dialled(str(event.dialstring)) };
}

/** "05551234@trunk", "trunk/05551234" -> "05551234"; an extension's own endpoint gives "". */
function dialled(dialstring: string): string {
  const parts = dialstring.slice(0, 200).split(/[@/,]/);
  if (parts.length < 2) return '';
  return parts.filter((p) => /^\+?[0-9*#]{2,40}$/.test(p)).sort((a, b) => b.length - a.length)[0] ?? '';
}

function blindTransfer(event: Json, at: number): PbxEvent | null {
  const by = legOf(event.channel);
  if (!by || event.result !== 'Success') return null;
  return { kind: 'transfer', at, how: 'blind', by: by.id, to: clean(event.exten, 64) };
}

function attendedTransfer(event: Json, at: number): PbxEvent | null {
  const by = legOf(event.transferer_first_leg);
  if (!by || event.result !== 'Success') return null;
  // The target's channel may be a Local one (16), or not be named at all (22, by feature code): then it is the one with whom
  // whoever transfers was speaking last.
  const target = obj(obj(event.transfer_target).caller);
  const second = obj(obj(event.transferer_second_leg).connected);
  return {
    kind: 'transfer',
    at,
    how: 'attended',
    by: by.id,
    to: cleanNumber(target.number) || cleanNumber(second.number),
  };
}

function spool(type: string, recording: Json, at: number): PbxEvent | null {
  const name = token(recording.name);
  if (!name) return null;
  if (type === 'RecordingStarted') return { kind: 'spool-started', at, name };
  if (type === 'RecordingFinished') return { kind: 'spool-finished', at, name };
  if (type === 'RecordingFailed') return { kind: 'spool-failed', at, name, reason: clean(recording.cause) };
  return null;
}

function stamp(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(at) ? at : null;
}

/** When the PBX says that an ARI event happened, ms since 1970 by its clock; null where it does not say. */
export const ariStamp = (raw: unknown): number | null => stamp(obj(raw).timestamp);
