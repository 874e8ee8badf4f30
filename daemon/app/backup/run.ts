import { fail } from '../../domain/error.js';
import { startThread } from '../../ops/process/thread.js';
import type { SigningKey } from '../../vault/signing-key.js';
import { fingerprint } from '../../vault/signing-key.js';
import type { ProgramOrder, ProgramSaid } from './program.js';

/** `Omit` that keeps the union. */
type Unsigned = ProgramOrder extends infer O
  ? O extends ProgramOrder
    ? Omit<O, 'key' | 'publicKey'>
    : never
  : never;
type Result<K extends string> = Extract<ProgramSaid, { [key in K]: unknown }>;

/**
 * Has the backup thread do something. Rejects with what it throws, with `internal` when it ends without an answer, and with the
 * reason of the signal soon after that is aborted.
 */
export function runBackupProgram<K extends 'made' | 'checked' | 'listed'>(
  order: Unsigned,
  wanted: K,
  {
    signer,
    signal,
    progress = () => {},
  }: {
    signer: SigningKey;
    signal?: AbortSignal;
    /** May take its time; what is said meanwhile is left out. A rejection ends the work. */
    progress?: (done: number, total: number) => Promise<void> | void;
  },
): Promise<Result<K>> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const key = { id: signer.keyId, sha256: fingerprint(signer.publicKeyPem) };
    const thread = startThread('dist/daemon/backup.js', new URL('./program.ts', import.meta.url), {
      ...order,
      ...{ key, publicKey: signer.publicKeyPem },
    });
    let telling = false;
    const end = (e: unknown) => {
      reject(e);
      void thread.terminate();
    };
    const aborted = () => end(signal!.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    thread.on('message', (said: ProgramSaid) => {
      if ('sign' in said) thread.postMessage(signer.sign(Buffer.from(said.sign)).toString('base64'));
      else if ('error' in said) reject(fail(said.error.code, said.error.detail));
      else if (wanted in said) resolve(said as Result<K>);
      else if ('done' in said && !telling) {
        telling = true;
        void Promise.resolve(progress(said.done, said.total)).then(() => {
          telling = false;
        }, end);
      }
    });
    thread.once('error', (e) => reject(fail('internal', e.message, e)));
    thread.once('exit', () => {
      signal?.removeEventListener('abort', aborted);
      reject(fail('internal', 'The backup thread has ended without an answer.'));
    });
  });
}
