import { type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** What reasons and alarms have in common: a code, and what was special about this time, in the shape that the code has. */

/** Milliseconds since 1970. They are written in the time zone of the site where they are shown. */
export const Time = Type.Number({ minimum: 0, maximum: 253_402_300_799_999 });
/** A length, or a place on the timeline of a call (since its answer), in milliseconds. JSON may hold 1e999. */
export const Ms = Type.Number({ minimum: -Number.MAX_VALUE, maximum: Number.MAX_VALUE });
export const Count = Type.Number({ minimum: 0, maximum: Number.MAX_VALUE });
export const Text = Type.String();
export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
export const shape = <P extends Record<string, TSchema>>(params: P) =>
  Type.Object(params, { additionalProperties: false });
export const NOTHING = shape({});

/** The codes of a table with the params of each. */
export type Coded<Params> = { [C in keyof Params]: { code: C; params: Params[C] } }[keyof Params];

/** A stored code that this version cannot have written: it is not known, or its params are others. */
export class UnknownReason extends Error {}

/** Returns what reads the codes of this table. */
export function codesOf(shapes: Record<string, TSchema>) {
  const checkers = new Map<string, { Check(value: unknown): boolean }>();

  return {
    /** Whether a value is a code of the table with params of its shape, and nothing else. */
    fits(value: unknown): value is { code: string; params: object } {
      if (typeof value !== 'object' || value === null) return false;
      const { code, params, ...rest } = value as { code?: unknown; params?: unknown };
      if (typeof code !== 'string' || !Object.hasOwn(shapes, code) || Object.keys(rest).length > 0)
        return false;
      const checker = checkers.get(code) ?? Compile(shapes[code]!);
      checkers.set(code, checker);
      return checker.Check(params);
    },

    /** Says why a value is none of them. */
    unknown(value: unknown): UnknownReason {
      const code = (value as { code?: unknown } | null)?.code;
      return new UnknownReason(
        typeof code === 'string' && Object.hasOwn(shapes, code)
          ? `the params of "${code}" are others`
          : `the code "${String(code).slice(0, 40)}" is not known`,
      );
    },
  };
}

/** How the API has one of them. */
export const codedView = (codes: string[], description: string) =>
  Type.Union(
    [
      Type.Object({ code: Type.Enum(codes), params: Type.Object({}, { additionalProperties: true }) }),
      Type.Null(),
    ],
    { description },
  );

/** Whether two are the same. */
export const sameCoded = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
