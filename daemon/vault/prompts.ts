import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, TapedeckError } from '../domain/error.js';
import { promptFile, promptsFolder } from '../domain/paths.js';
import type { PlayedPrompt } from '../domain/telling/notice.js';
import { PROMPT_RATES, type PromptEnding, type PromptKind } from '../domain/telling/prompt.js';
import { LANGUAGES, type Language } from '../domain/telling/schema.js';
import { joined, lengthOf, samplesOf } from '../domain/telling/wav.js';
import { programFile } from '../ops/process/program-files.js';
import { makeDirDurably, writeDurably } from './durable.js';

/** The audio of a prompt, in both rates. `hash`: SHA-256 of the 16 kHz file, in hex. */
export type PromptAudio = { hash: string; files: Record<PromptEnding, Uint8Array> };
/** One that Tapedeck comes with. */
export type OwnPrompt = PromptAudio & { text: string; durationMs: number };

type Sentences = Record<PromptKind, string>;
type Texts = Record<Language, Sentences & { offered: Sentences; keys: Record<string, string> }>;

const FILE_NAMES: Record<string, string> = { '*': 'star', '#': 'hash' };
const ENDINGS = Object.keys(PROMPT_RATES) as PromptEnding[];

/** The prompts that Tapedeck comes with, beside the program. */
export function createOwnPrompts(folder = shippedFolder()) {
  let texts: Texts | undefined;
  const read = (name: string, ending: PromptEnding): Uint8Array =>
    readFileSync(join(folder, `${name}.${ending}`));
  const made = (names: string[], text: string): OwnPrompt => {
    const [wav16, wav] = (['wav16', 'wav'] as const).map((ending) =>
      joined(
        names.map((name) => read(name, ending)),
        PROMPT_RATES[ending],
      ),
    ) as [Uint8Array, Uint8Array];
    return {
      ...{ hash: hashOf(wav16), files: { wav16, wav }, text },
      durationMs: lengthOf(wav16, PROMPT_RATES.wav16),
    };
  };
  const kept = new Map<string, OwnPrompt>();
  const once = (key: string, make: () => OwnPrompt): OwnPrompt => {
    const found = kept.get(key) ?? make();
    kept.set(key, found);
    return found;
  };
  const textsOf = (language: Language) => {
    texts ??= JSON.parse(readFileSync(join(folder, 'texts.json'), 'utf8')) as Texts;
    return texts[language];
  };
  const nameOf = (kind: PromptKind, language: Language, key: string) =>
    kind === 'announce' ? `${language} ${kind}` : `${language} ${kind} ${key}`;
  function make(kind: PromptKind, language: Language, key: string): OwnPrompt {
    const { [kind]: sentence, keys } = textsOf(language);
    if (kind === 'announce') return made([`${language}/${kind}`], sentence);
    const names = [`${language}/${kind}`, `${language}/keys/${FILE_NAMES[key] ?? key}`];
    return made(names, `${sentence} ${keys[key]}.`);
  }

  return {
    /** Returns the prompt of a kind in a language. `key`: the key to press that it names, of those that name one. */
    of: (kind: PromptKind, language: Language, key: string): OwnPrompt =>
      once(nameOf(kind, language, key), () => make(kind, language, key)),
    /** Returns the prompt of a kind in a language that has this hash, whatever key it names; null for none. */
    withHash(hash: string, kind: PromptKind, language: Language): OwnPrompt | null {
      for (const key of kind === 'announce' ? [''] : Object.keys(textsOf(language).keys)) {
        const name = nameOf(kind, language, key);
        const prompt = kept.get(name) ?? make(kind, language, key);
        if (prompt.hash === hash) return once(name, () => prompt);
      }
      return null;
    },
    /** Returns a sentence that says who records and why, to be filled in where it has brackets, with a key that a voice can say. */
    offered(kind: PromptKind, language: Language, key: string): string {
      const { offered, keys } = textsOf(language);
      return kind === 'announce' ? offered[kind] : `${offered[kind]} ${/\d/.test(key) ? key : keys[key]}.`;
    },
    /** The tone of the mode `beep`. */
    beep: (): OwnPrompt => once('beep', () => made(['beep'], '')),
  };
}
export type OwnPrompts = ReturnType<typeof createOwnPrompts>;

/** The prompts in the data directory. */
export function createPromptFiles(dataDir: string) {
  return {
    /** Keeps a prompt's files under its hash; does nothing where they are there already. Throws `disk_full` and the like. */
    async keep({ hash, files }: PromptAudio): Promise<void> {
      await makeDirDurably(promptsFolder(dataDir));
      for (const ending of ENDINGS) {
        const path = promptFile(dataDir, hash, ending);
        if (!existsSync(path)) await writeDurably(path, files[ending]);
      }
    },
    /** Returns a file as it was kept. Throws `prompt_unknown` where it is missing or is not what its name says. */
    async read(hash: string, ending: PromptEnding): Promise<Uint8Array> {
      try {
        const wav16 = await readFile(promptFile(dataDir, hash, 'wav16'));
        if (hashOf(wav16) !== hash) throw fail('prompt_unknown', `${hash} is not what was kept.`);
        return ending === 'wav16' ? wav16 : await readFile(promptFile(dataDir, hash, ending));
      } catch (e) {
        if ((e as NodeJS.ErrnoException).code === 'ENOENT') throw fail('prompt_unknown', hash, e);
        throw e;
      }
    },
  };
}
export type PromptFiles = ReturnType<typeof createPromptFiles>;

/**
 * Returns what reads the samples of a prompt that was played: 16-bit mono of 16 kHz, of one that was uploaded or that Tapedeck comes
 * with, and of the very file that its hash names. Null where there is none; rejects where it cannot be read.
 */
export const promptSamples =
  (files: Pick<PromptFiles, 'read'>, own: Pick<OwnPrompts, 'withHash'>) =>
  async ({ hash, kind, language }: PlayedPrompt & { hash: string }): Promise<Int16Array | null> => {
    const uploaded = await files.read(hash, 'wav16').catch((e) => {
      if (e instanceof TapedeckError && e.code === 'prompt_unknown') return null;
      throw e;
    });
    const shipped = (LANGUAGES as readonly string[]).includes(language) ? (language as Language) : null;
    const file = uploaded ?? (kind && shipped && own.withHash(hash, kind, shipped)?.files.wav16);
    if (!file) return null;
    // A copy begins at an even address, and is all that goes to a thread.
    const { buffer } = Uint8Array.from(samplesOf(file));
    return new Int16Array(buffer, 0, buffer.byteLength >> 1);
  };

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function shippedFolder(): string {
  const built = programFile('dist/prompts');
  return existsSync(built) ? built : programFile('prompts');
}
