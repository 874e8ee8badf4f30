import type { Verbs } from '../catalogue/catalogue.js';
import {
  type Actor,
  EMPTY,
  entryOf,
  type Fault,
  faultWords,
  follow,
  type Head,
  isFault,
} from '../domain/assurance/audit.js';
import { type Checkpoint, type Note, notesIn, originOf } from '../domain/assurance/checkpoint.js';
import { iso } from '../domain/days.js';
import { type ErrorCode, fail, TapedeckError } from '../domain/error.js';
import type { Alarms } from '../domain/operations/alarm.js';
import type { Log } from '../ops/log.js';
import { repeatedly, serialQueue } from '../ops/turns.js';

/**
 * Story 12: what the audit log comes to is signed, at the start, at the stop, once an hour, and when somebody asks. Before
 * that the new part of the chain is followed from the last checkpoint, and at the start and once a day all of it: a log that
 * does not go on from there is not signed, and an admin is told which entry is wrong. What was signed goes wherever it is to
 * be kept. Where it cannot be read what was signed last, nothing is; nor while the schema of the catalogue is another one.
 *
 * In between, every few seconds in which something was written, the same is done for this machine alone: the note takes the
 * place of the one before, and goes nowhere. What is changed in the log later than that is found out within seconds, and after
 * a restart.
 */
export type CheckpointDeps = {
  catalogue: Verbs<
    | 'audit.append'
    | 'audit.head'
    | 'audit.rows'
    | 'audit.id'
    | 'audit.keepCheckpoint'
    | 'audit.checkpoints'
    | 'audit.forgetWords'
  >;
  /** Returns a checkpoint as a signed note. */
  sign: (checkpoint: Checkpoint) => string;
  /** Whether a note was signed here. */
  ours: (note: Note) => boolean;
  /** Throws when the schema of the catalogue is not as Tapedeck makes it. */
  beforeSigning: () => Promise<void>;
  file: { read(): Promise<string>; append(note: string): Promise<void> };
  /** The newest note, for this machine. */
  head: { read(): Promise<string>; write(note: string): Promise<void> };
  /** Sends a note to where it is kept, sooner or later. */
  tell: (note: string, at: number) => void;
  alarms: Alarms;
  clock: () => number;
  /** How often one is signed, and how long words that were looked for are kept, in ms. */
  everyMs: number;
  /** How often for this machine alone; 5 s when left out. */
  headEveryMs?: number;
  wordsMs: number;
  log: Log;
};

export type Signed = { size: number; at: string; note: string };

const CHAIN_ALARM = 'audit_chain';
const SIGN_ALARM = 'audit_checkpoint';
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['checkpoint_refused', 'schema_altered']);
/** Rows that are followed in one go: some 10 ms. */
const CHUNK = 1_000;
/** The whole log is followed from its beginning this often, in ms. */
const WHOLE_MS = 24 * 3_600_000;
const HEAD_EVERY_MS = 5_000;

export function createCheckpoints(deps: CheckpointDeps) {
  let timer: NodeJS.Timeout | undefined;
  const heads = repeatedly(deps.headEveryMs ?? HEAD_EVERY_MS, headByItself, (err) =>
    deps.log.warn({ err }, 'What the audit log comes to could not be signed for this machine'),
  );
  let last: Signed | null = null;
  /** What was signed last; undefined until that is known. */
  let base: Head | null | undefined;
  /** The same for this machine alone. */
  let head: Head | null | undefined;
  let wholeAt = Number.NEGATIVE_INFINITY;
  const queue = serialQueue();

  /** Follows the chain from there to its end; gives what it comes to, or the first entry that is wrong. */
  async function walk(from: Head): Promise<Head | Fault> {
    let head = from;
    for (;;) {
      const rows = await deps.catalogue.audit.rows(head.size + 1, CHUNK + 1);
      for (const [i, row] of rows.slice(0, CHUNK).entries()) {
        const next = follow(head, row, rows[i + 1]);
        if (isFault(next)) return next;
        head = next;
      }
      if (rows.length <= CHUNK) return head;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The log from the last checkpoint on; or what is wrong with it. */
  async function since(signed: Head | null): Promise<Head | Fault> {
    if (signed === null || signed.size === 0) return walk(EMPTY);
    const [row] = await deps.catalogue.audit.rows(signed.size, 1);
    if (row?.seq === signed.size && row.hash === signed.hash) return walk(signed);
    return locate(signed);
  }

  /** It is not the log that was signed: where it began to be another one, as far as that can be told. */
  async function locate(signed: Head): Promise<Fault> {
    const whole = await walk(EMPTY);
    if (isFault(whole)) return whole;
    if (whole.size < signed.size) return { seq: whole.size + 1, kind: 'cut_off' };
    let agrees = 0;
    const kept = notesIn(await deps.file.read()).filter(deps.ours);
    for (const note of kept.toSorted((a, b) => a.size - b.size)) {
      const [row] = await deps.catalogue.audit.rows(note.size, 1);
      if (row?.hash !== note.hash) break;
      agrees = note.size;
    }
    return { seq: agrees + 1, kind: 'rewritten' };
  }

  /** The same, and at first and once a day all that was signed before. */
  async function checked(): Promise<Head | Fault> {
    const signed = await remembered();
    if (deps.clock() - wholeAt >= WHOLE_MS) {
      const whole = await walk(EMPTY);
      if (isFault(whole)) return whole;
      wholeAt = deps.clock();
    }
    const goesOn = await since(await rememberedHead());
    return isFault(goesOn) ? goesOn : since(signed);
  }

  /** Raises the alarm of a log that is not what was written. */
  function refuse({ seq, kind }: Fault): never {
    deps.alarms.raise(CHAIN_ALARM, {
      severity: 'critical',
      why: { code: 'audit_chain', params: { entry: seq, fault: kind } },
    });
    throw fail('checkpoint_refused', faultWords[kind](seq));
  }

  /** Follows the log and signs what it comes to. Throws `checkpoint_refused`, `schema_altered`. */
  async function noteOf(
    look: () => Promise<Head | Fault>,
  ): Promise<{ found: Head; now: number; note: string }> {
    const found = await look();
    if (isFault(found)) refuse(found);
    if (found.size === 0) throw fail('checkpoint_refused', 'The log is empty.');
    deps.alarms.clear(CHAIN_ALARM);
    await deps.beforeSigning();
    const now = deps.clock();
    const origin = originOf(await deps.catalogue.audit.id());
    const at = iso(now);
    return { found, now, note: deps.sign({ origin, ...found, at }) };
  }

  async function signNow(): Promise<Signed> {
    const { found, now, note } = await noteOf(checked);
    await deps.file.append(note);
    await deps.head.write(note);
    base = found;
    head = found;
    last = { size: found.size, at: iso(now), note };
    deps.tell(note, now); // signed is signed, whatever becomes of the catalogue
    await deps.catalogue.audit.keepCheckpoint({ size: found.size, at: now, note });
    deps.alarms.clear(SIGN_ALARM);
    return last;
  }

  const sign = () => queue.run(signNow);

  /** For this machine alone, if anything was written since. */
  function headByItself(): Promise<void> {
    return queue.run(async () => {
      const signed = await rememberedHead();
      const { size, hash } = await deps.catalogue.audit.head();
      if (size === signed?.size && hash === signed.hash) return;
      try {
        const { found, note } = await noteOf(() => since(signed));
        await deps.head.write(note);
        head = found;
      } catch (err) {
        // It has an alarm of its own.
        if (!(err instanceof TapedeckError && REFUSALS.has(err.code))) throw err;
      }
    });
  }

  async function byItself(): Promise<void> {
    try {
      await sign();
      await deps.catalogue.audit.forgetWords(deps.clock() - deps.wordsMs);
    } catch (err) {
      // Both have an alarm of their own.
      if (err instanceof TapedeckError && REFUSALS.has(err.code)) return;
      deps.log.error({ err }, 'No checkpoint of the audit log could be signed');
      deps.alarms.raise(SIGN_ALARM, {
        severity: 'warning',
        why: {
          code: 'audit_checkpoint',
          params: { error: err instanceof TapedeckError ? err.code : null },
        },
      });
    }
  }

  /** What was signed last, by the file, to which only this process can add; by the catalogue where the file is gone. */
  async function remembered(): Promise<Head | null> {
    if (base !== undefined) return base;
    const mine = (text: string) => notesIn(text).filter(deps.ours);
    const newest =
      mine(await deps.file.read()).at(-1) ??
      mine((await deps.catalogue.audit.checkpoints(50)).map((c) => c.note).join('\n'))[0];
    base = newest ? { size: newest.size, hash: newest.hash } : null;
    return base;
  }

  /** What was signed last for this machine, or anywhere. */
  async function rememberedHead(): Promise<Head | null> {
    const signed = await remembered();
    if (head === undefined) {
      const note = notesIn(await deps.head.read())
        .filter(deps.ours)
        .at(-1);
      head = note ? { size: note.size, hash: note.hash } : null;
    }
    return head && head.size > (signed?.size ?? 0) ? head : signed;
  }

  return {
    /** Signs what is there now. Throws `checkpoint_refused` when the log does not go on from the last checkpoint. */
    sign,

    /** From here on the log as it is now is the one that is signed, by somebody's word, which is written into it. */
    accept: (by: Actor, reason: string): Promise<Signed> =>
      queue.run(async () => {
        const whole = await walk(EMPTY);
        if (isFault(whole)) throw fail('checkpoint_refused', faultWords[whole.kind](whole.seq));
        const before = await remembered();
        const detail = { accepted: true, size: before?.size ?? 0, hash: before?.hash ?? '' };
        await deps.catalogue.audit.append(
          entryOf(by, deps.clock(), 'checkpoint', { object: 'audit', reason, detail }),
        );
        base = null;
        head = null;
        return signNow();
      }),

    /**
     * Returns what the log comes to once all of it from this entry on was followed to what was signed last, and to its end: its entries
     * are those that were written. Throws `checkpoint_refused`.
     */
    follow: (from: number): Promise<Head> =>
      queue.run(async () => {
        const found = await checked();
        if (isFault(found)) return refuse(found);
        const [before] = from > 1 ? await deps.catalogue.audit.rows(from - 1, 1) : [];
        const part = await walk(before ? { size: before.seq, hash: before.hash } : EMPTY);
        return isFault(part) ? refuse(part) : part;
      }),

    /** The last that this process has signed. */
    last: () => last,

    /** Resolves once the first one was signed, or refused. Nothing has to wait for it: a long log takes a while to follow. */
    async start(): Promise<void> {
      timer = setInterval(() => void byItself(), deps.everyMs);
      await byItself();
      heads.start();
    },
    async stop(): Promise<void> {
      // A recorder that could not start has nothing to sign, and the reason is another.
      await heads.stop();
      if (timer) await byItself();
      clearInterval(timer);
      await queue.idle();
    },
  };
}
