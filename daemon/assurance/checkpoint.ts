import type { AuditLog } from '../catalogue/audit.js';
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
import { serialQueue } from '../ops/turns.js';

/**
 * Story 12: what the audit log comes to is signed, at the start, at the stop, once an hour, and when somebody asks. Before
 * that the new part of the chain is followed from the last checkpoint, and at the start and once a day all of it: a log that
 * does not go on from there is not signed, and an admin is told which entry is wrong. What was signed goes wherever it is to
 * be kept. Where it cannot be read what was signed last, nothing is; nor while the schema of the catalogue is another one.
 */
export type CheckpointDeps = {
  catalogue: Pick<
    AuditLog,
    'audit' | 'auditRows' | 'auditId' | 'keepCheckpoint' | 'checkpoints' | 'forgetWords'
  >;
  /** Gives a checkpoint as a signed note. */
  sign: (checkpoint: Checkpoint) => string;
  /** Whether a note was signed here. */
  ours: (note: Note) => boolean;
  /** Throws when the schema of the catalogue is not as Tapedeck makes it. */
  beforeSigning: () => Promise<void>;
  file: { read(): Promise<string>; append(note: string): Promise<void> };
  /** Sends a note to where it is kept, sooner or later. */
  tell: (note: string, at: number) => void;
  alarms: Alarms;
  clock: () => number;
  /** How often one is signed, and how long words that were looked for are kept, in ms. */
  everyMs: number;
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

export function createCheckpoints(deps: CheckpointDeps) {
  let timer: NodeJS.Timeout | undefined;
  let last: Signed | null = null;
  /** What was signed last; undefined until that is known. */
  let base: Head | null | undefined;
  let wholeAt = Number.NEGATIVE_INFINITY;
  const queue = serialQueue();

  /** Follows the chain from there to its end; gives what it comes to, or the first entry that is wrong. */
  async function walk(from: Head): Promise<Head | Fault> {
    let head = from;
    for (;;) {
      const rows = await deps.catalogue.auditRows(head.size + 1, CHUNK + 1);
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
    const [row] = await deps.catalogue.auditRows(signed.size, 1);
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
      const [row] = await deps.catalogue.auditRows(note.size, 1);
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
    return since(signed);
  }

  async function signNow(): Promise<Signed> {
    const found = await checked();
    if (isFault(found)) {
      deps.alarms.raise(CHAIN_ALARM, {
        severity: 'critical',
        why: { code: 'audit_chain', params: { entry: found.seq, fault: found.kind } },
      });
      throw fail('checkpoint_refused', faultWords[found.kind](found.seq));
    }
    if (found.size === 0) throw fail('checkpoint_refused', 'The log is empty.');
    deps.alarms.clear(CHAIN_ALARM);
    await deps.beforeSigning();
    const now = deps.clock();
    const origin = originOf(await deps.catalogue.auditId());
    const at = iso(now);
    const note = deps.sign({ origin, ...found, at });
    await deps.file.append(note);
    base = found;
    last = { size: found.size, at, note };
    deps.tell(note, now); // signed is signed, whatever becomes of the catalogue
    await deps.catalogue.keepCheckpoint({ size: found.size, at: now, note });
    deps.alarms.clear(SIGN_ALARM);
    return last;
  }

  const sign = () => queue.run(signNow);

  async function byItself(): Promise<void> {
    try {
      await sign();
      await deps.catalogue.forgetWords(deps.clock() - deps.wordsMs);
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
      mine((await deps.catalogue.checkpoints(50)).map((c) => c.note).join('\n'))[0];
    base = newest ? { size: newest.size, hash: newest.hash } : null;
    return base;
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
        await deps.catalogue.audit(
          entryOf(by, deps.clock(), 'checkpoint', { object: 'audit', reason, detail }),
        );
        base = null;
        return signNow();
      }),

    /** The last that this process has signed. */
    last: () => last,

    /** Resolves once the first one was signed, or refused. Nothing has to wait for it: a long log takes a while to follow. */
    async start(): Promise<void> {
      timer = setInterval(() => void byItself(), deps.everyMs);
      await byItself();
    },
    async stop(): Promise<void> {
      // A recorder that could not start has nothing to sign, and the reason is another.
      if (timer) await byItself();
      clearInterval(timer);
      await queue.idle();
    },
  };
}
