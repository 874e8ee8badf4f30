import { Readable } from 'node:stream';
import ariClient, { type Client } from 'ari-client';
import WebSocket from 'ws';
import { fail, TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';
import { UNWANTED } from './translate.js';

/**
 * Asterisk's REST interface. The one file that knows ari-client, which makes the requests. The event stream is our own
 * WebSocket, because ari-client's ends the process on JSON that it cannot parse and on an event type that is not in the
 * PBX's own description, reconnects on a schedule that cannot be watched or stopped, gives up after ten tries, and does
 * not notice a connection that is half open. Stored recordings are streamed by fetch, because it reads them whole.
 */
export type AriDeps = {
  url: string;
  user: string;
  password: string;
  app: string;
  log: Log;
  /** A parsed event, whatever it is. */
  onEvent: (event: unknown) => void;
  /** Connected: everything that there is now. No event is lost between this list and the stream. */
  onUp: (now: { channels: unknown[]; bridges: unknown[] }) => void;
  onDown: (reason: TapedeckError) => void;
};

/** Answers slower than this are a fault of the PBX, in ms. */
const PATIENCE = 5_000;
/** The stream is pinged this often, and given up after three unanswered, in ms. */
const PING = 3_000;
const BACKOFF = { first: 500, most: 30_000 };

export type Ari = ReturnType<typeof createAri>;

export function createAri(deps: AriDeps) {
  const base = new URL(deps.url);
  const origin = `${base.protocol}//${base.host}`;
  const authorization = `Basic ${Buffer.from(`${deps.user}:${deps.password}`).toString('base64')}`;
  let client: Client | null = null;
  let socket: WebSocket | null = null;
  let version = '';
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  let loop: Promise<void> = Promise.resolve();
  let problem: TapedeckError | null = null;

  async function run(): Promise<void> {
    let wait = BACKOFF.first;
    while (!stopped) {
      const began = Date.now();
      const reason = await session().catch((e: unknown) => asError(e));
      client = null;
      socket = null;
      if (stopped) return;
      if (problem?.message !== reason.message) deps.onDown(reason);
      problem = reason;
      if (Date.now() - began > BACKOFF.most) wait = BACKOFF.first;
      await sleep(wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, BACKOFF.most);
    }
  }

  /** One connection from beginning to end. Gives the reason of its end. */
  async function session(): Promise<TapedeckError> {
    const info = (await (await get('/ari/asterisk/info?only=system')).json()) as {
      system?: { version?: string };
    };
    version = typeof info.system?.version === 'string' ? info.system.version.slice(0, 40) : '';
    client = await inTime(
      'api-docs',
      quietly(() => ariClient.connect(origin, deps.user, deps.password)),
    );
    const ws = open();
    socket = ws;
    const held: unknown[] = [];
    let up = false;
    const ended = new Promise<TapedeckError>((resolve) => {
      ws.on('close', (code) => resolve(fail('pbx_unreachable', `The event stream closed (${code}).`)));
      ws.on('error', (e) => resolve(fail('pbx_unreachable', e.message, e)));
    });
    ws.on('message', (data) => {
      const event = parse(String(data));
      if (event === undefined)
        deps.log.warn({ bytes: String(data).length }, 'The PBX sent something that is not JSON; ignored');
      else if (up) deps.onEvent(event);
      else held.push(event);
    });
    const opened = new Promise<void>((resolve) => ws.once('open', resolve));
    const early = await Promise.race([opened, ended]);
    if (early) return early;
    const pinger = keepAlive(ws);
    try {
      await filter(client).catch((e: Error) =>
        deps.log.debug({ err: e.message }, 'This Asterisk cannot filter events'),
      );
      const [channels, bridges] = await Promise.all([
        inTime('channels', client.channels.list()),
        inTime('bridges', client.bridges.list()),
      ]);
      problem = null;
      deps.onUp({ channels: plain(channels), bridges: plain(bridges) });
      up = true;
      for (const event of held.splice(0)) deps.onEvent(event);
      return await ended;
    } finally {
      clearInterval(pinger);
      ws.terminate();
    }
  }

  function open(): WebSocket {
    const url = `${origin.replace(/^http/, 'ws')}/ari/events?app=${encodeURIComponent(deps.app)}&subscribeAll=true`;
    return new WebSocket(url, {
      headers: { authorization },
      handshakeTimeout: PATIENCE,
      perMessageDeflate: false,
      maxPayload: 4 << 20,
    });
  }

  function keepAlive(ws: WebSocket): NodeJS.Timeout {
    let unanswered = 0;
    ws.on('pong', () => {
      unanswered = 0;
    });
    ws.on('message', () => {
      unanswered = 0;
    });
    return setInterval(() => {
      if (unanswered++ >= 2) ws.terminate();
      else ws.ping();
    }, PING);
  }

  async function filter(c: Client): Promise<void> {
    const value = { disallowed: UNWANTED.map((type) => ({ type })) };
    await inTime('eventFilter', c.applications.filter({ applicationName: deps.app, filter: value }));
  }

  async function get(path: string, signal = AbortSignal.timeout(PATIENCE)): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(origin + path, { headers: { authorization }, signal, redirect: 'error' });
    } catch (e) {
      const cause = (e as { cause?: Error }).cause;
      throw fail('pbx_unreachable', `${origin}: ${cause?.message ?? (e as Error).message}`, e);
    }
    if (answer.status === 401 || answer.status === 403) throw fail('pbx_refused', `ARI user "${deps.user}".`);
    if (!answer.ok) throw fail('pbx_failed', `${path} answered ${answer.status}.`);
    return answer;
  }

  async function call<T>(what: string, request: (c: Client) => Promise<T>): Promise<T> {
    const c = client;
    if (!c) throw fail('pbx_unreachable', `${what} could not be asked.`);
    try {
      return await inTime(what, request(c));
    } catch (e) {
      throw asError(e, what);
    }
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, ms);
    });
  }

  return {
    start(): void {
      stopped = false;
      loop = run();
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      wake?.();
      socket?.terminate();
      await loop;
    },
    status: () => ({
      up: socket?.readyState === WebSocket.OPEN && problem === null && client !== null,
      version,
      problem,
    }),

    /** Snoops on one direction of a leg. Answers before the snoop can be recorded: wait for its StasisStart. */
    async snoop(legId: string, side: 'in' | 'out', id: string): Promise<void> {
      await call('snoop', (c) =>
        c.channels.snoopChannelWithId({ channelId: legId, snoopId: id, spy: side, app: deps.app }),
      );
    },
    /** Has a snoop recorded by Asterisk as wav under this name. */
    async record(snoop: string, name: string): Promise<void> {
      await call('record', (c) =>
        c.channels.record({ channelId: snoop, name, format: 'wav', ifExists: 'fail' }),
      );
    },
    async stopRecording(name: string): Promise<void> {
      await call('stop', (c) => c.recordings.stop({ recordingName: name })).catch(ignoreAbsent);
    },
    /** Stops a recording and throws its file away. */
    async discard(name: string): Promise<void> {
      await call('cancel', (c) => c.recordings.cancel({ recordingName: name })).catch(ignoreAbsent);
    },
    async isRecording(name: string): Promise<boolean> {
      try {
        const live = await call('live', (c) => c.recordings.getLive({ recordingName: name }));
        return live.state !== 'done' && live.state !== 'failed' && live.state !== 'canceled';
      } catch (e) {
        if (isAbsent(e)) return false;
        throw e;
      }
    },
    async hangup(channel: string): Promise<void> {
      await call('hangup', (c) => c.channels.hangup({ channelId: channel })).catch(ignoreAbsent);
    },
    async list(): Promise<{ channels: unknown[]; bridges: unknown[] }> {
      const [channels, bridges] = await call('list', (c) =>
        Promise.all([c.channels.list(), c.bridges.list()]),
      );
      return { channels: plain(channels), bridges: plain(bridges) };
    },
    /** The bytes of a stored recording, for a spool that this machine does not see. */
    async stored(name: string): Promise<Readable> {
      const answer = await get(
        `/ari/recordings/stored/${encodeURIComponent(name)}/file`,
        AbortSignal.timeout(600_000),
      );
      return Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream);
    },
    async storedNames(): Promise<string[]> {
      const list = await call('stored', (c) => c.recordings.listStored());
      return list.flatMap((r) => (typeof r.name === 'string' ? [r.name] : []));
    },
    async deleteStored(name: string): Promise<void> {
      await call('delete', (c) => c.recordings.deleteStored({ recordingName: name })).catch(ignoreAbsent);
    },
  };
}

/** ari-client gives objects with methods; only what came over the wire goes on. */
function plain(list: unknown[]): unknown[] {
  return list.map((item) =>
    Object.fromEntries(
      Object.entries(item as Record<string, unknown>).filter(([, v]) => typeof v !== 'function'),
    ),
  );
}

/** ari-client prints a complaint about Asterisk's API description at every connect. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const log = console.log;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(fail('pbx_timeout', `${what}: no answer in ${PATIENCE / 1000} s.`)),
      PATIENCE,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** ari-client's errors carry the body of the answer, {"message": "..."}, and no status. */
function asError(e: unknown, what = ''): TapedeckError {
  if (e instanceof TapedeckError) return e;
  const text = e instanceof Error ? e.message : String(e);
  const body = parse(text) as { message?: unknown; error?: unknown } | undefined;
  const said = typeof body === 'object' ? String(body?.message ?? body?.error ?? text) : text;
  return fail('pbx_failed', `${what} ${said}`.trim().slice(0, 200), e);
}

const isAbsent = (e: unknown) => e instanceof TapedeckError && /not found/i.test(e.detail);
function ignoreAbsent(e: unknown): void {
  if (!isAbsent(e)) throw e;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
