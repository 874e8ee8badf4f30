import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { dates } from '../../daemon/domain/days.js';
import { fail, TapedeckError } from '../../daemon/domain/error.js';
import { reach, type Stretch, WHOLE } from '../../daemon/domain/people/person.js';
import { coversAll, heardOf, owesReason } from '../../daemon/domain/people/reach.js';
import { playable } from '../../daemon/domain/recording/playable.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import type { OpenSealed } from '../../daemon/vault/open.js';
import type { Needs } from '../deps.js';
import { IdParams, streamed } from '../server/answers.js';
import { ErrorView } from '../server/schemas.js';
import { createShares, lettingGo } from '../server/shares.js';
import type { App } from '../server/types.js';
import { metDamage } from './damage.js';
import { type Asked, type Served, served } from './range.js';

type Deps = Needs<'ask' | 'listening' | 'masks' | 'openSealed' | 'playing' | 'reached' | 'site'>;

/** Each holds a file open for as long as its reader takes. */
const AT_ONCE = { all: 200, ofOne: 20 };

/** The sound of a call. */
export function audioRoutes(app: App, deps: Deps): void {
  const { reached, listening, masks, openSealed, site, playing } = deps;
  const shares = createShares(AT_ONCE, 'Too many recordings are being played at once.');

  /**
   * The call that is asked for, how much of it is given, and its key where there is one already. Throws `reason_needed` when the
   * reason is still owed.
   */
  async function given(request: FastifyRequest, id: string, right: 'play' | 'download') {
    if (request.testCall) {
      const { identity } = await deps.ask('open_test_call', request.testCall).catch(badPass);
      return { call: await reached.testCall(request.testCall.call), stretches: WHOLE, identity };
    }
    const { person, id: sessionId } = request.session!;
    const found = await reached.call(person, id, right);
    const { call, stretches } = found;
    const reason = listening.reason(sessionId, call.id, right);
    if (!reason && owesReason(person, right, call)) throw fail('reason_needed');
    request.reason = reason ?? '';
    const before = JSON.stringify(stretches);
    request.still = async (now) =>
      JSON.stringify(reach(now, right, call)) === before &&
      (call.recording === null || (await reached.kept(call.recording.id)));
    return { ...found, identity: null };
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: '/calls/:id/audio',
    config: { access: 'call:play', audit: ['play', 'download', 'heard', 'damage'], testCall: true },
    schema: {
      tags: ['calls'],
      summary: 'The recording of a call',
      description:
        'Ogg Opus, stereo: left is the party outside (or the caller), right is everyone else. Where you may not hear the call there is silence in a file of the same length. One byte range is served exactly; a list of ranges is answered with the whole. The ETag is the SHA-256 of the file, with what you hear of it where that is not all.',
      params: IdParams,
      querystring: Type.Object({
        download: Type.Optional(Type.Literal('1', { description: 'Gives it a file name.' })),
      }),
      response: {
        200: streamed('The whole recording.', 'audio/ogg'),
        206: streamed('The range asked for.', 'audio/ogg'),
        default: ErrorView,
      },
    },
    handler: async (request, reply) => {
      const right = request.query.download ? 'download' : 'play';
      const { call, stretches, identity } = await given(request, request.params.id, right);
      if (call.recording !== null && call.recording.state !== 'sealed') playing.erased(call.recording.id);
      const recording = playable(call);
      const { plainBytes: size } = recording;
      const whole = coversAll(stretches, recording.durationMs);
      if (!whole && heardOf(stretches, recording.durationMs).length === 0)
        throw fail('forbidden', 'You were not on the call while it was recorded.');
      const etag = whole ? `"${recording.plainSha256}"` : etagOf(recording, stretches);
      const part = served(asked(request), size, etag);
      reply.header('accept-ranges', 'bytes');
      if (part.status === 416) {
        reply.header('content-range', `bytes */${size}`);
        throw fail('range_unsatisfiable', `It has ${size} bytes.`);
      }
      describe(reply, part, size);
      reply.header('etag', etag);
      if (request.query.download) reply.header('content-disposition', attachment(call, site));
      // Without sound nothing is opened.
      if (part.status === 304 || request.method === 'HEAD') return reply.send(null as never);
      const damaged = (e: unknown) => metDamage(deps, recording, e, request.log);
      const leave = shares.take(request.session?.person.id ?? '');
      let sealed: OpenSealed | null = null;
      let closed = false;
      const close = async () => {
        if (closed) return;
        closed = true;
        leave();
        await sealed
          ?.close()
          .catch((err: unknown) => request.log.warn({ err }, 'a recording was not closed'));
      };
      try {
        // The recorder fetches its own test call, which leaves no trace but its own line.
        const playback =
          identity === null
            ? await playing.begin(request, call, recording, { as: right, reason: request.reason })
            : null;
        sealed = await openSealed(recording, playback?.identity ?? identity!);
        if (sealed.size !== size) throw fail('seal_damaged', 'It has another length.');
        const source = whole ? sealed : await masks.mask(sealed, recording, stretches);
        if (playback) playing.serving(playback, reply, part.start, part.end - part.start + 1);
        const stream = source.read(part.start, part.end).once('close', close);
        await begun(stream);
        stream.once('error', (err) => {
          void damaged(err);
          if (!reply.raw.destroyed)
            request.log.error({ err, recording: recording.id }, 'a recording broke off');
        });
        lettingGo(reply.raw);
        return reply.send(stream);
      } catch (e) {
        await close();
        await damaged(e);
        throw e;
      }
    },
  });
}

/** What somebody hears of a recording is another file than what others hear. */
function etagOf({ plainSha256 }: Recording, stretches: readonly Stretch[]): string {
  return `"${createHash('sha256')
    .update(JSON.stringify([plainSha256, stretches]))
    .digest('hex')}"`;
}

/** What the request asks for. A Range means something with GET only (RFC 9110, 14.2). */
function asked({ method, headers }: FastifyRequest): Asked {
  const ifNoneMatch = headers['if-none-match'];
  if (method !== 'GET') return { ifNoneMatch };
  const ifRange = headers['if-range'];
  return { range: headers.range, ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange, ifNoneMatch };
}

/** Whoever shows a pass that is not good has not signed in. */
function badPass(e: unknown): never {
  throw e instanceof TapedeckError && e.code === 'call_unknown' ? fail('not_signed_in') : e;
}

function describe(reply: FastifyReply, part: Exclude<Served, { status: 416 }>, size: number): void {
  reply.code(part.status);
  if (part.status === 304) return;
  reply.type('audio/ogg').header('content-length', part.end - part.start + 1);
  if (part.status === 206) reply.header('content-range', `bytes ${part.start}-${part.end}/${size}`);
}

/** Waits for the first bytes, so that damage found in them can still be told in an answer of its own. */
async function begun(stream: Readable): Promise<void> {
  await once(stream, 'readable');
}

/** A name made of our own words only (RFC 6266, RFC 8187): tapedeck-2026-07-26-0905-<id of the call>.ogg */
function attachment(call: StoredCall, { timeZone }: { timeZone: string }): string {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const clock = time.format(call.startedAt).replace(/\D/g, '');
  const name = `tapedeck-${dates(timeZone)(call.startedAt)}-${clock}-${call.id}.ogg`;
  return `attachment; filename="${name}"; filename*=UTF-8''${name}`;
}
