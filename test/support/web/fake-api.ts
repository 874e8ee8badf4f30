import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import Fastify, { type FastifyReply } from 'fastify';
import type { Static } from 'typebox';
import type { TapedeckError } from '../../../daemon/domain/error.js';
import { decideRecord, decideRetention, type Policy } from '../../../daemon/domain/policy/policy.js';
import { inWords, reasonView } from '../../../daemon/domain/reason/words.js';
import type { CallDetail, CallSummary } from '../../../web/calls/schemas.js';
import type { PolicyBody, PolicyTestBody } from '../../../web/policy/schemas.js';
import { contentPolicy } from '../../../web/server/headers.js';
import type { SessionView } from '../../../web/sign-in/session-schemas.js';
import { type As, seenAs, userOf } from './fake-askers.js';
import { auditOf, auditStateOf } from './fake-audit.js';
import { coverageOf } from './fake-coverage.js';
import { make, retentionOf, type State, trendsOf } from './fake-data.js';
import { fakePeople } from './fake-people.js';
import { statusOf } from './fake-status.js';

let sound: Buffer | undefined;
/** Seconds of sound in every made-up recording. */
const SOUND_S = 40;

/**
 * The dashboard's pages over made-up calls, for looking at the layout and for the accessibility tests only.
 * `signedIn: false` starts at the sign-in page (any name, password "correct horse battery"), `setUp` before it.
 */
export async function fakeApi({
  state = 'little' as State,
  as = 'founder' as As,
  signedIn = true,
  setUp = false,
  auditor = false,
  port = 0,
  uiDir = 'dist/web/ui',
} = {}) {
  const now = Date.now();
  const made = make(state, now);
  const people = fakePeople(state, now, auditor || as === 'auditor');
  sound ??= recording();
  const audio = sound;
  let user: string | null = signedIn ? 'Anna Berg' : null;
  let needed = setUp;
  let version = made.policy.record.length ? 4 : 0;
  let policy: Policy = made.policy;
  let erased = false;
  const reasons = new Map<string, string>();
  const live = new Set<FastifyReply['raw']>();
  const heard: { id: string; heard: [number, number][] }[] = [];

  const app = Fastify({ forceCloseConnections: true });
  await app.register(helmet, { contentSecurityPolicy: { useDefaults: false, directives: contentPolicy } });
  await app.register(fastifyStatic, { root: resolve(uiDir), wildcard: false });
  app.setNotFoundHandler((request, reply) =>
    request.url.startsWith('/api/')
      ? refuse(reply, 404, 'not_found', 'There is nothing at this address.')
      : reply.sendFile('index.html'),
  );
  const refuse = (
    reply: FastifyReply,
    status: number,
    code: string,
    message: string,
    hint = '',
    detail = '',
  ) => reply.code(status).send({ error: { code, message, hint, detail, request_id: '01J0FAKE' } });
  app.addHook('onRequest', async (request, reply) => {
    if (user === null && /^\/api\/v1\/(?!session|setup|welcome)/.test(request.url))
      return refuse(reply, 401, 'not_signed_in', 'You are not signed in.', 'Sign in and try again.');
    if (request.method !== 'GET' && request.headers['x-tapedeck'] !== '1')
      return refuse(reply, 403, 'forbidden_origin', 'This request came from another site.');
  });

  const session = (): Static<typeof SessionView> => ({
    user: user === null ? null : userOf(as, user),
    second_factor: null,
    sign_in: { provider: null },
    setup_needed: needed,
    site: {
      name: state === 'hostile' ? 'A company with a remarkably long name, Ltd & Co' : 'Hartley Joinery',
      time_zone: 'Europe/London',
      region: 'GB',
    },
    version: '0.1.0',
  });
  const status = () => statusOf(state, made.calls, Date.now());
  const seen = (id: string) => made.calls.flatMap((c) => (c.id === id ? (seenAs(as, c) ?? []) : []))[0];
  const unknown = (reply: FastifyReply) =>
    refuse(reply, 404, 'call_unknown', 'There is no such call.', 'Take the id from the address of its page.');
  const told = () => {
    const said = status();
    if (userOf(as, '').may.includes('oversee')) return said;
    return {
      ...said,
      calls_now: 0,
      recording_now: 0,
      preserving: 0,
      health: { ...said.health, problems: [] },
    };
  };
  type Credentials = { Body: { name: string; password: string; code?: string } };

  app.register(
    async (api) => {
      api.get('/session', session);
      api.post<Credentials>('/session', (request, reply) => {
        if (request.body.password !== 'correct horse battery')
          return refuse(
            reply,
            401,
            'sign_in_failed',
            'Name and password do not match.',
            'Try again; an admin can add users with "tapedeck user add".',
          );
        user = request.body.name;
        return session();
      });
      api.delete('/session', () => {
        user = null;
        return session();
      });
      api.post<Credentials>('/setup', (request, reply) => {
        if (request.body.code !== 'ABCD-EFGH')
          return refuse(
            reply,
            403,
            'setup_code_wrong',
            'The set-up code is not right, or was used before.',
            'The dashboard prints the code on its console at start; restart it for a new one.',
          );
        needed = false;
        user = request.body.name;
        return session();
      });
      api.get<{ Querystring: Record<string, string> }>('/calls', ({ query }) => {
        const limit = Number(query.limit ?? 50);
        const found = made.calls.filter((c) => fits(c, query) && seenAs(as, c));
        const from = query.before ? found.findIndex((c) => c.id < query.before!) : 0;
        const page = from < 0 ? [] : found.slice(from, from + limit);
        return { calls: page, next: from >= 0 && from + limit < found.length ? page.at(-1)!.id : null };
      });
      api.get<{ Params: { id: string } }>(
        '/calls/:id',
        ({ params }, reply) => seen(params.id) ?? unknown(reply),
      );
      api.post<{ Params: { id: string }; Body: { reason: string } }>(
        '/calls/:id/listen',
        ({ params, body }, reply) => {
          if (!seen(params.id)) return unknown(reply);
          // As a dashboard does that was started anew in between.
          if (body.reason !== 'forget me') reasons.set(params.id, body.reason);
          return { until: new Date().toISOString() };
        },
      );
      api.get<{ Params: { id: string } }>('/calls/:id/peaks', ({ params }, reply) =>
        seen(params.id)?.you.reason && !reasons.has(params.id)
          ? refuse(reply, 403, 'reason_needed', 'You have not said why you hear this call.')
          : peaks(seen(params.id)),
      );
      api.post<{ Params: { id: string }; Body: { reason?: string } }>(
        '/calls/:id/evidence',
        ({ params, body }, reply) =>
          auditor && !body.reason
            ? refuse(
                reply,
                400,
                'request_invalid',
                'This is not a valid request.',
                '',
                'body.reason: say why',
              )
            : reply
                .type('application/zip')
                .header('content-disposition', `attachment; filename="tapedeck-evidence-${params.id}.zip"`)
                .header('x-tapedeck-checkpoint', state === 'hostile' ? 'kept' : 'fresh')
                .send(Buffer.from('PK')),
      );
      api.get<{ Params: { id: string } }>('/calls/:id/audio', (request, reply) => {
        if (seen(request.params.id)?.you.reason && !reasons.has(request.params.id))
          return refuse(reply, 403, 'reason_needed', 'You have not said why you hear this call.');
        reply.header('accept-ranges', 'bytes').header('cache-control', 'no-store').type('audio/ogg');
        const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
        if (!range) return reply.send(audio);
        const [from, to] = [
          Number(range[1]),
          range[2] ? Math.min(Number(range[2]), audio.length - 1) : audio.length - 1,
        ];
        return reply
          .code(206)
          .header('content-range', `bytes ${from}-${to}/${audio.length}`)
          .send(audio.subarray(from, to + 1));
      });
      api.get('/live', (_, reply) => {
        reply.hijack();
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
        reply.raw.write(`retry: 500\n\nevent: status\ndata: ${JSON.stringify(told())}\n\n`);
        live.add(reply.raw);
        reply.raw.on('close', () => live.delete(reply.raw));
      });
      const view = () => ({
        version,
        changed_at: version ? new Date(now - 9e8).toISOString() : null,
        changed_by: version ? 'Anna Berg' : '',
        policy,
      });
      api.get('/policy', view);
      api.put<{ Body: Static<typeof PolicyBody> }>('/policy', ({ body }, reply) => {
        if (body.based_on !== version)
          return refuse(
            reply,
            409,
            'policy_conflict',
            'Somebody else changed the policy in the meantime.',
            'Load the newest version, make your change again and save.',
          );
        const emptied = policy.emergency_numbers.length > 0 && body.policy.emergency_numbers.length === 0;
        if (emptied && !body.confirm_no_emergency_numbers)
          return refuse(reply, 409, 'emergency_unconfirmed', 'It has to be confirmed.', 'Confirm it.');
        policy = body.policy;
        version++;
        return view();
      });
      api.post<{ Body: Static<typeof PolicyTestBody> }>('/policy/test', ({ body }) => {
        const facts = {
          direction: body.direction,
          extensions: body.extension ? [body.extension] : [],
          queue: body.queue ?? '',
          did: body.did ?? '',
          number: body.number ?? '',
          dialled: body.direction === 'in' ? '' : (body.number ?? ''),
        };
        const record = decideRecord(body.policy ?? policy, facts);
        const keep = decideRetention(body.policy ?? policy, facts);
        return {
          record: record.record,
          rule: record.rule,
          ...reasonView(record.why),
          keep_days: keep.keepDays,
          keep_rule: keep.rule,
          keep_reason: inWords(keep.why),
          keep_why: keep.why,
        };
      });
      api.post<{ Params: { id: string }; Body: { heard: [number, number][] } }>(
        '/calls/:id/heard',
        ({ params, body }) => {
          heard.push({ id: params.id, heard: body.heard });
          return { counted_ms: 0 };
        },
      );
      api.get<{ Querystring: Record<string, string> }>('/audit', ({ query }) =>
        auditOf(state, made, now, query),
      );
      api.get('/audit/state', () => auditStateOf(state, made, now));
      api.get('/audit.csv', (_, reply) => reply.type('text/csv').send('seq\n'));
      api.get('/quality', () => trendsOf(state));
      api.get('/retention', () => {
        const seen = retentionOf(state, made, now);
        return erased
          ? {
              ...seen,
              kept: seen.kept - seen.due_total,
              due: [],
              due_total: 0,
              breaker: { ...seen.breaker, tripped: false },
            }
          : seen;
      });
      api.get('/retention.csv', (_, reply) => reply.type('text/csv').send('state,call\n'));
      api.post<{ Body: { confirm?: string } }>('/retention/run', ({ body }, reply) => {
        const { breaker, due_total } = retentionOf(state, made, now);
        if (breaker.tripped && body.confirm !== breaker.confirm)
          return refuse(
            reply,
            409,
            'retention_refused',
            'This run would erase an unusual share of the recordings.',
            'Confirm.',
            breaker.reason,
          );
        erased = true;
        return { erased: due_total, failed: 0, left: 0 };
      });
      api.get<{ Querystring: Record<string, string> }>('/coverage', ({ query }, reply) =>
        coverageOf(state, made, now, query).catch((e: TapedeckError) =>
          refuse(reply, e.status, e.code, e.message, e.hint),
        ),
      );
      api.get('/coverage.csv', (_, reply) => reply.type('text/csv').send('status\n'));
      api.get('/status', status);
      people.routes(api, refuse);
    },
    { prefix: '/api/v1' },
  );

  await app.listen({ host: '127.0.0.1', port });
  const { port: bound } = app.server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${bound}`,
    calls: made.calls,
    people: people.people,
    /** What players have said that they played. */
    heard,
    /** Why calls were heard, by their ids. */
    reasons,
    /** Changes the data and tells every open page. */
    change(how: () => void) {
      how();
      for (const page of live) page.write('event: change\ndata: {}\n\n');
    },
    endSession() {
      user = null;
    },
    somebodyElseSaves() {
      version++;
    },
    stop: () => app.close(),
  };
}

function fits(c: CallSummary, query: Record<string, string>): boolean {
  const text = `${c.them.name} ${c.them.number} ${c.us.name} ${c.us.number}`.toLowerCase();
  const day = c.started_at.slice(0, 10);
  return (
    (!query.q || text.includes(query.q.toLowerCase())) &&
    (!query.direction || c.direction === query.direction) &&
    (!query.coverage || c.coverage.status === query.coverage) &&
    (!query.from || day >= query.from) &&
    (!query.to || day <= query.to)
  );
}

/** What looks like two people taking turns, as far as it may be heard. */
function peaks(call: CallDetail | undefined) {
  const duration_ms = call?.recording?.duration_ms ?? 0;
  const side = (turn: number) =>
    Array.from({ length: Math.floor(duration_ms / 100) }, (_, i) => {
      if (!call?.you.heard.some((h) => h.from_ms <= i * 100 && i * 100 < h.until_ms)) return 0;
      const speaks = Math.floor(i / 37 + Math.sin(i / 90)) % 2 === turn;
      const loud = Math.abs(Math.sin(i * 1.7) * Math.sin(i * 0.31) * Math.cos(i * 0.11));
      return Math.round(speaks ? 40 + loud * 160 : loud * 9);
    });
  return { per_second: 10, duration_ms, left: side(0), right: side(1) };
}

function recording(): Buffer {
  const tone = (hz: number) => `sine=frequency=${hz}:duration=${SOUND_S}`;
  return execFileSync('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    tone(330),
    '-f',
    'lavfi',
    '-i',
    tone(440),
    '-filter_complex',
    'join=inputs=2:channel_layout=stereo',
    '-c:a',
    'libopus',
    '-b:a',
    '32k',
    '-f',
    'ogg',
    'pipe:1',
  ]);
}
