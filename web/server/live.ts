import type { ServerResponse } from 'node:http';
import type { Verbs } from '../../daemon/catalogue/catalogue.js';
import { mayDo, type Person } from '../../daemon/domain/people/person.js';
import { reachOf } from '../../daemon/domain/people/reach.js';
import type { Log } from '../../daemon/ops/log.js';
import type { Sessions } from '../auth/sessions.js';
import { bareStatus, brief } from '../calls/views.js';
import type { Control } from './control.js';
import { createShares } from './shares.js';

/**
 * How often the catalogue is looked at, for those who see every call and for the others, and the daemon, and the streams'
 * sessions, in ms.
 */
export type Pace = { pollMs: number; reachMs: number; statusMs: number; beatMs: number };
const PACE: Pace = { pollMs: 300, reachMs: 1500, statusMs: 5000, beatMs: 15_000 };

const MOST = { all: 200, ofOne: 20 };
/** A reader this far behind is let go; its browser comes back by itself. */
const BEHIND_BYTES = 64 * 1024;

type Listener = { res: ServerResponse; tokenHash: string; person: Person };
/** `mark`: what they last saw of the calls that they reach, where those are not all; `stale`: it may be another by now. */
type Stream = Listener & { mark: string; stale: boolean };
/** The status for who oversees the box, and for who does not. */
type Said = { full: string; bare: string };

const CHANGE = 'event: change\ndata: {}\n\n';
const YOU = 'event: you\ndata: {}\n\n';
/** The last words to a session that has ended. */
const over = (signedOut: boolean) => `event: over\ndata: ${JSON.stringify({ signed_out: signedOut })}\n\n`;

export type Live = ReturnType<typeof createLive>;

/**
 * The streams of server-sent events. One look at the catalogue and one question to the daemon serve all of them, and
 * none is asked while nobody listens. Who does not see every call hears of changes to those that they see only.
 */
export function createLive(deps: {
  catalogue: Verbs<'changeCount' | 'calls.reachMark'>;
  control: Pick<Control, 'status'>;
  sessions: Sessions;
  log: Pick<Log, 'warn'>;
  pace?: Partial<Pace>;
}) {
  const pace = { ...PACE, ...deps.pace };
  const shares = createShares(MOST, 'Too many pages are open.');
  const streams = new Set<Stream>();
  const timers: NodeJS.Timeout[] = [];
  let seen: number | null = null;
  let asking: Promise<Said> | null = null;

  function send(stream: Stream, text: string): void {
    if (stream.res.writableEnded || stream.res.destroyed) return;
    if (stream.res.writableLength > BEHIND_BYTES) stream.res.destroy();
    else stream.res.write(text);
  }
  const status = (): Promise<Said> => {
    const event = (data: object) => `event: status\ndata: ${JSON.stringify(data)}\n\n`;
    asking ??= deps.control
      .status()
      .then((answer) => ({ full: event(brief(answer)), bare: event(bareStatus(answer)) }))
      .finally(() => {
        asking = null;
      });
    return asking;
  };
  const tell = (stream: Stream, said: Said) =>
    send(stream, mayDo(stream.person, 'oversee') ? said.full : said.bare);
  const seesAll = ({ person }: Listener) => reachOf(person, 'view') === 'all';
  const markOf = async ({ person }: Listener): Promise<string> => {
    const mine = reachOf(person, 'view');
    return mine === 'all' ? '' : deps.catalogue.calls.reachMark(mine);
  };

  async function look(): Promise<void> {
    const count = await deps.catalogue.changeCount();
    if (seen !== null && count !== seen) {
      // What changed may be that somebody was disabled, or given other rights, whoever did it.
      await part();
      for (const stream of streams) {
        if (seesAll(stream)) send(stream, CHANGE);
        else stream.stale = true;
      }
    }
    seen = count;
  }
  async function lookAtReached(): Promise<void> {
    for (const stream of streams) {
      if (!stream.stale) continue;
      stream.stale = false;
      const mark = await markOf(stream);
      if (mark !== stream.mark) send(stream, CHANGE);
      stream.mark = mark;
    }
  }
  /** Ends the streams whose sessions have ended, or owe a second factor. The rights of the others are those of now. */
  async function part(): Promise<void> {
    for (const stream of streams) {
      const session = await deps.sessions.check(stream.tokenHash, { use: false });
      if (session?.owes === 'nothing') meet(stream, session.person);
      else stream.res.end(over(false));
    }
  }
  function meet(stream: Stream, person: Person): void {
    if (JSON.stringify(person) === JSON.stringify(stream.person)) return;
    stream.person = person;
    send(stream, YOU + CHANGE);
  }
  async function beat(): Promise<void> {
    await part();
    for (const stream of streams) {
      stream.stale = true;
      send(stream, ': here\n\n');
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
      every(pace.reachMs, lookAtReached);
      every(pace.statusMs, async () => {
        const said = await status();
        for (const stream of streams) tell(stream, said);
      });
      every(pace.beatMs, beat);
    },
    stop(): void {
      for (const timer of timers.splice(0)) clearInterval(timer);
      for (const { res } of streams) res.end();
    },

    /** Throws `too_many`; to be called before the answer begins. Gives what to call when it is over. */
    admit: ({ id }: Pick<Person, 'id'>): (() => void) => shares.take(id),

    /** Serves an answer whose headers were sent until its reader goes or its session ends. */
    async add(listener: Listener): Promise<void> {
      const stream: Stream = { ...listener, mark: '', stale: true };
      if (streams.size === 0) seen = null;
      streams.add(stream);
      stream.res.once('close', () => streams.delete(stream));
      stream.res.on('error', () => streams.delete(stream));
      seen ??= await deps.catalogue.changeCount();
      stream.mark = await markOf(stream);
      tell(stream, await status());
    },

    /** Ends the streams of a session. `signedOut`: by its owner, who leaves nothing behind for when they come back. */
    end(tokenHash: string, { signedOut = false } = {}): void {
      for (const stream of streams) if (stream.tokenHash === tokenHash) stream.res.end(over(signedOut));
    },
  };
}
