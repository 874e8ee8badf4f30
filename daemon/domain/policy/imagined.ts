import { type Static, Type } from 'typebox';
import { momentOf, type Site } from '../days.js';
import { fail } from '../error.js';
import { FIRST, readPbx, unqualified } from '../place.js';
import type { CallFacts } from './conditions.js';

const Text = (description: string) => Type.Optional(Type.String({ maxLength: 80, description }));

/** A call that nobody made, to ask what the policy would decide about it. */
export const Imagined = Type.Object({
  pbx: Text(
    'Id of the PBX that it is on; "first" for the one without an id. Left out: that of its extension, queue or DID.',
  ),
  direction: Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]),
  number: Text("The other party's number."),
  extension: Type.Optional(
    Type.Union(
      [Type.String({ maxLength: 80 }), Type.Array(Type.String({ maxLength: 80 }), { maxItems: 20 })],
      {
        description: 'Extensions of ours that take part.',
      },
    ),
  ),
  queue: Text('The queue that it comes through.'),
  did: Text('The number of ours that was called.'),
  at: Text("When it begins, by the site's clock: YYYY-MM-DD HH:MM. Left out: now."),
});
export type Imagined = Static<typeof Imagined>;

/**
 * What would be known of such a call, if it began now (ms since 1970) or when it says. A bare name is one on the PBX that is given.
 * Throws `request_invalid` for what is on two PBXs, and for what is no time.
 */
export function imagine(call: Imagined, now: number, site: Site): CallFacts {
  const startedAt = call.at ? momentOf(call.at, site.timeZone) : now;
  if (startedAt === null)
    throw fail('request_invalid', `at: "${call.at}" is not a time such as 2026-03-02 14:30.`);
  const { direction, number = '', extension = [], queue = '', did = '' } = call;
  const extensions = [extension].flat().filter((text) => text !== '');
  const given = call.pbx ? readPbx(call.pbx) : undefined;
  if (given === null) throw fail('request_invalid', `pbx: "${call.pbx}" is not the id of a PBX.`);
  const pbxes = new Set([...extensions, queue, did].filter(Boolean).map((text) => unqualified(text).pbx));
  if (given !== undefined) {
    pbxes.delete(FIRST);
    pbxes.add(given);
  }
  const [pbx = FIRST, another] = pbxes;
  if (another !== undefined)
    throw fail('request_invalid', 'A call is on one PBX: its extensions, its queue and its DID are too.');
  const name = (text: string) => unqualified(text).name;
  return {
    pbx,
    ...{ direction, number, queue: name(queue), did: name(did) },
    extensions: extensions.map(name),
    dialled: direction === 'in' ? '' : number,
    startedAt,
    site,
  };
}
