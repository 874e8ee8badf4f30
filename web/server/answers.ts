import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { type TSchema, Type } from 'typebox';
import { endOfDay, startOfDay } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import { type PbxId, readPbx } from '../../daemon/domain/pbx.js';
import { ErrorView } from './schemas.js';

/** The answers of a route for its schema: this when it went well, and what every error looks like. */
export function answers<T extends TSchema>(ok: T) {
  return { 200: ok, default: ErrorView };
}

/** An answer that is a stream of this media type. */
export function streamed(description: string, mediaType: string) {
  return { description, content: { [mediaType]: { schema: Type.Unsafe<Readable>({ type: 'string' }) } } };
}

/** What to throw at a try that comes too early: when the next may come. */
export function later(
  reply: FastifyReply,
  seconds: number,
  code: 'too_many' | 'second_factor_slow' = 'too_many',
) {
  reply.header('retry-after', seconds);
  return fail(code, `Try again in ${Math.ceil(seconds / 60)} min.`);
}

/** The id of a call in an address. Any text: what is not an id is simply unknown. */
export const IdParams = Type.Object({ id: Type.String({ maxLength: 100 }) });

/** The id of the PBX that a query names; undefined where it names none. Throws `request_invalid` for what is no id. */
export function pbxOf({ pbx }: { pbx?: string | undefined }): PbxId | undefined {
  if (!pbx) return undefined;
  const id = readPbx(pbx);
  if (id === null) throw fail('request_invalid', 'querystring.pbx: must be the id of a PBX, or "first"');
  return id;
}

/** The days that a query names, as times in a zone (ms since 1970): from the first moment to just before the last. */
export function timesOf({ from, to }: { from?: string; to?: string }, zone: string) {
  return {
    from: from === undefined ? undefined : startOfDay(from, zone),
    to: to === undefined ? undefined : endOfDay(to, zone),
  };
}
