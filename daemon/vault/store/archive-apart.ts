import type { ChildProcess } from 'node:child_process';
import { fail, type TapedeckError } from '../../domain/error.js';
import { startProgram } from '../../ops/process/start-program.js';
import type { ArchiveAnswer, ArchiveVerb } from './archive-program.js';
import type { ArchiveStore, FileHash, Listed, Pause, Place, StoredFile } from './store.js';

/** A storage that has not got on for so long does not answer, in ms. */
const PATIENCE_MS = 10_000;
/** Nor has a process that has not begun for so long. */
const START_MS = 60_000;
const HEAP_MB = 64;

type Waiting = {
  resolve: (value: never) => void;
  reject: (e: Error) => void;
  timer: NodeJS.Timeout;
  listed: Omit<Listed, 'hash'>[];
};

export type ArchiveApartDeps = {
  directory: string;
  dataDir: string;
  /** Whose archive it has to be: see `ArchiveOrder`. */
  owner: () => Promise<string>;
  patienceMs?: number;
  /** Is for tests. */
  begin?: typeof startProgram;
};

/**
 * The archive, in a process of its own. A network file system whose server is gone stops every thread that asks it something, for
 * as long as it takes: in this process a few of those would stop all reading and writing of files, and with it the capture of calls.
 * What gets on with nothing for 10 s fails with `archive_unreachable`; the process is ended, and until it has ended everything fails
 * at once.
 */
export function createArchiveApart(deps: ArchiveApartDeps): ArchiveStore & { stop(): void } {
  const { directory, patienceMs = PATIENCE_MS, begin = startProgram } = deps;
  let child: ChildProcess | null = null;
  let stopped = false;
  /** Empty until there is one. */
  let owner = '';
  let last = 0;
  /** Until then nothing is asked of a storage that stood still. */
  let restUntil = 0;
  const waiting = new Map<number, Waiting>();
  const still = (): TapedeckError =>
    fail('archive_unreachable', `${directory} does not answer: its storage stands still.`);

  function giveUp(why: Error): void {
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(why);
    }
    waiting.clear();
  }

  function started(): ChildProcess {
    const made = begin('dist/daemon/archive.js', new URL('./archive-program.ts', import.meta.url), HEAP_MB);
    made.on('message', (answer) => heard(answer as ArchiveAnswer));
    made.once('error', (e) => ended(made, fail('archive_unreachable', e.message, e)));
    made.once('exit', () => ended(made, fail('archive_unreachable', `What reads ${directory} has ended.`)));
    made.send({ directory, dataDir: deps.dataDir, owner }, () => {});
    // To begin is no work of the storage's, and may take long on a busy machine.
    awaited(0, START_MS);
    return made;
  }

  function ended(of: ChildProcess, why: Error): void {
    if (child !== of) return;
    child = null;
    giveUp(why);
  }

  function awaited<T>(id: number, ms: number): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as never, reject, timer: patience(id, ms), listed: [] });
    });
    // Whoever asked is told; for its start nobody has to wait.
    answer.catch(() => {});
    return answer;
  }

  function patience(id: number, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      if (!waiting.has(id)) return;
      // As long as it begins, nothing was asked of the storage.
      const beginning = waiting.get(0)?.timer;
      if (id !== 0 && beginning) return void waiting.get(id)!.timer.refresh();
      restUntil = performance.now() + 2 * patienceMs;
      giveUp(still());
      child?.kill('SIGKILL');
    }, ms);
  }

  function heard({ id, value, error, beat, listed }: ArchiveAnswer): void {
    const one = waiting.get(id);
    if (!one) return;
    if (beat || listed) {
      one.timer.refresh();
      if (listed) one.listed.push(...listed);
      return;
    }
    clearTimeout(one.timer);
    waiting.delete(id);
    if (error) one.reject(fail(error.code, error.detail));
    else one.resolve((one.listed.length > 0 ? one.listed : value) as never);
  }

  async function ask<T>(verb: ArchiveVerb, ...given: unknown[]): Promise<{ id: number; value: T }> {
    if (stopped) throw fail('archive_unreachable', 'Tapedeck is stopping.');
    owner ||= await deps.owner();
    if (owner === '') throw fail('archive_unreachable', 'The audit log has no entry yet.');
    child ??= started();
    // One that was ended and is not gone still waits for its storage.
    if (child.killed || performance.now() < restUntil) throw still();
    last += 1;
    const id = last;
    const answer = awaited<T>(id, patienceMs);
    child.send({ id, verb, given }, (e) => {
      if (e) child?.kill('SIGKILL');
    });
    return { id, value: await answer };
  }
  const answer = async <T>(verb: ArchiveVerb, ...given: unknown[]): Promise<T> =>
    (await ask<T>(verb, ...given)).value;
  const bare = ({ id, file, tier }: Place): Place => ({ id, file, ...(tier && { tier }) });

  return {
    async open(place): Promise<StoredFile> {
      const { id, value: size } = await ask<number>('open', bare(place));
      return {
        size,
        async read(at, bytes) {
          const wanted = Math.max(0, Math.min(bytes, size - at));
          const found = await answer<Uint8Array>('read', id, at, wanted);
          return Buffer.from(found.buffer, found.byteOffset, found.byteLength);
        },
        close: () => answer<undefined>('close', id).catch(() => {}),
      };
    },
    // Without pauses: they are for the disk of the data directory.
    hash: (place, _pause?: Pause) => answer<FileHash | null>('hash', bare(place)),
    exists: (place) => answer('exists', bare(place)),
    remove: (place) => answer('remove', bare(place)),
    copy: (place) => answer('copy', bare(place)),
    room: () => answer('room'),
    async *list() {
      const found = (await answer<Omit<Listed, 'hash'>[] | undefined>('list')) ?? [];
      for (const one of found)
        yield { ...one, hash: async () => (one.place ? answer('hash', bare(one.place)) : null) };
    },
    stop() {
      stopped = true;
      giveUp(fail('archive_unreachable', 'Tapedeck is stopping.'));
      child?.kill('SIGKILL');
    },
  };
}
