import { type Static, Type } from 'typebox';
import type { Site } from '../days.js';
import type { CallFacts } from './conditions.js';

const Text = (description: string) => Type.Optional(Type.String({ maxLength: 80, description }));

/** A call that nobody made, to ask what the policy would decide about it. */
export const Imagined = Type.Object({
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
});
export type Imagined = Static<typeof Imagined>;

/** What would be known of such a call, if it began at this time (ms since 1970). */
export function imagine(call: Imagined, at: number, site: Site): CallFacts {
  const { direction, number = '', extension = [], queue = '', did = '' } = call;
  return {
    ...{ direction, number, queue, did },
    extensions: [extension].flat().filter((text) => text !== ''),
    dialled: direction === 'in' ? '' : number,
    startedAt: at,
    site,
  };
}
