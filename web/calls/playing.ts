import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StoredCall } from '../../daemon/catalogue/stored-call.js';
import { fail } from '../../daemon/domain/error.js';
import type { Recording } from '../../daemon/domain/recording/recording.js';
import { type Heard, inside, joined, lengthOf, written } from '../../daemon/domain/recording/stretches.js';
import type { Log } from '../../daemon/ops/log.js';
import type { Audit } from '../audit/audit.js';
import { signed } from '../auth/signed.js';
import type { Ask } from '../server/ask.js';
import type { Untold } from '../store/telling.js';

/** When nothing was heard of a player for so long, it has stopped; and what was heard is written this often, in ms. */
export type PlayingPace = { idleMs: number; sweepMs: number; writeMs: number };
const PACE: PlayingPace = { idleMs: 45_000, sweepMs: 5_000, writeMs: 600_000 };
/** Requests for the same recording within this time are of the same playing, and its key is kept so long, in ms. */
const SAME_MS = 600_000;
const MOST = 5_000;
/** What a player fetches ahead and says nothing of is written at the end; at once when it is more than this share of the file. */
const LARGE = 0.2;
/** Where a byte of an Opus file lies in time is known only so well. */
const SLACK = { ms: 10_000, share: 0.05 };

type Transfer = { start: number; length: number; sent: () => number };
/** Whether it is to be heard, or to be kept as a file. */
type As = 'play' | 'download';
type Playback = {
  sessionId: string;
  as: As;
  reason: string;
  /** Makes an entry of whoever plays it. */
  entry: (action: 'heard' | 'play', detail: Untold['detail']) => Untold;
  recording: Pick<Recording, 'id' | 'durationMs' | 'plainBytes'>;
  /** The key of this recording, from the recorder. In memory only, and no longer than this is played. */
  identity: string;
  lastAt: number;
  transfers: Set<Transfer>;
  bytes: number;
  served: Heard[];
  /** Since the last entry: what the player says, how much of that was never sent, and from when on. */
  heard: Heard[];
  refusedMs: number;
  bytesWritten: number;
  since: number | null;
  /** Whether a player has said that anything sounded. */
  player: boolean;
  /** It goes on no more: what is still sent of it is written at once. */
  over: boolean;
};

export type Playing = ReturnType<typeof createPlaying>;

/**
 * Who hears what. That somebody begins to play a recording is written by the recorder before it gives the key. What then really
 * sounded is said by the player, compared with what was sent, and written once it stops. Where no player says anything,
 * what was sent is written: somebody took the file.
 */
export function createPlaying(deps: {
  ask: Ask;
  audit: Pick<Audit, 'of' | 'note'>;
  now: () => number;
  log: Pick<Log, 'warn'>;
  pace?: Partial<PlayingPace>;
}) {
  const pace = { ...PACE, ...deps.pace };
  const playbacks = new Map<string, Promise<Playback>>();
  const known = new Map<string, Playback>();
  let timer: NodeJS.Timeout | undefined;

  const keyOf = (request: FastifyRequest, recording: Pick<Recording, 'id'>, as: As = 'play') =>
    `${request.session!.id} ${recording.id} ${as}`;

  /** Asks the recorder for the key, which puts on record that it begins, unless it goes on. Throws what the recorder answers. */
  async function begin(
    request: FastifyRequest,
    call: Pick<StoredCall, 'id'>,
    recording: Recording,
    { as, reason }: { as: As; reason: string },
  ): Promise<Playback> {
    const key = keyOf(request, recording, as);
    const before = known.get(key);
    // Another reason is another playing.
    if (before && before.reason === reason && deps.now() - before.lastAt < SAME_MS) {
      before.lastAt = deps.now();
      return before;
    }
    if (before) drop(key);
    const going = playbacks.get(key);
    if (going) return going;
    const about = { object: 'call', object_id: call.id, reason, detail: { recording: recording.id } };
    const first = deps.audit.of(request, as, about);
    const { id: sessionId } = request.session!;
    const made = deps
      .ask('open_recording', { by: signed(request), call: call.id, as, reason })
      .then(({ recording: opened, identity }) => {
        if (opened !== recording.id) throw fail('key_missing', 'The call has another recording by now.');
        const playback: Playback = {
          ...{ sessionId, as, reason },
          entry: (action, detail) => ({
            ...first,
            at: deps.now(),
            action,
            detail: { ...first.detail, ...detail },
          }),
          ...{ recording, identity },
          lastAt: deps.now(),
          ...{ transfers: new Set(), bytes: 0, served: [], heard: [], refusedMs: 0 },
          ...{ bytesWritten: 0, since: null, player: false, over: false },
        };
        known.delete(key);
        known.set(key, playback);
        if (known.size > MOST) drop(known.keys().next().value!);
        return playback;
      })
      .finally(() => playbacks.delete(key));
    playbacks.set(key, made);
    return made;
  }

  /** Counts what is sent of it. `length` bytes from `start` on are what was asked for. */
  function serving(playback: Playback, reply: FastifyReply, start: number, length: number): void {
    const { socket } = reply.raw;
    const before = socket?.bytesWritten ?? 0;
    // With the headers; what still is in buffers counts as sent.
    const transfer = {
      start,
      length,
      sent: () => Math.min(length, Math.max(0, (socket?.bytesWritten ?? before) - before)),
    };
    playback.transfers.add(transfer);
    reply.raw.once('close', () => {
      playback.transfers.delete(transfer);
      const sent = reply.raw.writableFinished ? length : transfer.sent();
      playback.bytes += sent;
      playback.served = joined([...playback.served, stretchOf(playback, start, sent)]);
      playback.lastAt = deps.now();
      if (playback.over) finish(playback);
    });
  }

  const stretchOf = ({ recording }: Playback, start: number, length: number): Heard => {
    const perByte = recording.durationMs / Math.max(1, recording.plainBytes);
    return [start * perByte, (start + length) * perByte];
  };

  /** Takes what a player says that it has played. Gives how much of it can be, in ms. */
  function heard(playback: Playback, said: readonly Heard[]): number {
    const { recording, transfers } = playback;
    const slack = SLACK.ms + SLACK.share * recording.durationMs;
    const sent = [...playback.served, ...[...transfers].map((x) => stretchOf(playback, x.start, x.sent()))];
    const could = joined(sent.map(([from, until]): Heard => [from - slack, until + slack]));
    const stretches = joined(
      said
        .filter(([from, until]) => until > from)
        .map(([from, until]): Heard => [Math.max(0, from), Math.min(recording.durationMs, until)]),
      0,
    );
    const good = inside(stretches, could);
    playback.refusedMs += Math.max(0, lengthOf(stretches) - lengthOf(good));
    playback.heard = joined([...playback.heard, ...good]);
    playback.lastAt = deps.now();
    playback.since ??= deps.now();
    // Who says that nothing sounded is no player.
    playback.player ||= stretches.length > 0;
    return lengthOf(good);
  }

  /** Writes what there is to say of it since the last time. Bytes that were sent are on record in the end, whatever a player says. */
  function finish(playback: Playback): void {
    const { transfers, recording } = playback;
    const bytes = playback.bytes + [...transfers].reduce((sum, x) => sum + x.sent(), 0);
    const more = bytes - playback.bytesWritten;
    const refused: Untold['detail'] =
      playback.refusedMs > 0 ? { not_sent_ms: Math.round(playback.refusedMs) } : {};
    // What a player fetches ahead comes into the entry of what it plays next.
    const waits = playback.player && !playback.over && more <= LARGE * recording.plainBytes;
    playback.since = null;
    if (playback.heard.length > 0 || playback.refusedMs > 0)
      deps.audit.note(
        playback.entry('heard', {
          heard: written(playback.heard),
          total_ms: Math.round(lengthOf(playback.heard)),
          bytes: more,
          ...refused,
        }),
      );
    else if (more > 0 && playback.as === 'play' && !waits)
      deps.audit.note(
        playback.entry('play', { bytes: more, of_bytes: recording.plainBytes, player: playback.player }),
      );
    else return;
    Object.assign(playback, { heard: [], refusedMs: 0, bytesWritten: bytes });
  }

  function drop(key: string): void {
    const playback = known.get(key);
    known.delete(key);
    if (!playback) return;
    playback.over = true;
    playback.identity = '';
    finish(playback);
  }

  function sweep(): void {
    const now = deps.now();
    for (const [key, playback] of known) {
      const idle = now - playback.lastAt;
      const long = playback.since !== null && now - playback.since >= pace.writeMs;
      const told = playback.since !== null || playback.bytes > playback.bytesWritten;
      if ((idle >= pace.idleMs && told) || long) finish(playback);
      if (idle >= SAME_MS && playback.transfers.size === 0) drop(key);
    }
  }

  return {
    begin,
    serving,
    heard,
    /** The playing of this recording that goes on for whoever asks, or null. */
    of: (request: FastifyRequest, recording: Pick<Recording, 'id'>): Playback | null =>
      known.get(keyOf(request, recording)) ?? null,
    /** A recording was erased: its key is kept no longer. */
    erased(recordingId: string): void {
      for (const [key, playback] of known) if (playback.recording.id === recordingId) drop(key);
    },
    /** The session has ended: what was heard is written now. */
    end(sessionId: string): void {
      for (const [key, playback] of known) if (playback.sessionId === sessionId) drop(key);
    },
    start(): void {
      timer = setInterval(sweep, pace.sweepMs).unref();
    },
    stop(): void {
      clearInterval(timer);
      for (const key of [...known.keys()]) drop(key);
    },
  };
}
