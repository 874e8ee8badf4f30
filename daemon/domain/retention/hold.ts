import { type Static, Type } from 'typebox';
import { foundIn, ofNumber, type Sought, soughtBy } from '../call/search.js';
import { PbxId } from '../pbx.js';
import type { ReachKey } from '../people/reach.js';
import { canonicalName } from '../place.js';
import type { CallId, Direction, RecordingId } from '../recording/recording.js';

/** Legal holds by matter: what a matter holds is not erased, whatever else says that it is due. */

const MAX_NAMES = 200;
const name = Type.String({ minLength: 1, maxLength: 80 });
const names = (description: string) => Type.Array(name, { maxItems: MAX_NAMES, default: [], description });
const Time = Type.Integer({ minimum: 0, maximum: 253_402_300_799_999 });

/** Which calls a matter holds: those that match every part that is given, and any of the names within a part. */
export const HoldQuery = Type.Object(
  {
    text: Type.String({
      maxLength: 200,
      default: '',
      description: 'Words and numbers, as in the list of calls.',
    }),
    numbers: names('Telephone numbers, in any notation, or how they end. Calls that had one of them match.'),
    extensions: names('Extensions that were on the call. "warehouse/201" is one on another PBX.'),
    queues: names('Queues that the call came into.'),
    dids: names('Numbers dialled from outside (DIDs).'),
    from: Type.Union([Time, Type.Null()], { description: 'Calls that began then or later, ms since 1970.' }),
    to: Type.Union([Time, Type.Null()], { description: 'Calls that began before, ms since 1970.' }),
    direction: Type.Union([Type.Enum(['in', 'out', 'internal']), Type.Null()]),
    pbx: Type.Union([PbxId, Type.Null()], { default: null }),
    region: Type.String({
      maxLength: 2,
      default: '',
      description:
        'Country of numbers without a country code (ISO 3166-1), as it was when the matter was opened.',
    }),
  },
  { additionalProperties: false },
);
export type HoldQuery = Static<typeof HoldQuery>;

export const ANY_CALL: HoldQuery = {
  ...{ text: '', numbers: [], extensions: [], queues: [], dids: [] },
  ...{ from: null, to: null, direction: null, pbx: null, region: '' },
};

/** There can be so many matters that are not released: each is looked at for every recording that is sealed or erased. */
export const MOST_MATTERS = 200;

export type MatterId = string;
/**
 * `applying`: it is still being worked out what it holds. `releasing`: it was released, and recordings are being let go.
 * In both states it holds what it has.
 */
export type MatterState = 'applying' | 'open' | 'releasing' | 'released';
export type Matter = {
  id: MatterId;
  name: string;
  reason: string;
  /** Null: only what was picked by hand. */
  query: HoldQuery | null;
  openedBy: string;
  openedAt: number;
  state: MatterState;
  /** Counts every change of what it holds. */
  revision: number;
  releasedAt: number | null;
  /** What it holds now. */
  held: { query: number; picked: number };
};

/** How a recording came to be held. */
export type HeldBy = 'query' | 'picked';
/** `seq`: its place among all that was ever held. */
export type HoldItem = {
  seq: number;
  matter: MatterId;
  recordingId: RecordingId;
  callId: CallId;
  why: HeldBy;
  at: number;
  by: string;
};

/**
 * What somebody asks to let go of a matter: all that it holds, some recordings that were picked, or what a narrower query does not
 * ask for (null: the matter goes on without a query).
 */
export const Letting = Type.Union([
  Type.Object({ what: Type.Literal('all') }, { additionalProperties: false }),
  Type.Object(
    { what: Type.Literal('query'), query: Type.Union([HoldQuery, Type.Null()]) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      what: Type.Literal('recordings'),
      recordings: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { minItems: 1, maxItems: 1000 }),
    },
    { additionalProperties: false },
  ),
]);
export type Letting = Static<typeof Letting>;

/** A release as it was approved. `upto`: only what was held up to this place is let go; what a query caught later stays. */
export type HoldRelease = {
  id: string;
  matter: MatterId;
  upto: number;
  letting: Letting;
  /** The query before. */
  was: HoldQuery | null;
  approval: string;
  reason: string;
  askedBy: string;
  approvedBy: string;
  at: number;
  /** Null while recordings are being let go. */
  doneAt: number | null;
  released: number;
};

/** What of a call a query asks for. `search` is its search text, `reach` by what it is reached. */
export type Holdable = {
  pbx: string;
  direction: Direction;
  startedAt: number;
  search: string;
  reach: readonly ReachKey[];
};

/** A query in the one form that both `holdsCall` and SQL read. */
export type HoldTerms = {
  sought: Sought[];
  reach: { kind: ReachKey['kind']; names: string[] }[];
  from: number | null;
  to: number | null;
  direction: Direction | null;
  pbx: string | null;
};

/** Returns what a query asks for. */
export function termsOf(query: HoldQuery): HoldTerms {
  const { from, to, direction, pbx, region } = query;
  const reach = (kind: ReachKey['kind'], given: readonly string[]) =>
    given.length === 0 ? [] : [{ kind, names: [...new Set(given.map(canonicalName))] }];
  const numbers = query.numbers.map((number) => ofNumber(number, region));
  return {
    sought: [...soughtBy(query.text, region), ...(numbers.length > 0 ? [{ any: numbers }] : [])],
    reach: [
      ...reach('extension', query.extensions),
      ...reach('queue', query.queues),
      ...reach('did', query.dids),
    ],
    ...{ from, to, direction, pbx },
  };
}

/** Whether a call is one that these terms ask for. */
export const holdsCall = (terms: HoldTerms, call: Holdable): boolean =>
  (terms.from === null || call.startedAt >= terms.from) &&
  (terms.to === null || call.startedAt < terms.to) &&
  (terms.direction === null || call.direction === terms.direction) &&
  (terms.pbx === null || call.pbx === terms.pbx) &&
  terms.reach.every(({ kind, names }) =>
    call.reach.some((key) => key.kind === kind && names.includes(key.name)),
  ) &&
  terms.sought.every((part) => foundIn(call.search, part));

/** Why nobody can open a matter with this query, in one sentence; null when they can. */
export function queryFault(query: HoldQuery): string | null {
  const bad = query.numbers.find((number) => number.replace(/\D/g, '').length < 2);
  if (bad !== undefined) return `"${bad}" is not a telephone number.`;
  if (query.text !== '' && soughtBy(query.text, query.region).length === 0)
    return 'The text has no letter or digit to search for.';
  if (query.from !== null && query.to !== null && query.from >= query.to)
    return 'The query ends before it begins.';
  const terms = termsOf(query);
  const asks =
    terms.sought.length + terms.reach.length > 0 ||
    [terms.from, terms.to, terms.direction, terms.pbx].some((part) => part !== null);
  return asks ? null : 'Give at least one condition: a query without any would hold every recording.';
}

/** Whether `after` asks for every call that `before` asks for. False where that is not certain. */
export function isWider(before: HoldQuery, after: HoldQuery): boolean {
  const all = (list: readonly string[], more: readonly string[]) =>
    more.length === 0 || (list.length > 0 && list.every((item) => more.includes(item)));
  const same = <T>(a: T, b: T | null) => b === null || a === b;
  return (
    (after.text === '' || after.text === before.text) &&
    (after.region === before.region || (after.text === '' && after.numbers.length === 0)) &&
    all(before.numbers, after.numbers) &&
    all(before.extensions, after.extensions) &&
    all(before.queues, after.queues) &&
    all(before.dids, after.dids) &&
    (after.from === null || (before.from !== null && after.from <= before.from)) &&
    (after.to === null || (before.to !== null && after.to >= before.to)) &&
    same(before.direction, after.direction) &&
    same(before.pbx, after.pbx)
  );
}
