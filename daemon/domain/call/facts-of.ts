import { type Site, siteOfPbx } from '../days.js';
import { numberAtSite } from '../phone.js';
import { ALL_KNOWN, type CallFacts } from '../policy/facts.js';
import { NONE_STANDING, type StandingOf } from '../policy/standing/standing.js';
import type { CallRecord, Leg } from '../recording/recording.js';

/**
 * Returns what the policy decides by. `listsOf` returns the lists that a number is on; without it, it is on none, as without
 * `standing` no consent or objection holds.
 */
export function factsOf(
  call: CallRecord,
  site: Site,
  listsOf: (number: string) => string[] = () => [],
  standing: StandingOf = NONE_STANDING,
): CallFacts {
  const { direction, legs, facts } = call;
  // The first leg is the caller's.
  const taking = legs.filter((l, i) => l.party.ours && (l.upAt !== null || i === 0));
  const extensions = namesOf(taking);
  const number = direction === 'internal' ? call.us.number : call.them.number;
  // Nobody dials in a click-to-dial by way of a Local channel: then it is what was sent to the line.
  const dialled = call.dialled || (direction === 'out' ? call.them.number : '');
  const others = legs.filter((l) => !l.party.ours && l.party.number !== '' && l.party.number !== number);
  const added = numbersOf(others.filter((l) => l.upAt !== null));
  const hidden = legs.filter((l) => !l.party.ours && l.upAt !== null && l.party.number === '').length;
  const rung = (l: Leg) => l.upAt === null && l.goneAt === null;
  const called = facts?.called ?? [];
  const ringing = numbersOf(others.filter(rung)).filter((n) => !added.includes(n));
  const at = siteOfPbx(site, call.pbx);
  const atSite = (numbers: string[]) => numbers.map((one) => numberAtSite(one, at.region, site.region));
  const outside = [...(direction === 'internal' || number === '' ? [] : [number]), ...added, ...ringing];
  return {
    pbx: call.pbx,
    firstId: call.linkedids[0] ?? call.id,
    direction,
    extensions,
    queue: call.queue,
    did: call.did,
    number,
    dialled,
    added,
    addedHidden: hidden > (direction !== 'internal' && number === '' ? 1 : 0),
    called: added.filter((n) => called.includes(n)),
    ringing: {
      extensions: namesOf(legs.filter((l) => l.party.ours && rung(l) && !taking.includes(l))),
      numbers: ringing,
    },
    trunks: trunksOf(legs),
    account: facts?.account ?? null,
    variables: facts?.variables ?? null,
    lists: [...new Set(atSite([number, ...added]).flatMap(listsOf))],
    standing: {
      holding: atSite(outside).flatMap((n) => standing.holding(n, call.startedAt, call.endedAt)),
      anyObjection: standing.anyObjection(),
    },
    startedAt: call.startedAt,
    site: at,
    known: knownOf(call, { extensions, number, dialled }),
    ...(call.test ? { test: true } : {}),
  };
}

const namesOf = (legs: Leg[]): string[] => [
  ...new Set(legs.flatMap((l) => [l.party.number, l.endpoint]).filter((n) => n !== '')),
];
const numbersOf = (legs: Leg[]): string[] => [...new Set(legs.map((l) => l.party.number))];

/** Who took part on lines to the outside, or who was tried. The first calls were stored without endpoints. */
function trunksOf(legs: Leg[]): string[] | null {
  const outside = legs.filter((l) => !l.party.ours);
  const up = outside.filter((l) => l.upAt !== null);
  const found = [...new Set((up.length > 0 ? up : outside).map((l) => l.endpoint))];
  return found.includes('') ? null : found;
}

/**
 * What stays as it is. Before two have been connected, a call may still go to a queue, to another extension, or where the dialplan
 * sets a variable. Whom it is with is told by what was dialled; but who is rung by the PBX first has not dialled yet, and what is
 * dialled for them goes through the dialplan.
 */
function knownOf(
  { direction, legs, endedAt, facts }: CallRecord,
  { extensions, number, dialled }: { extensions: string[]; number: string; dialled: string },
): CallFacts['known'] {
  if (endedAt !== null || legs.filter((l) => l.upAt !== null).length > 1) return ALL_KNOWN;
  const out = direction === 'out';
  const alone = facts?.originated && legs.length === 1;
  const reached = out ? (facts?.sent === false ? '' : number) : alone ? '' : number || dialled;
  return {
    number: direction === 'in' || reached !== '',
    extension: out && extensions.length > 0,
    queue: out,
    account: out || Boolean(facts?.account),
    variable: out,
  };
}
