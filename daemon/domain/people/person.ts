import { canonicalName, qualified } from '../place.js';
import type { CallRecord } from '../recording/recording.js';

/** What somebody is here; one person may be several of these. */
export const roles = ['admin', 'reviewer', 'auditor', 'agent'] as const;
export type Role = (typeof roles)[number];

/**
 * What can be done with a call. Each is a right of its own. `direct`: to say what becomes of its audio while it goes on, such as
 * to mask it.
 */
export const callRights = ['view', 'play', 'download', 'export', 'direct'] as const;
export type CallRight = (typeof callRights)[number];

/**
 * What can be done with the box: see how it does and what its rules are, change them, say who may do what, read who did what, and
 * handle the requests of people about recordings of themselves.
 */
export const boxRights = ['oversee', 'settings', 'people', 'audit', 'privacy'] as const;
export type BoxRight = (typeof boxRights)[number];

/** Rights that a role does not bring and that are given one by one. */
export const grants = ['download', 'export'] as const;
export type Grant = (typeof grants)[number];

/** Of what is stored, that which can be granted: earlier versions offered rights to what there is not yet. */
export const knownGrants = (stored: readonly string[]): Grant[] =>
  grants.filter((grant) => stored.includes(grant));

/**
 * What a token may be made for. It reads and takes away; nothing is changed, erased or given to others by one, but for what a
 * program says about a call that goes on.
 */
export const tokenRights = ['oversee', 'audit', 'view', 'play', 'download', 'export', 'direct'] as const;
export type TokenRight = (typeof tokenRights)[number];

/** Longest name of a person, and of one extension, queue or DID; and how many of these one person may have. */
export const LONGEST_NAME = 60;
export const LONGEST_NUMBER = 80;
export const MOST_NUMBERS = 500;

/** A name as it is compared: case and width do not make another person. */
export const nameKey = (name: string): string => name.normalize('NFKC').toLowerCase();

/**
 * Which calls a reviewer reaches: all, or those of these extensions, queues and numbers dialled from outside (DIDs), each with
 * its PBX as `qualified` writes it.
 */
export type Scope = { all: boolean; extensions: string[]; queues: string[]; dids: string[] };

export type Person = {
  id: string;
  name: string;
  roles: Role[];
  scope: Scope;
  /** An agent's own extensions, with their PBXs in the same way. */
  extensions: string[];
  grants: Grant[];
  /** They act by a token of theirs: of what they may do, only this. */
  only?: readonly (BoxRight | CallRight)[];
};

/** What somebody is and was given. */
export type Rights = Pick<Person, 'roles' | 'scope' | 'extensions' | 'grants'>;

/** Every call, for a reviewer of all. */
export const EVERY_CALL: Scope = { all: true, extensions: [], queues: [], dids: [] };

/** Whoever sets the box up runs it and hears the calls; later they may make others, and give up either. */
export const FOUNDER: Rights = {
  roles: ['admin', 'reviewer'],
  scope: EVERY_CALL,
  extensions: [],
  grants: ['download', 'export'],
};

/** The same for one who runs the box and hears nothing. */
export const RUNS_ONLY: Rights = {
  roles: ['admin'],
  scope: { all: false, extensions: [], queues: [], dids: [] },
  extensions: [],
  grants: [],
};

/** A stretch of a call's timeline, in ms since the answer; `untilMs` null: to the end. */
export type Stretch = { fromMs: number; untilMs: number | null };

/** All of a call, what was before the answer too. */
export const WHOLE: readonly Stretch[] = [{ fromMs: Number.NEGATIVE_INFINITY, untilMs: null }];

const BOX: Record<Role, readonly BoxRight[]> = {
  admin: ['oversee', 'settings', 'people', 'audit', 'privacy'],
  reviewer: [],
  auditor: ['oversee', 'audit', 'privacy'],
  agent: [],
};

/** Who runs the box sees that calls were made, and hears none of them. */
const CALLS: Record<Role, readonly CallRight[]> = {
  admin: ['view', 'direct'],
  reviewer: ['view', 'play', 'direct'],
  auditor: ['view', 'play', 'export'],
  agent: ['view', 'play', 'direct'],
};

/** What may be granted to whom: an auditor changes nothing, an admin hears nothing. */
export const GRANTABLE: Record<Role, readonly Grant[]> = {
  admin: [],
  reviewer: ['download', 'export'],
  auditor: ['download'],
  agent: ['download'],
};

const held = ({ only }: Person, right: BoxRight | CallRight): boolean =>
  only === undefined || only.includes(right);

export const mayDo = (person: Person, right: BoxRight): boolean =>
  held(person, right) && person.roles.some((role) => BOX[role].includes(right));

const roleMay = (person: Person, role: Role, right: CallRight): boolean =>
  held(person, right) &&
  (CALLS[role].includes(right) ||
    (GRANTABLE[role].some((g) => g === right) && person.grants.some((g) => g === right)));

/** The roles of somebody by which this can be done with a call, if it is one that the role reaches. */
export const rolesWith = (person: Person, right: CallRight): Role[] =>
  person.roles.filter((role) => roleMay(person, role, right));

/** Whether somebody can do this with any call at all. */
export const mayEver = (person: Person, right: CallRight): boolean => rolesWith(person, right).length > 0;

type Reached = Pick<
  CallRecord,
  'pbx' | 'direction' | 'answeredAt' | 'startedAt' | 'did' | 'queue' | 'legs' | 'marks' | 'imported'
>;

/**
 * The stretches of a call's timeline for which somebody has this right, in order and apart from each other; none: for them
 * there is no such call. A right goes with a leg: who came into a call by a transfer has it from there, and who left it
 * until then.
 */
export function reach(person: Person, right: CallRight, call: Reached): readonly Stretch[] {
  const by = rolesWith(person, right);
  if (by.includes('admin') || by.includes('auditor')) return WHOLE;
  const { scope } = person;
  if (by.includes('reviewer') && (scope.all || named(scope.dids).has(qualified(call.pbx, call.did))))
    return WHOLE;
  const reviewed = by.includes('reviewer') ? named(scope.extensions) : NONE;
  const own = by.includes('agent') ? named(person.extensions) : NONE;
  const found = stretchesOf(call, (extension) => reviewed.has(extension) || own.has(extension));
  if (by.includes('reviewer')) {
    const queues = named(scope.queues);
    for (const { name, fromMs, untilMs } of queuesOf(call))
      if (queues.has(name)) found.push({ fromMs, untilMs });
  }
  // Whose phone only rang sees the call, and hears nothing of it.
  const tookPart = found.some(({ fromMs, untilMs }) => untilMs === null || untilMs > fromMs);
  return call.imported && tookPart ? ofImported(call) : joined(found);
}

/**
 * Another recorder did not tell when somebody left a call, and mixed both sides: all of it, where nobody else of ours took part, else
 * none of it.
 */
function ofImported({ direction, legs }: Reached): readonly Stretch[] {
  const ours = new Set(
    legs.filter(({ party, upAt }) => party.ours && upAt !== null).map(({ party }) => party.number),
  );
  return ours.size <= (direction === 'internal' ? 2 : 1) ? WHOLE : NOTHING_HEARD;
}
const NONE: ReadonlySet<string> = new Set();
const NOTHING_HEARD: readonly Stretch[] = [{ fromMs: 0, untilMs: 0 }];

/** Somebody may have thousands of places, and is asked about for each call of a list and each right. */
const namedBy = new WeakMap<readonly string[], ReadonlySet<string>>();

/** What these texts name. No name is none, whatever it stands behind. */
function named(texts: readonly string[]): ReadonlySet<string> {
  const known = namedBy.get(texts);
  if (known) return known;
  const names = new Set(texts.map(canonicalName));
  names.delete('');
  namedBy.set(texts, names);
  return names;
}

/** Before a call is answered it has no timeline: who was rung sees the call. */
function stretchesOf(call: Reached, has: (extension: string) => boolean): Stretch[] {
  const zero = call.answeredAt ?? call.startedAt;
  return call.legs
    .filter(({ party }) => party.ours && has(qualified(call.pbx, party.number)))
    .map((leg) => ({
      fromMs: (leg.upAt ?? leg.goneAt ?? leg.seenAt) - zero,
      untilMs: leg.goneAt === null ? null : leg.goneAt - zero,
    }));
}

/**
 * The queues that a call came into, with its PBX, in order. What is said after one of them is that queue's until the call comes into the
 * next, whoever answers. From its answer on it is in the queue of which the PBX did not say when.
 */
export function queuesOf({
  pbx,
  queue,
  marks,
}: Pick<Reached, 'pbx' | 'queue' | 'marks'>): (Stretch & { name: string })[] {
  const came = marks
    .filter((m) => m.kind === 'queue')
    .map((m) => ({ name: qualified(pbx, m.text), fromMs: m.atMs }));
  const last = qualified(pbx, queue);
  if (last !== '' && !came.some(({ name }) => name === last)) came.push({ name: last, fromMs: 0 });
  return came
    .sort((a, b) => a.fromMs - b.fromMs)
    .map((one, i, all) => ({ ...one, untilMs: all[i + 1]?.fromMs ?? null }));
}

function joined(stretches: Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const s of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = out.at(-1);
    if (!last || (last.untilMs !== null && s.fromMs > last.untilMs)) out.push({ ...s });
    else if (last.untilMs !== null)
      last.untilMs = s.untilMs === null ? null : Math.max(last.untilMs, s.untilMs);
  }
  return out;
}
