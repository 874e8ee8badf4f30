import { once } from 'node:events';
import { resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { StoredCall } from '../../daemon/catalogue/catalogue.js';
import { dates } from '../../daemon/domain/days.js';
import { fail } from '../../daemon/domain/error.js';
import type { Recording } from '../../daemon/domain/recording.js';
import { type Asked, type Served, served } from '../range.js';
import { ErrorView } from '../schemas.js';
import type { App } from '../types.js';
import { IdParams, streamed } from './answers.js';
import { knownCall } from './calls.js';
import type { RouteDeps } from './deps.js';

/** Each holds a file open for as long as its reader takes. */
const AT_ONCE = 200;

/** The sound of a call. */
export function audioRoutes(app: App, { catalogue, keys, openSealed, dataDir, site }: RouteDeps): void {
  let open = 0;

  app.route({
    method: ['GET', 'HEAD'],
    url: '/calls/:id/audio',
    schema: {
      tags: ['calls'],
      summary: 'The recording of a call',
      description:
        'Ogg Opus, stereo: left is the party outside (or the caller), right is everyone else. One byte range is served exactly; a list of ranges is answered with the whole. The ETag is the SHA-256 of the file.',
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
      const call = await knownCall(catalogue, request.params.id);
      const recording = playable(call);
      const identity = await keys.identity(recording.id);
      if (open >= AT_ONCE) throw fail('too_many', 'Too many recordings are being played at once.');
      open += 1;
      let closed = false;
      const sealed = await openSealed(fileOf(dataDir, recording), identity).catch((e) => {
        open -= 1;
        throw e;
      });
      const close = async () => {
        if (closed) return;
        closed = true;
        open -= 1;
        await sealed.close().catch((err: unknown) => request.log.warn({ err }, 'a recording was not closed'));
      };
      try {
        if (sealed.size !== recording.plainBytes) throw fail('seal_damaged', 'It has another length.');
        const etag = `"${recording.plainSha256}"`;
        const part = served(asked(request), sealed.size, etag);
        reply.header('accept-ranges', 'bytes');
        if (part.status === 416) {
          reply.header('content-range', `bytes */${sealed.size}`);
          throw fail('range_unsatisfiable', `It has ${sealed.size} bytes.`);
        }
        describe(reply, part, sealed.size);
        reply.header('etag', etag);
        if (request.query.download) reply.header('content-disposition', attachment(call, site));
        if (part.status === 304 || request.method === 'HEAD') {
          await close();
          return reply.send(null as never);
        }
        const stream = sealed.read(part.start, part.end).once('close', close);
        await begun(stream);
        stream.once('error', (err) => {
          if (!reply.raw.destroyed)
            request.log.error({ err, recording: recording.id }, 'a recording broke off');
        });
        return reply.send(stream);
      } catch (e) {
        await close();
        throw e;
      }
    },
  });
}

/** What the request asks for. A Range means something with GET only (RFC 9110, 14.2). */
function asked({ method, headers }: FastifyRequest): Asked {
  const ifNoneMatch = headers['if-none-match'];
  if (method !== 'GET') return { ifNoneMatch };
  const ifRange = headers['if-range'];
  return { range: headers.range, ifRange: Array.isArray(ifRange) ? ifRange[0] : ifRange, ifNoneMatch };
}

/** Throws `recording_absent` when there is none (yet), `key_missing` when it was erased. */
function playable({ recording }: StoredCall): Recording {
  if (recording === null) throw fail('recording_absent');
  if (recording.state !== 'sealed') throw fail('key_missing', recording.eraseReason ?? '');
  return recording;
}

/** Where a recording lies. What the catalogue says is not trusted to stay inside of the data directory. */
function fileOf(dataDir: string, { file, id }: Recording): string {
  const root = resolve(dataDir);
  const path = resolve(root, file);
  if (!path.startsWith(root + sep)) throw fail('internal', `The file of recording ${id} is elsewhere.`);
  return path;
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
