import type { Verbs } from '../../catalogue/catalogue.js';
import { onRecord } from '../../catalogue/entries.js';
import { clean } from '../../domain/call/party.js';
import { fail } from '../../domain/error.js';
import { OWN_PROMPT, type TELLING } from '../../domain/operations/control/telling.js';
import type { ControlHandlers } from '../../domain/operations/control.js';
import {
  MOST_SPEECH_CHARS,
  type Prompt,
  type PromptEnding,
  type Speech,
} from '../../domain/telling/prompt.js';
import type { Askers } from '../askers.js';

type Audio = { hash: string; files: Record<PromptEnding, Uint8Array> };

export type PromptDeps = {
  catalogue: Verbs<'prompts.list' | 'prompts.add' | 'prompts.activate' | 'audited'>;
  askers: Pick<Askers, 'may' | 'proved'>;
  /** Makes a prompt of an upload. Throws `prompt_invalid`, `encoder_away`, `ffmpeg_missing`. */
  makePrompt: (upload: Buffer) => Promise<Audio & { durationMs: number }>;
  /** The same of words that are spoken. Throws `speech_missing` too. */
  speakPrompt: (words: Speech) => Promise<Audio & { durationMs: number }>;
  /** Keeps its files. */
  keepPrompt: (audio: Audio) => Promise<void>;
  clock: () => number;
};

/** What callers hear: uploaded, heard by whoever may change settings, and then played. */
export function createPromptRequests({
  catalogue,
  askers,
  makePrompt,
  speakPrompt,
  keepPrompt,
  clock,
}: PromptDeps): Pick<ControlHandlers, keyof typeof TELLING> {
  return {
    async add_prompt({ by, kind, language, audio, says_purpose: saysPurpose = false, ...said }) {
      const asker = await askers.may(by, 'settings');
      const name = clean(said.name, 80);
      const text = clean(said.text, 500);
      const made = await makePrompt(Buffer.from(audio, 'base64'));
      // The files first: a row without them would be a prompt that cannot be played.
      await keepPrompt(made);
      const { hash, durationMs } = made;
      const bytes = made.files.wav16.length;
      const addedBy = asker.person?.name ?? asker.entry('prompt_add').actor_name;
      await onRecord<Prompt>(
        catalogue,
        asker.entry('prompt_add', {
          object: 'prompt',
          object_id: hash,
          detail: { kind, language, name, ...(saysPurpose && { says_purpose: true }) },
        }),
        (c) =>
          c.prompts.add({
            ...{ hash, kind, language, name, text, saysPurpose, bytes, durationMs },
            ...{ addedAt: clock(), addedBy },
          }),
      );
      return { hash };
    },

    async speak_prompt({ by, language, ...said }) {
      await askers.may(by, 'settings');
      const text = clean(said.text, MOST_SPEECH_CHARS);
      if (text === '') throw fail('prompt_invalid', 'It has no words.');
      const { files, durationMs } = await speakPrompt({ language, text });
      return { audio: Buffer.from(files.wav16).toString('base64'), duration_ms: durationMs };
    },

    async activate_prompt(body) {
      const asker = await askers.proved('activate_prompt', body, 'settings');
      const { kind, language, hash } = body;
      const prompts = await catalogue.prompts.list();
      if (
        hash !== null &&
        !prompts.some((p) => p.hash === hash && p.kind === kind && p.language === language)
      )
        throw fail('prompt_unknown', hash);
      await onRecord(
        catalogue,
        asker.entry('prompt_activate', {
          object: 'prompt',
          object_id: hash ?? OWN_PROMPT,
          detail: { kind, language },
        }),
        (c) => c.prompts.activate(kind, language, hash),
      );
      return {};
    },
  };
}
