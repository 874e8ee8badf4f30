import { errors, fail, type TapedeckError } from '../domain/error.js';
import { startThread } from '../ops/process/thread.js';
import type { AnyKeys } from '../vault/keys.js';
import type { Unlocked } from '../vault/passphrase.js';
import type { finishRotation } from '../vault/rotation.js';
import type { KeysAnswer, KeysAsked, KeysOrder } from './keys-program.js';

/** `finish` goes on with a change of the master key. What `end` interrupts goes on at the next start. */
type Rotation = { finish(): ReturnType<typeof finishRotation>; end(): Promise<void> };

/**
 * The keys of a data directory, in a thread of their own: a write of keys.db takes three to five fsyncs, and until it is over
 * readers wait for its lock. In the recorder's own thread, calls would wait for both. Throws as `createKeys` does, and `internal`
 * for what was asked of a thread that has ended, which `lost` is told; what is asked next starts another. `stop` waits for what
 * was asked before. `begin` is for tests.
 */
export function createKeysApart(
  order: KeysOrder,
  lost: (why: Error) => void,
  begin = startThread,
): AnyKeys & { rotation: Rotation } {
  let started = false;
  let thread: ReturnType<typeof open> | null = null;

  function opened(): ReturnType<typeof open> {
    thread ??= open(order, begin, (why) => {
      thread = null;
      if (started) lost(why);
    });
    return thread;
  }

  const verbsOf =
    (part: KeysAsked['part']) =>
    (verb: string) =>
    async (...given: unknown[]): Promise<never> => {
      if (!started) throw fail('internal', 'The key store is not open.');
      return (await opened()).ask({ part, verb, given });
    };
  const [key, noted, rotation] = [verbsOf('keys'), verbsOf('register'), verbsOf('rotation')];
  const register = {
    find: noted('find'),
    seal: noted('seal'),
    settle: noted('settle'),
    unsettled: noted('unsettled'),
    signed: noted('signed'),
    takeIn: noted('takeIn'),
    isComplete: noted('isComplete'),
    complete: noted('complete'),
  };

  return {
    async start() {
      await opened();
      started = true;
    },
    async stop() {
      if (!started) return;
      started = false;
      await (await thread?.catch(() => null))?.end();
    },
    create: key('create'),
    identity: key('identity'),
    destroy: key('destroy'),
    destroyAll: key('destroyAll'),
    has: key('has'),
    masterKeys: key('masterKeys'),
    register: () => register,
    rotation: { finish: rotation('finish'), end: rotation('end') },
  };
}

/** Resolves when keys.db is open. The thread keeps this process alive for as long as an answer is awaited. */
async function open({ by, ...order }: KeysOrder, begin: typeof startThread, ended: (why: Error) => void) {
  const passed: KeysOrder = { ...order, by: typeof by === 'object' ? ownBytes(by) : by };
  const thread = begin('dist/daemon/keys.js', new URL('./keys-program.ts', import.meta.url), passed);
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (e: Error) => void }>();
  let last = 0;
  let why: Error = fail('internal', 'The thread that has keys.db open has ended.');

  const answerTo = (id: number) =>
    new Promise<never>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      thread.ref();
    });
  function ask(asked: Omit<KeysAsked, 'id'>): Promise<never> {
    last += 1;
    thread.postMessage({ id: last, ...asked });
    return answerTo(last);
  }

  thread.on('message', ({ id, value, error }: KeysAnswer) => {
    const one = waiting.get(id)!;
    waiting.delete(id);
    if (waiting.size === 0) thread.unref();
    if (error) one.reject(fail(error.code, error.detail));
    else one.resolve(value as never);
  });
  thread.once('error', (e: Error & Partial<TapedeckError>) => {
    const known = e.code !== undefined && e.code in errors;
    why = known ? fail(e.code!, e.detail) : fail('internal', `keys.db: ${e.message}`, e);
  });
  thread.once('exit', () => {
    ended(why);
    for (const { reject } of waiting.values()) reject(why);
  });
  await answerTo(0);
  return {
    ask,
    async end(): Promise<void> {
      await ask({ part: 'keys', verb: 'stop', given: [] });
      await thread.terminate();
    },
  };
}

/** A Buffer would be sent with all that is beside it in its pool. */
const ownBytes = ({ key, kek, how }: Unlocked): Unlocked => ({
  key: Uint8Array.from(key),
  kek: Uint8Array.from(kek),
  how,
});
