import type { Readable } from 'node:stream';
import { type TSchema, Type } from 'typebox';
import { nextDay, startOfDay } from '../../daemon/domain/days.js';
import { ErrorView } from '../schemas.js';

/** The answers of a route for its schema: this when it went well, and what every error looks like. */
export function answers<T extends TSchema>(ok: T) {
  return { 200: ok, default: ErrorView };
}

/** An answer that is a stream of this media type. */
export function streamed(description: string, mediaType: string) {
  return { description, content: { [mediaType]: { schema: Type.Unsafe<Readable>({ type: 'string' }) } } };
}

/** The id of a call in an address. Any text: what is not an id is simply unknown. */
export const IdParams = Type.Object({ id: Type.String({ maxLength: 100 }) });

/** A ULID. */
export const isId = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);

/** The days that a query names, as times in a zone (ms since 1970): from the first moment to just before the last. */
export function timesOf({ from, to }: { from?: string; to?: string }, zone: string) {
  return {
    from: from === undefined ? undefined : startOfDay(from, zone),
    to: to === undefined ? undefined : startOfDay(nextDay(to), zone),
  };
}
