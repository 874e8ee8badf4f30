import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

export const ajar = (schema: TSchema, body: unknown) =>
  [...Value.Errors(schema, body)].map((e) => `${e.instancePath} ${e.message}`);
