import { type TSchema, Type } from 'typebox';
import { Act } from '../../daemon/domain/people/act.js';

/**
 * What the shapes of the API have in common. The shapes themselves are in the files beside, one for each thing; types,
 * validation and the OpenAPI document all come from them. Times are ISO 8601 in UTC.
 */
export const Time = Type.String({ format: 'date-time' });
export const Nullable = <T extends TSchema>(t: T) => Type.Union([t, Type.Null()]);
export const Direction = Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('internal')]);

export const days = {
  from: Type.Optional(Type.String({ format: 'date', description: 'First day, in the zone of the site.' })),
  to: Type.Optional(Type.String({ format: 'date', description: 'Last day, in the zone of the site.' })),
};

export const PbxParam = Type.Optional(
  Type.String({
    maxLength: 32,
    description: 'Only on the PBX with this id; `first` is the one without an id.',
  }),
);

export const PartyView = Type.Object({
  number: Type.String(),
  name: Type.String(),
  ours: Type.Boolean({ description: 'An extension of this PBX.' }),
  removed: Type.Optional(
    Type.Literal(true, { description: 'Number and name were removed, by `metadata_days` of the policy.' }),
  ),
});

export const ErrorView = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    hint: Type.String(),
    detail: Type.String(),
    request_id: Type.String(),
    act: Type.Optional(Act),
  }),
});
