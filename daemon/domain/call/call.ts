import type { CallId, LegId, MarkKind } from '../recording/recording.js';
import { type CallState, type Effect, extensionOf, isCaller, type TrackedLeg } from './call-state.js';
import { type TrackRules, type Transaction, transaction } from './call-transaction.js';
import { connect, meet, relink } from './call-unite.js';
import type { Answered, LegFacts, LegStory, LinkHalf, PbxEvent } from './event.js';
import { isTrunkContext } from './trunk.js';

export type { CallState, Effect } from './call-state.js';
export { emptyState, restore } from './call-state.js';
export type { TrackRules } from './call-transaction.js';

/**
 * Follows calls. Gives the state after the event, and one effect for each call that it changed.
 * Legs belong together when the PBX gives them one linkedid, or when they meet in a bridge: linkedid changes in mid-call
 * (pickup, retrieval of a parked call, attended transfer), seen on Asterisk 16 and 22.
 */
export function step(
  before: CallState,
  event: PbxEvent,
  rules: TrackRules,
): { state: CallState; effects: Effect[] } {
  const t = transaction(before, rules);
  apply(t, event);
  return t.commit(event.at);
}

function apply(t: Transaction, event: PbxEvent): void {
  switch (event.kind) {
    case 'leg':
      see(t, event.leg, event.at);
      return;
    case 'leg-gone':
      if (see(t, event.leg, event.at, false)) leave(t, event.leg.id, event.at, event.cause);
      else if (!t.legs.has(event.leg.id)) t.bury([event.leg.id], event.at);
      return;
    case 'bridged':
      enter(t, event);
      return;
    case 'unbridged':
      exit(t, event);
      return;
    case 'link':
      link(t, event.link, event.bridge);
      connect(t, event.at);
      return;
    case 'link-gone':
      t.links.delete(event.link.name);
      connect(t, event.at);
      return;
    case 'hung-up': {
      const leg = see(t, event.leg, event.at, false);
      if (leg?.caller) t.setCall(leg.callId, { gaveUp: true });
      return;
    }
    case 'hold':
    case 'unhold': {
      const leg = see(t, event.leg, event.at);
      if (!leg) return;
      t.closeMarks('hold', event.at, leg.id);
      if (event.kind === 'hold') mark(t, leg, 'hold', leg.number, event.at, true);
      return;
    }
    case 'dial': {
      if (event.from) see(t, event.from, event.at);
      const to = see(t, event.to, event.at, false);
      if (!to) return;
      if (event.number && to.outside) t.setLeg(to.id, { dialledOut: event.number, caller: false });
      if (event.status !== 'trying' && event.status !== 'ringing')
        t.setCall(to.callId, { dialStatus: event.status });
      return;
    }
    case 'transfer':
      transfer(t, event);
      return;
    case 'queue':
    case 'parked':
    case 'unparked':
    case 'pickup':
      story(t, event);
      return;
    case 'snapshot':
      compare(t, event);
      return;
    default:
      return; // snoops and spool files are the capture's concern
  }
}

/**
 * Makes a leg known, or brings it up to date. Null for one that has gone already (events may come late or twice).
 * `answered` is when it was answered, if it is up and was not before.
 */
function see(
  t: Transaction,
  facts: LegFacts,
  at: number,
  mayBegin = true,
  answered: Answered = { from: at, to: at },
): TrackedLeg | null {
  if (t.hasGone(facts.id)) return null;
  const known = t.legs.get(facts.id);
  if (known && known.goneAt !== null) return null;
  if (!known) {
    if (!mayBegin) return null;
    begin(t, facts, at, answered);
  } else {
    if (known.linkedid !== facts.linkedid) relink(t, known, facts.linkedid, at);
    const same =
      known.number === newest(known, known.number, facts.number) &&
      known.name === newest(known, known.name, facts.name) &&
      (known.upAt !== null || facts.state !== 'up') &&
      known.linkedid === facts.linkedid;
    if (!same)
      t.setLeg(facts.id, {
        linkedid: facts.linkedid,
        number: newest(known, known.number, facts.number),
        name: newest(known, known.name, facts.name),
        ...(known.upAt === null && facts.state === 'up' ? up(answered) : {}),
      });
  }
  const leg = t.legs.get(facts.id)!;
  const call = t.call(leg.callId);
  if (!call.dialled && leg.caller && facts.dnid) t.setCall(call.id, { dialled: facts.dnid });
  // Click-to-dial rings our own phone first; whom it calls is told when that phone, still alone, enters the dialplan.
  if (!call.dialled && !leg.outside && facts.state === 'up' && facts.exten && t.legsOf(call.id).length === 1)
    t.setCall(call.id, { dialled: facts.exten });
  note(t, leg, facts);
  return leg;
}

/** The dialplan may set the account code and variables of the leg that began the call at any time. */
function note(t: Transaction, leg: TrackedLeg, { account, variables }: LegFacts): void {
  const { id, facts, past } = t.call(leg.callId);
  const now = {
    account: account || facts?.account || '',
    variables: { ...facts?.variables, ...variables },
  };
  const same =
    facts?.account === now.account &&
    Object.entries(variables).every(([name, value]) => facts.variables[name] === value);
  const first = () => [...past, ...t.legsOf(id)].sort((a, b) => a.seenAt - b.seenAt)[0]?.id === leg.id;
  if (!same && first())
    t.setCall(id, { facts: { called: [], sent: false, originated: false, ...facts, ...now } });
}

/**
 * An outside party's name may be looked up in mid-call: the newest counts. Ours are as they began: FreePBX puts the number
 * of the line over an extension's own while it dials out.
 */
function newest(leg: TrackedLeg, known: string, now: string): string {
  return leg.outside ? now || known : known || now;
}

const endpointOf = (channel: string): string => /^[^/]+\/(.+)-[0-9a-f]{8}(;\d)?$/.exec(channel)?.[1] ?? '';

const up = ({ from, to }: Answered) => ({ upAt: from, upBy: to > from ? to : null });

function begin(t: Transaction, facts: LegFacts, at: number, answered: Answered): void {
  const outside = isTrunkContext(t.rules.trunkContexts, facts.context);
  const caller = isCaller(facts);
  let call = [...t.calls.values()].find((c) => c.linkedids.includes(facts.linkedid));
  if (!call) {
    call = {
      id: t.rules.mint(),
      pbx: t.rules.pbx,
      linkedids: [facts.linkedid],
      startedAt: at,
      answeredAt: null,
      endedAt: null,
      talked: false,
      anchor: null,
      swapped: false,
      dialled: caller ? facts.dnid || facts.exten : '',
      did: caller && outside ? facts.dnid || facts.exten : '',
      queue: '',
      dialStatus: null,
      gaveUp: false,
      cause: null,
      marks: [],
      past: [],
      consultFor: caller && !outside ? heldBy(t, facts) : null,
      facts: {
        account: facts.account,
        variables: facts.variables,
        called: [],
        sent: false,
        originated: !caller && !outside,
      },
    };
    t.calls.set(call.id, call);
  }
  t.legs.set(facts.id, {
    id: facts.id,
    callId: call.id,
    linkedid: facts.linkedid,
    endpoint: endpointOf(facts.channel),
    outside,
    caller,
    number: facts.number,
    name: facts.name,
    dialledOut: '',
    seenAt: at,
    ...(facts.state === 'up' ? up(answered) : { upAt: null, upBy: null }),
    goneAt: null,
    bridge: null,
    waiting: false,
    mixed: false,
    meeting: null,
  });
  t.setLeg(facts.id, {});
  for (const told of t.takeEarly(facts.id)) story(t, told);
}

/** The call that a phone has on hold while it begins another: who transfers asks first. */
function heldBy(t: Transaction, facts: LegFacts): CallId | null {
  const extension = extensionOf({ endpoint: endpointOf(facts.channel), number: facts.number });
  for (const { id, marks } of t.calls.values())
    for (const m of marks) {
      const leg = m.kind === 'hold' && m.open ? t.legs.get(m.legId ?? '') : undefined;
      if (leg && !leg.outside && extensionOf(leg) === extension) return id;
    }
  return null;
}

/** `cause` is the PBX's word for why, or null when it was not heard. */
function leave(t: Transaction, id: LegId, at: number, cause: number | null): void {
  const leg = t.legs.get(id)!;
  t.closeMarks('hold', at, id);
  t.setLeg(id, { goneAt: at, bridge: null, meeting: null });
  if (leg.caller && cause !== null) t.setCall(leg.callId, { cause });
}

function enter(t: Transaction, event: Extract<PbxEvent, { kind: 'bridged' }>): void {
  const leg = see(t, event.leg, event.at);
  if (!leg || leg.bridge === event.bridge) return;
  t.setLeg(leg.id, { mixed: Boolean(event.conference) });
  meet(t, leg.id, event.bridge, event.waiting, event.at);
  if (event.conference) cameOrWent(t, 'joined', leg.id, event);
}

function exit(t: Transaction, event: Extract<PbxEvent, { kind: 'unbridged' }>): void {
  const leg = see(t, event.leg, event.at, false);
  if (leg?.bridge !== event.bridge) return;
  t.setLeg(leg.id, { bridge: null, waiting: false });
  if (event.conference) cameOrWent(t, 'left', leg.id, event);
  connect(t, event.at);
}

/** In a conference, whoever comes to others or leaves more than one is worth a mark. */
function cameOrWent(
  t: Transaction,
  kind: 'joined' | 'left',
  id: LegId,
  { at, bridge }: { at: number; bridge: string },
): void {
  const leg = t.legs.get(id)!;
  const others = t.legsOf(leg.callId).filter((l) => l.bridge === bridge && l.id !== id);
  if (others.length > (kind === 'joined' ? 0 : 1)) mark(t, leg, kind, leg.number, at);
}

function link(t: Transaction, { name, half }: LinkHalf, bridge: string | null): void {
  const [one, two] = t.links.get(name) ?? [null, null];
  t.links.set(name, half === 1 ? [bridge, two] : [one, bridge]);
}

function mark(t: Transaction, leg: TrackedLeg, kind: MarkKind, text: string, at: number, open = false): void {
  t.mark(leg.callId, { at, until: null, open, kind, text, legId: leg.id });
}

function transfer(t: Transaction, event: Extract<PbxEvent, { kind: 'transfer' }>): void {
  const by = t.legs.get(event.by);
  if (!by) return;
  // By feature code, who transfers is still on the leg of the consultation; what is transferred is the call it was for.
  const consultation = t.call(by.callId);
  const main = event.how === 'attended' && consultation.consultFor;
  const id = main && t.calls.has(main) ? main : consultation.id;
  // A transfer by feature code does not name its target; it is who was reached last.
  const last = t.legsOf(id).filter((l) => l.upAt !== null && l.goneAt === null && l.id !== by.id);
  const to = event.to || (last.sort((a, b) => b.upAt! - a.upAt!)[0]?.number ?? '');
  const text = `${by.number} → ${to}`;
  t.mark(id, { at: event.at, until: null, open: false, kind: 'transfer', text, legId: by.id });
}

function story(t: Transaction, event: LegStory): void {
  const leg = t.legs.get(event.legId);
  if (!leg && !t.hasGone(event.legId)) t.keepEarly(event);
  if (!leg) return;
  if (event.kind === 'pickup') mark(t, leg, 'pickup', event.by, event.at);
  else if (event.kind === 'parked') mark(t, leg, 'park', event.space, event.at, true);
  else if (event.kind === 'unparked') t.closeMarks('park', event.at, leg.id);
  else if (event.step === 'join') {
    t.setCall(leg.callId, { queue: event.queue });
    mark(t, leg, 'queue', event.queue, event.at, true);
  } else {
    t.closeMarks('queue', event.at, leg.id);
    if (event.step === 'agent') mark(t, leg, 'agent', event.agent, event.at);
  }
}

function compare(t: Transaction, event: Extract<PbxEvent, { kind: 'snapshot' }>): void {
  // A call that began unseen began when its channels did.
  // Who called came first: a call that is known by who was called would be one of another direction.
  const legs = [...event.legs].sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  for (const facts of legs)
    see(
      t,
      facts,
      t.legs.has(facts.id) ? event.at : (facts.createdAt ?? event.at),
      true,
      event.answered?.get(facts.id),
    );
  // Who has left a bridge unseen must not meet those who have come into it since.
  for (const leg of [...t.legs.values()])
    if (leg.bridge !== null && !event.bridges.some((b) => b.id === leg.bridge && b.legs.includes(leg.id)))
      t.setLeg(leg.id, { bridge: null, waiting: false });
  // What connects bridges is known before anybody meets in them.
  t.links.clear();
  for (const { link: half, bridge } of event.links ?? []) link(t, half, bridge);
  for (const bridge of event.bridges)
    for (const id of bridge.legs)
      if (t.legs.get(id)?.goneAt === null) meet(t, id, bridge.id, bridge.waiting, event.at);
  const present = new Set(event.legs.map((l) => l.id));
  for (const leg of [...t.legs.values()])
    if (leg.goneAt === null && !present.has(leg.id)) leave(t, leg.id, event.at, null);
}
