import { rmSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { backupCopyFile, drillFolder } from '../../domain/paths.js';
import { removeDatabase } from '../../ops/files/database.js';
import { behindCalls } from '../../ops/process/behind-calls.js';
import { startProgram } from '../../ops/process/start-program.js';
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

const HEAP_MB = 512;

/**
 * Has the backup process do something. Rejects with what it throws, with `internal` when it ends without an answer, and with the
 * reason of the signal once that is aborted and the process has ended.
 */
export function runBackupProgram<K extends 'made' | 'checked' | 'listed' | 'destroyed'>(
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
    const child = startProgram('dist/daemon/backup.js', new URL('./program.ts', import.meta.url), HEAP_MB);
    child.ref();
    child.channel?.ref();
    let ended: unknown = fail('internal', 'The backup process has ended without an answer.');
    let telling = false;
    const end = (e: unknown) => {
      ended = e;
      child.kill('SIGKILL');
    };
    const aborted = () => end(signal!.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    child.on('message', (said: ProgramSaid) => {
      if ('sign' in said)
        child.send({ signature: signer.sign(Buffer.from(said.sign)).toString('base64') }, () => {});
      else if ('error' in said) ended = fail(said.error.code, said.error.detail);
      else if (wanted in said) resolve(said as Result<K>);
      else if ('done' in said && !telling) {
        telling = true;
        void Promise.resolve(progress(said.done, said.total)).then(() => {
          telling = false;
        }, end);
      }
    });
    child.once('error', (e) => {
      ended = fail('internal', 'The backup process could not be started.', e);
      if (child.pid === undefined) reject(ended);
    });
    child.once('exit', () => {
      signal?.removeEventListener('abort', aborted);
      reject(ended); // without effect once it has answered
    });
    child.once('spawn', () => {
      behindCalls(child);
      child.send({ ...order, key, publicKey: signer.publicKeyPem } satisfies ProgramOrder, () => {});
    });
  });
}

/** What a backup or a drill that was killed leaves: an erasure would not reach what is in it. */
export function removeLeft(dir: string): void {
  removeDatabase(backupCopyFile(dir));
  rmSync(drillFolder(dir), { recursive: true, force: true });
}
