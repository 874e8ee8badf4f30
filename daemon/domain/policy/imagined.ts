import { type Static, Type } from 'typebox';
import { momentOf, type Site, siteOfPbx } from '../days.js';
import { fail } from '../error.js';
import { FIRST, readPbx, unqualified } from '../place.js';
import { ALL_KNOWN, type CallFacts, LATE_FACTS } from './facts.js';
import { NONE_STANDING, type StandingOf } from './standing/standing.js';

const Texts = (description: string) =>
  Type.Optional(
    Type.Union(
      [Type.String({ maxLength: 80 }), Type.Array(Type.String({ maxLength: 80 }), { maxItems: 20 })],
      {
        description,
      },
    ),
  );
const Text = (description: string) => Type.Optional(Type.String({ maxLength: 80, description }));

/** A call that nobody made, to ask what the policy would decide about it. */
export const Imagined = Type.Object({
  pbx: Text(
    'Id of the PBX that it is on; "first" for the one without an id. Left out: that of its extension, queue, DID or trunk.',
  ),
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]),
  number: Text("The other party's number."),
  extension: Texts('Extensions of ours that take part.'),
  queue: Text('The queue that it comes through.'),
  did: Text('The number of ours that was called.'),
  trunk: Text('The endpoint of its leg to the outside.'),
  account: Text('Its account code.'),
  variable: Texts('Channel variables of the leg that begins it, as NAME=value.'),
  list: Texts("Lists of numbers that the other party's number is on."),
  id: Text('The first id that the PBX gives it (linkedid): a percentage is decided by it.'),
  unknown: Type.Optional(
    Type.Array(Type.Enum([...LATE_FACTS]), {
      uniqueItems: true,
      description: 'What is not known of it yet, such as the queue of a call that was just answered.',
    }),
  ),
  at: Text("When it begins, by the site's clock: YYYY-MM-DD HH:MM. Left out: now."),
});
export type Imagined = Static<typeof Imagined>;

/**
 * What would be known of such a call, if it began now (ms since 1970) or when it says. A bare name is one on the PBX that is given.
 * Throws `request_invalid` for what is on two PBXs, and for what is no time.
 */
export function imagine(
  call: Imagined,
  now: number,
  site: Site,
  standing: StandingOf = NONE_STANDING,
): CallFacts {
  const startedAt = call.at ? momentOf(call.at, site.timeZone) : now;
  if (startedAt === null)
    throw fail('request_invalid', `at: "${call.at}" is not a time such as 2026-03-02 14:30.`);
  const { direction, number = '', extension, queue = '', did = '', trunk = '', account = '', id = '' } = call;
  const extensions = listOf(extension);
  const given = call.pbx ? readPbx(call.pbx) : undefined;
  if (given === null) throw fail('request_invalid', `pbx: "${call.pbx}" is not the id of a PBX.`);
  const pbxes = new Set(
    [...extensions, queue, did, trunk].filter(Boolean).map((text) => unqualified(text).pbx),
  );
  if (given !== undefined) {
    pbxes.delete(FIRST);
    pbxes.add(given);
  }
  const [pbx = FIRST, another] = pbxes;
  if (another !== undefined)
    throw fail(
      'request_invalid',
      'A call is on one PBX: its extensions, its queue, its DID and its trunk are too.',
    );
  const name = (text: string) => unqualified(text).name;
  const variables = listOf(call.variable).map((text): [string, string] => {
    const at = text.indexOf('=');
    if (at < 1) throw fail('request_invalid', `variable: "${text}" is not a variable such as NAME=value.`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return {
    pbx,
    firstId: id,
    ...{ direction, number, queue: name(queue), did: name(did) },
    extensions: extensions.map(name),
    dialled: direction === 'in' ? '' : number,
    ...{ added: [], addedHidden: false, called: [], ringing: { extensions: [], numbers: [] } },
    trunks: trunk === '' ? [] : [name(trunk)],
    account,
    variables: Object.fromEntries(variables),
    lists: listOf(call.list),
    standing: {
      holding:
        direction === 'internal' || number === '' ? [] : standing.holding(number, startedAt, startedAt),
      anyObjection: standing.anyObjection(),
    },
    startedAt,
    site: siteOfPbx(site, pbx),
    known: { ...ALL_KNOWN, ...Object.fromEntries((call.unknown ?? []).map((fact) => [fact, false])) },
  };
}

const listOf = (given: string | string[] = []): string[] => [given].flat().filter((text) => text !== '');
