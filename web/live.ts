import type { ServerResponse } from 'node:http';
import type { Catalogue } from '../daemon/catalogue/catalogue.js';
import { fail } from '../daemon/domain/error.js';
import type { Log } from '../daemon/ops/log.js';
import type { Sessions } from './auth/sessions.js';
import type { Control } from './control.js';

/** How often the catalogue and the daemon are looked at, and how often the streams' sessions are, in ms. */
export type Pace = { pollMs: number; statusMs: number; beatMs: number };
const PACE: Pace = { pollMs: 300, statusMs: 5000, beatMs: 15_000 };

const MOST = 200;
/** A reader this far behind is let go; its browser comes back by itself. */
const BEHIND_BYTES = 64 * 1024;

type Stream = { res: ServerResponse; tokenHash: string };

export type Live = ReturnType<typeof createLive>;

/**
 * The streams of server-sent events. One look at the catalogue and one question to the daemon serve all of them, and
 * none is asked while nobody listens.
 */
export function createLive(deps: {
  catalogue: Pick<Catalogue, 'changeCount'>;
  control: Pick<Control, 'status'>;
  sessions: Sessions;
  log: Pick<Log, 'warn'>;
  pace?: Partial<Pace>;
}) {
  const pace = { ...PACE, ...deps.pace };
  const streams = new Set<Stream>();
  const timers: NodeJS.Timeout[] = [];
  let seen: number | null = null;
  let asking: Promise<string> | null = null;

  function send(stream: Stream, text: string): void {
    if (stream.res.writableEnded || stream.res.destroyed) return;
    if (stream.res.writableLength > BEHIND_BYTES) stream.res.destroy();
    else stream.res.write(text);
  }
  const sendAll = (text: string) => {
    for (const stream of streams) send(stream, text);
  };
  const status = (): Promise<string> => {
    asking ??= deps.control
      .status()
      .then((answer) => `event: status\ndata: ${JSON.stringify(answer)}\n\n`)
      .finally(() => {
        asking = null;
      });
    return asking;
  };

  async function look(): Promise<void> {
    const count = await deps.catalogue.changeCount();
    if (seen !== null && count !== seen) sendAll('event: change\ndata: {}\n\n');
    seen = count;
  }
  async function beat(): Promise<void> {
    for (const stream of streams) {
      if (await deps.sessions.check(stream.tokenHash, { use: false })) send(stream, ': here\n\n');
      else stream.res.end();
    }
  }

  /** Runs a job again and again, each time after the last has ended. */
  function every(ms: number, job: () => Promise<void>): void {
    let busy = false;
    timers.push(
      setInterval(() => {
        if (busy || streams.size === 0) return;
        busy = true;
        job()
          .catch((err: unknown) => deps.log.warn({ err }, 'live streams were not served'))
          .finally(() => {
            busy = false;
          });
      }, ms).unref(),
    );
  }

  return {
    start(): void {
      every(pace.pollMs, look);
      every(pace.statusMs, async () => sendAll(await status()));
      every(pace.beatMs, beat);
    },
    stop(): void {
      for (const timer of timers.splice(0)) clearInterval(timer);
      for (const { res } of streams) res.end();
    },

    /** Throws `too_many`; to be called before the answer begins. */
    admit(): void {
      if (streams.size >= MOST) throw fail('too_many', 'Too many pages are open.');
    },

    /** Serves an answer whose headers were sent until its reader goes or its session ends. */
    async add(stream: Stream): Promise<void> {
      if (streams.size === 0) seen = null;
      streams.add(stream);
      stream.res.once('close', () => streams.delete(stream));
      stream.res.on('error', () => streams.delete(stream));
      seen ??= await deps.catalogue.changeCount();
      send(stream, await status());
    },

    /** Ends the streams of a session. */
    end(tokenHash: string): void {
      for (const stream of streams) if (stream.tokenHash === tokenHash) stream.res.end();
    },
  };
}
