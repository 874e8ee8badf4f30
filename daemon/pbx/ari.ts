import { Readable } from 'node:stream';
import type { Client } from 'ari-client';
import { fail, TapedeckError } from '../domain/error.js';
import type { Log } from '../ops/log.js';
import { asError, createQuickRequests, inTime, PATIENCE, takeOverRequests } from './ari-requests.js';
import { openStream } from './ari-stream.js';
import { createLink, type Session } from './link.js';
import { createThrottle, type Throttle } from './throttle.js';
import { DIGITS, UNWANTED } from './translate.js';
import { connectionFault, readTrust, type Trust } from './trust.js';

/**
 * Asterisk's REST interface. The one file that knows ari-client, which knows the operations; how its requests are made is in
 * ari-requests, and the event stream is our own, in ari-stream. Stored recordings are streamed, because ari-client reads
 * them whole.
 */
export type AriDeps = {
  url: string;
  user: string;
  password: string;
  app: string;
  /** Who the PBX has to be, over TLS; left out: as Node.js decides. */
  trust?: Trust;
  /** Has recordings fetched no faster than that. */
  throttle?: Throttle;
  /** Whether the keys that people press are to be told, which they are not by default. Asked at each connection, and by `filterAgain`. */
  digits?: () => boolean;
  log: Log;
  /** A parsed event, whatever it is. */
  onEvent: (event: unknown) => void;
  /** Connected: everything that there is now. No event is lost between this list and the stream. */
  onUp: (now: { channels: unknown[]; bridges: unknown[] }) => void;
  /** Once for each loss; what happened until `lastHeardAt` (ms since 1970, null before the first connection) was told. */
  onDown: (reason: TapedeckError, lastHeardAt: number | null) => void;
  /** Our own time, ms since 1970. */
  now: () => number;
};

/** Events that may come before the list of channels does; more are a flood, and nothing waits for its end. */
const MOST_HELD = 20_000;
const WITHOUT_DIGITS = [...UNWANTED, DIGITS];

/** So long one recording may take to be fetched without a limit, in ms. */
const FETCH_MS = 600_000;

/** Codecs of 16 kHz and more, as Asterisk names them. */
const WIDE = /\b(g722|g719|opus|siren(7|14)|silk(16|24)|speex(16|32)|slin(12|16|24|32|44|48|96|192))\b/;

export type Ari = ReturnType<typeof createAri>;

export function createAri(deps: AriDeps) {
  const { trust = readTrust('', 'ari_ca_file'), throttle = createThrottle(0) } = deps;
  const base = new URL(deps.url);
  const origin = `${base.protocol}//${base.host}`;
  const authorization = `Basic ${Buffer.from(`${deps.user}:${deps.password}`).toString('base64')}`;
  const quick = createQuickRequests(origin, authorization, trust.dispatcher);
  let client: Client | null = null;
  let hangUp: () => void = () => {};
  let version = '';
  const link = createLink({ session, onDown: deps.onDown, now: deps.now, log: deps.log });

  const unwanted = () => (deps.digits?.() ? UNWANTED : WITHOUT_DIGITS);

  async function session({ heard, up }: Session): Promise<TapedeckError> {
    const info = (await (await get('/ari/asterisk/info?only=system')).json()) as {
      system?: { version?: unknown };
    } | null;
    heard();
    version = typeof info?.system?.version === 'string' ? info.system.version.slice(0, 40) : '';
    const c = await connect();
    let held: unknown[] | null = [];
    const stream = await openStream({
      url: `${origin.replace(/^http/, 'ws')}/ari/events?app=${encodeURIComponent(deps.app)}&subscribeAll=true`,
      ...{ authorization, ca: trust.ca },
      onHeard: heard,
      onJunk: (bytes) => deps.log.warn({ bytes }, 'The PBX sent something that is not JSON; ignored'),
      onEvent: (event) => {
        if (unwanted().includes(String((event as { type?: unknown } | null)?.type))) return;
        if (!held) deps.onEvent(event);
        else if (held.push(event) > MOST_HELD) hangUp();
      },
    });
    hangUp = stream.end;
    try {
      await narrow(c).catch((e: Error) =>
        deps.log.debug({ err: e.message }, 'This Asterisk sends more events than are needed'),
      );
      const now = await lists();
      client = c;
      if (up()) deps.onUp(now);
      // It was stopped while it connected.
      else stream.end();
      const early = held;
      held = null;
      for (const event of early) deps.onEvent(event);
      return await stream.ended;
    } finally {
      client = null;
      stream.end();
    }
  }

  async function connect(): Promise<Client> {
    takeOverRequests(origin, authorization, trust.fetch);
    const { default: ariClient } = await import('ari-client');
    return inTime('api-docs', ariClient.connect(origin, deps.user, deps.password));
  }

  /**
   * Of all that was subscribed to, device states go at once, and for more than thrift: when a stream closes while one is
   * being told, Asterisk locks up its whole ARI for good (its issue 2170; seen on 22.10.1).
   */
  async function narrow(c: Client): Promise<void> {
    const applicationName = deps.app;
    for (const eventSource of [
      'deviceState:__AST_DEVICE_STATE_ALL_TOPIC',
      'endpoint:__AST_ENDPOINT_ALL_TOPIC',
    ])
      await inTime('subscription', c.applications.unsubscribe({ applicationName, eventSource }));
    await filter(c);
  }

  async function filter(c: Client): Promise<void> {
    const value = { disallowed: unwanted().map((type) => ({ type })) };
    await inTime('eventFilter', c.applications.filter({ applicationName: deps.app, filter: value }));
  }

  /** Not by ari-client, which would make an empty list of an answer that is none, and so end every call. */
  async function lists(): Promise<{ channels: unknown[]; bridges: unknown[] }> {
    const list = async (path: string): Promise<unknown[]> => {
      const answer: unknown = await (await get(path)).json();
      if (!Array.isArray(answer)) throw fail('pbx_failed', `${path} was not answered with a list.`);
      return answer;
    };
    const [channels, bridges] = await Promise.all([list('/ari/channels'), list('/ari/bridges')]);
    return { channels, bridges };
  }

  /** `but`: failures that are answers, too. */
  async function get(
    path: string,
    signal = AbortSignal.timeout(PATIENCE),
    but: number[] = [],
  ): Promise<Response> {
    let answer: Response;
    try {
      answer = await trust.fetch(origin + path, { headers: { authorization }, signal, redirect: 'error' });
    } catch (e) {
      throw connectionFault(origin, e);
    }
    if (answer.status === 401 || answer.status === 403) throw fail('pbx_refused', `ARI user "${deps.user}".`);
    if (!answer.ok && !but.includes(answer.status))
      throw fail('pbx_failed', `${path} answered ${answer.status}.`);
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

  const ask: typeof quick = async (what, ...request) => {
    if (!client) throw fail('pbx_unreachable', `${what} could not be asked.`);
    return quick(what, ...request);
  };

  /** False when that recording is not there. */
  async function onLive(what: string, ask: (r: Client['recordings']) => Promise<unknown>): Promise<boolean> {
    try {
      await call(what, (c) => ask(c.recordings));
      return true;
    } catch (e) {
      if (isAbsent(e)) return false;
      throw e;
    }
  }

  return {
    start: link.start,
    async stop(): Promise<void> {
      const stopped = link.stop();
      hangUp();
      await stopped;
    },
    status: () => ({ ...link.status(), version }),

    /** The time on the PBX's clock, ms since 1970. */
    async time(): Promise<number> {
      const { timestamp } = (await (await get('/ari/asterisk/ping')).json()) as { timestamp?: unknown };
      const at = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
      if (!Number.isFinite(at)) throw fail('pbx_failed', 'It does not say what time it is.');
      return at;
    },

    /** Snoops on one direction of a leg. Answers before the snoop can be recorded: wait for its StasisStart. */
    async snoop(legId: string, side: 'in' | 'out', id: string): Promise<void> {
      await ask('snoop', `channels/${at(legId)}/snoop/${at(id)}`, { spy: side, app: deps.app });
    },
    /**
     * Makes a snoop that hears nothing and speaks to who is on the leg (`out`), to whom they are connected with (`in`), or to
     * both. Answers before anything can be played into it: wait for its StasisStart.
     */
    async whisper(legId: string, id: string, whisper: 'in' | 'out' | 'both'): Promise<void> {
      await call('whisper', (c) =>
        c.channels.snoopChannelWithId({ channelId: legId, snoopId: id, spy: 'none', whisper, app: deps.app }),
      );
    },
    /** Plays something into a channel of ours. Answers before it is found: a file that is not there fails in PlaybackFinished. */
    async play(channelId: string, media: string, playbackId: string): Promise<void> {
      await call('play', (c) => c.channels.playWithId({ channelId, playbackId, media }));
    },
    async stopPlayback(playbackId: string): Promise<void> {
      await call('stop playback', (c) => c.playbacks.stop({ playbackId })).catch(ignoreAbsent);
    },
    /** Whether a leg carries more than telephone's 4 kHz. False for one that has gone. */
    async isWide(legId: string): Promise<boolean> {
      const about = { variable: 'CHANNEL(audionativeformat)' };
      const codecs = await ask('variable', `channels/${at(legId)}/variable`, about, 'GET').catch(() => null);
      return WIDE.test(String(codecs?.value));
    },
    /** The value of a channel's variable or function; null for a channel that has gone, and where there is none. */
    async variable(channelId: string, variable: string): Promise<string | null> {
      const asked = call('variable', (c) => c.channels.getChannelVar({ channelId, variable }));
      const answer = await asked.catch(ignoreAbsent);
      return typeof answer?.value === 'string' ? answer.value : null;
    },
    /** Has a snoop recorded by Asterisk under this name, as .wav of 8 kHz or, wide, .wav16 of 16 kHz. */
    async record(snoop: string, name: string, wide: boolean): Promise<void> {
      const format = wide ? 'wav16' : 'wav';
      await ask('record', `channels/${at(snoop)}/record`, { name, format, ifExists: 'fail' });
    },
    /** Keeps a channel out of the PBX's CDRs. */
    async keepFromCdrs(channel: string): Promise<void> {
      const disabled = { variable: 'CDR_PROP(disable)', value: '1' };
      await ask('variable', `channels/${at(channel)}/variable`, disabled).catch(ignoreAbsent);
    },
    async stopRecording(name: string): Promise<void> {
      await call('stop', (c) => c.recordings.stop({ recordingName: name })).catch(ignoreAbsent);
    },
    /** Stops a recording and throws its file away. */
    async discard(name: string): Promise<void> {
      await call('cancel', (c) => c.recordings.cancel({ recordingName: name })).catch(ignoreAbsent);
    },
    /** Turns a recording's mute on or off; see `masking` for what that does. False when there is no such recording. */
    mute: (name: string, muted: boolean): Promise<boolean> =>
      onLive('mute', (r) => (muted ? r.mute : r.unmute)({ recordingName: name })),
    /** While it is paused nothing is written, and its time stands still. Repeatable. False when there is no such recording. */
    pause: (name: string, paused: boolean): Promise<boolean> =>
      onLive('pause', (r) => (paused ? r.pause : r.unpause)({ recordingName: name })),
    async isRecording(name: string): Promise<boolean> {
      try {
        const live = await call('live', (c) => c.recordings.getLive({ recordingName: name }));
        return live.state !== 'done' && live.state !== 'failed' && live.state !== 'canceled';
      } catch (e) {
        if (isAbsent(e)) return false;
        throw e;
      }
    },
    /**
     * Has the PBX call `answer` in a context of its own dialplan and run `call` there for the one who calls. The halves of
     * the Local channel get the ids given.
     */
    async callDialplan(
      to: { context: string; answer: string; call: string },
      ids: [string, string],
    ): Promise<void> {
      await call('originate', (c) =>
        c.channels.originate({
          endpoint: `Local/${to.answer}@${to.context}/n`,
          context: to.context,
          extension: to.call,
          priority: 1,
          callerId: '"Tapedeck test" <>',
          timeout: 10,
          channelId: ids[0],
          otherChannelId: ids[1],
        }),
      );
    },
    async hangup(channel: string): Promise<void> {
      await call('hangup', (c) => c.channels.hangup({ channelId: channel })).catch(ignoreAbsent);
    },
    /** The bytes of a stored recording, for a spool that this machine does not see; null when there is none. */
    async stored(name: string): Promise<Readable | null> {
      const path = `/ari/recordings/stored/${encodeURIComponent(name)}/file`;
      const answer = await get(path, AbortSignal.timeout(FETCH_MS + throttle.longestMs), [404]);
      if (answer.status === 404) return null;
      return throttle.slowed(Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream));
    },
    /** What is to be told has changed, see `digits`. Does nothing while there is no connection. */
    async filterAgain(): Promise<void> {
      if (client) await filter(client);
    },
    /** Whether the PBX has a stored recording of this name in a format that it knows. */
    async hasStored(name: string): Promise<boolean> {
      const path = `/ari/recordings/stored/${encodeURIComponent(name)}`;
      return (await get(path, undefined, [404])).status !== 404;
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

const at = encodeURIComponent;
const isAbsent = (e: unknown) => e instanceof TapedeckError && /not found/i.test(e.detail);
function ignoreAbsent(e: unknown): void {
  if (!isAbsent(e)) throw e;
}
