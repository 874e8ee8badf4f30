import type { NewEntry } from '../domain/assurance/audit.js';
import { isDiskError, type TapedeckError } from '../domain/error.js';
import { defaultPolicy, type KeptDecision } from '../domain/policy/policy.js';
import type { CallId, CallRecord, Coverage, Lost, Segment } from '../domain/recording/recording.js';
import type { Log } from '../ops/log.js';
import { retryDelay, singleFlight } from '../ops/turns.js';
import type { Catalogue } from './catalogue.js';
import type { StoredPolicy } from './policy.js';

/** An entry of the daemon's own. */
type Note = { note(entry: NewEntry): Promise<void> };
/** Something to be written. A call and what is decided of its coverage are one thing, of which either may be new. */
type Word =
  | { of: 'call'; id: CallId; call?: CallRecord; coverage?: Coverage; decision?: KeptDecision }
  | { of: 'segment'; segment: Segment }
  | { of: 'lost'; callId: CallId; seq: number; lost: Lost }
  | { of: 'absorption'; from: CallId; into: CallId }
  | { of: 'entry'; entry: NewEntry };

const AGAIN = [1_000, 2_000, 5_000];

/**
 * The catalogue for those who follow calls: what cannot be written because of the disk waits here, in its order, the newest
 * word of each thing only, and is written when it can be. So a full disk keeps no call from being followed and captured.
 * What is asked for meanwhile takes in what waits. Every other error is passed on.
 */
export function createOutbox(
  catalogue: Catalogue,
  deps: {
    log: Log;
    /** Everything that had to wait has been written. */
    onWritten: () => void;
    /** Something has to wait, because of this. */
    onWaiting?: (error: TapedeckError) => void;
  },
) {
  const waiting: Word[] = [];
  /** Absorptions that wait: the call that is kept, by the name that was given up. */
  const alias = new Map<CallId, CallId>();
  let known: StoredPolicy = {
    version: 0,
    changedAt: null,
    changedBy: '',
    policy: defaultPolicy,
    fault: null,
  };
  let timer: NodeJS.Timeout | null = null;
  let tries = 0;
  const writing = singleFlight(writeAll);

  function send(word: Word): Promise<void> {
    if (word.of === 'segment') return catalogue.segments.save(word.segment);
    if (word.of === 'lost') return catalogue.segments.saveLost(word.callId, word.seq, word.lost);
    if (word.of === 'absorption') return catalogue.calls.absorb(word.from, word.into);
    if (word.of === 'entry') return catalogue.audit.append(word.entry).then(() => {});
    if (word.call) return catalogue.calls.save(word.call, word.coverage, word.decision);
    return catalogue.calls.decideCoverage(word.id, word.coverage!);
  }

  async function write(word: Word): Promise<void> {
    if (waiting.length === 0)
      try {
        return await send(word);
      } catch (e) {
        if (!isDiskError(e)) throw e;
        deps.onWaiting?.(e as TapedeckError);
        if (waiting.length === 0)
          deps.log.error({ err: e }, 'The catalogue cannot be written; calls are followed in memory');
      }
    put(word);
    later();
  }

  /** Takes the place of an older word of the same, but never moves before an absorption. */
  function put(word: Word): void {
    const last = waiting.findLastIndex((w) => w.of === 'absorption' || keyOf(w) === keyOf(word));
    const older = waiting[last];
    const one = word.of === 'call' || word.of === 'segment' || word.of === 'lost';
    if (one && older?.of === word.of) waiting[last] = { ...older, ...word };
    else waiting.push(word);
  }

  function later(): void {
    timer ??= setTimeout(() => void flush(), retryDelay(AGAIN, tries++));
  }

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    return writing.run();
  }

  async function writeAll(): Promise<void> {
    if (waiting.length === 0) return;
    let count = 0;
    for (let word = waiting[0]; word; word = waiting[0], count++) {
      try {
        await send(word);
      } catch (err) {
        if (isDiskError(err)) return later();
        deps.log.error(
          { err, what: keyOf(word) },
          'A change that had waited for the disk could not be written',
        );
      }
      // While it was written a newer word may have taken its place.
      if (waiting[0] === word) waiting.shift();
    }
    alias.clear();
    tries = 0;
    deps.log.info({ changes: count }, 'What had to wait for the disk has been written to the catalogue');
    deps.onWritten();
  }

  const current = (id: CallId): CallId => {
    let at = id;
    while (alias.has(at)) at = alias.get(at)!;
    return at;
  };

  /** The last policy that could be read, where this one cannot. */
  const orKnown = (asked: Promise<StoredPolicy>): Promise<StoredPolicy> =>
    asked.catch((e) => {
      if (!isDiskError(e)) throw e;
      return known;
    });

  const following: Catalogue & Note = {
    ...catalogue,
    calls: {
      ...catalogue.calls,
      save: (call, coverage, decision) =>
        write({
          of: 'call',
          id: call.id,
          call,
          ...(coverage && { coverage }),
          ...(decision && { decision }),
        }),
      decideCoverage: (id, coverage) => write({ of: 'call', id, coverage }),
      async absorb(from, into) {
        await write({ of: 'absorption', from, into });
        if (waiting.length > 0) alias.set(from, into);
      },
    },
    segments: {
      ...catalogue.segments,
      save: (segment) => write({ of: 'segment', segment }),
      saveLost: (callId, seq, lost) => write({ of: 'lost', callId, seq, lost }),
      async of(id) {
        const stored = await catalogue.segments.of(id).catch((e) => {
          if (isDiskError(e)) return [];
          throw e;
        });
        const newest = new Map(stored.map((s) => [nameOf(s), s]));
        for (const word of waiting) {
          if (word.of === 'lost') {
            const its = newest.get(nameOf(word));
            if (its) newest.set(nameOf(word), { ...its, lost: word.lost });
          }
          if (word.of !== 'segment') continue;
          const { lost } = newest.get(nameOf(word.segment)) ?? {};
          const segment = lost ? { ...word.segment, lost } : word.segment;
          // One that is stored may bear the name of a call that was absorbed long ago.
          if (newest.has(nameOf(segment)) || current(segment.callId) === current(id))
            newest.set(nameOf(segment), segment);
        }
        return [...newest.values()];
      },
    },
    policy: {
      ...catalogue.policy,
      async newest() {
        known = await orKnown(catalogue.policy.newest());
        return known;
      },
      of: (version) => orKnown(catalogue.policy.of(version)),
    },
    note: (entry) => write({ of: 'entry', entry }),
  };

  return {
    catalogue: following,
    /** Tries now. */
    flush,
    /** Tries once more; says what is lost. */
    async stop(): Promise<void> {
      await flush();
      if (timer) clearTimeout(timer);
      if (waiting.length > 0)
        deps.log.error(
          { changes: waiting.length },
          'The catalogue still cannot be written: what was captured lies in the spool without its call',
        );
    },
  };
}

const nameOf = ({ callId, seq }: Pick<Segment, 'callId' | 'seq'>): string => `${callId} ${seq}`;

/** Words with the same key are of the same thing. */
function keyOf(word: Word): string {
  if (word.of === 'call') return `call ${word.id}`;
  if (word.of === 'entry') return `entry ${word.entry.action}`;
  if (word.of === 'lost') return `lost ${nameOf(word)}`;
  return word.of === 'segment' ? `segment ${nameOf(word.segment)}` : `absorption ${word.from} ${word.into}`;
}
