import { execFile } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { fail, type TapedeckError } from '../domain/error.js';
import { printable } from '../domain/printable.js';
import type { Speech } from '../domain/telling/prompt.js';
import type { Language } from '../domain/telling/schema.js';
import { outcome } from '../ops/turns.js';
import type { FfmpegRun } from './ffmpeg.js';

const VOICES: Record<Language, string> = { en: 'en-us', es: 'es', fr: 'fr', de: 'de' };
/** Slower than espeak-ng's own 175: it is heard once, on a telephone. */
const WORDS_A_MINUTE = 150;
/** Speaking 500 characters takes a tenth of a second; what takes so long hangs, in ms. */
const LIMIT_MS = 15_000;
/** A minute and a half at the 22.05 kHz of its voices. */
const MOST_BYTES = 4_000_000;
const DETAIL_CHARS = 300;
/** Nothing of our own environment, which could name voices elsewhere. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' };

/** espeak-ng, by its path or as "espeak-ng" on the PATH. The words go to its standard input: none of them is an argument or a path. */
export const createEspeak = (path = 'espeak-ng') => ({
  /** Speaks; stdout gives a wav file. Throws `speech_missing`, `encode_failed`. */
  speak({ language, text }: Speech, limitMs = LIMIT_MS): FfmpegRun {
    const { done, resolve, reject } = outcome();
    const stdout = new PassThrough();
    stdout.on('error', () => {}); // who only awaits done learns it there
    const args = ['-v', VOICES[language], '-s', String(WORDS_A_MINUTE), '--stdin', '--stdout'];
    const child = execFile(
      path,
      args,
      {
        ...{ encoding: 'buffer', env: ENVIRONMENT, maxBuffer: MOST_BYTES },
        ...{ timeout: Math.min(limitMs, LIMIT_MS), killSignal: 'SIGKILL' },
      },
      (error, wav, said) => {
        if (!error) {
          stdout.end(wav);
          return resolve();
        }
        const explained = explain(error, said);
        stdout.destroy(explained);
        reject(explained);
      },
    );
    child.stdin?.on('error', () => {}); // it has ended already, and says why
    child.stdin?.end(text);
    return { stdout, done, kill: () => void child.kill('SIGKILL') };
  },
});

function explain(error: Error & { code?: unknown; killed?: boolean }, said: Buffer): TapedeckError {
  if (error.code === 'ENOENT' || error.code === 'EACCES')
    return fail('speech_missing', `(${error.code})`, error);
  if (error.killed || error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return fail('encode_failed', 'espeak-ng took too long, or spoke for too long.', error);
  const last = printable(said.toString('utf8').replaceAll(/\s+/g, ' ')).slice(-DETAIL_CHARS);
  return fail('encode_failed', `espeak-ng: ${last}`, error);
}
