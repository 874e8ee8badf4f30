import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../domain/error.js';
import type { Log } from '../ops/log.js';
import type { PromptServer } from './prompt-server.js';

/** An announcement as the PBX plays it. `hash` names it: 64 hexadecimal digits of what it was made from. */
export type PromptFiles = {
  hash: string;
  /** 16-bit mono wav of 8 kHz, and of 16 kHz for wideband calls. */
  wav: Buffer;
  wav16: Buffer | null;
};

export type PromptDeps = {
  /** Asterisk's spool of recordings, if this machine sees it. */
  spool: string | null;
  /** Whether the PBX finds a stored recording of this name. Throws when it does not answer. */
  hasStored: (name: string) => Promise<boolean>;
  /** Where a PBX fetches prompts that shares no folder with this machine; null where that is not set up. */
  server: PromptServer | null;
  log: Log;
};

export type Prompts = ReturnType<typeof createPrompts>;

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
const codeOf = (e: unknown): string => (e as NodeJS.ErrnoException | undefined)?.code ?? '';

/**
 * Brings prompts to the PBX. Where both see the spool, a prompt is put there, as if it were a recording: `recording:` finds it by
 * its name alone, in whichever folder the PBX has its spool, and the PBX is asked whether it does. Else the PBX fetches it by
 * HTTP and keeps it (res_http_media_cache, which Asterisk 16 and 22 have). Asterisk's sounds folder is not used: on most
 * systems only root writes there.
 */
export function createPrompts({ spool, hasStored, server, log }: PromptDeps) {
  /** Whole or not at all, and never by way of a link: whoever is Asterisk's user can put anything into the spool. */
  async function put(folder: string, file: string, bytes: Buffer): Promise<void> {
    const path = join(folder, file);
    if (await holds(path, bytes)) return;
    const made = join(folder, `.${file}-${randomBytes(8).toString('hex')}`);
    try {
      const handle = await open(made, 'wx', 0o644);
      try {
        await handle.writeFile(bytes);
        // The process's umask may take the right to read from Asterisk.
        await handle.chmod(0o644);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(made, path);
    } catch (e) {
      await rm(made, { force: true });
      throw e;
    }
  }

  async function holds(path: string, bytes: Buffer): Promise<boolean> {
    try {
      const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      try {
        const { size } = await handle.stat();
        return size === bytes.length && (await readFile(handle)).equals(bytes);
      } finally {
        await handle.close();
      }
    } catch {
      return false; // whatever is there is replaced
    }
  }

  /** The prompt's name in the spool; null when it cannot be put there, or the PBX does not find it there. */
  async function inSpool({ hash, wav, wav16 }: PromptFiles): Promise<string | null> {
    if (spool === null) return null;
    const name = `tapedeck-prompt-${hash}`;
    try {
      await put(spool, `${name}.wav`, wav);
      if (wav16) await put(spool, `${name}.wav16`, wav16);
    } catch (e) {
      // FreePBX takes the right to write from the whole spool.
      log.warn({ err: e, dir: spool }, `A prompt could not be put into the spool (${codeOf(e)})`);
      return null;
    }
    return (await hasStored(name)) ? name : null;
  }

  return {
    /**
     * Returns how the PBX finds a prompt, as a media URI of ARI. To be asked before each call that is told: a file that was
     * removed or changed is put back. Throws `prompt_unplayable` when there is no way, and what the PBX answered.
     */
    async offer(prompt: PromptFiles): Promise<string> {
      if (!isHash(prompt.hash)) throw fail('internal', 'A prompt was offered by a name that is no hash.');
      const name = await inSpool(prompt);
      if (name !== null) return `recording:${name}`;
      if (server) return `sound:${server.offer(prompt)}`;
      throw fail(
        'prompt_unplayable',
        `The PBX does not find it in its spool (${spool ?? 'none is shared'}), and no address is set up from which it could fetch it.`,
      );
    },
  };
}
