import type { Prompt, PromptKind } from '../domain/telling/prompt.js';
import type { Language } from '../domain/telling/schema.js';

/** Prompts that were uploaded. None is removed: the ledger of consents names them. */
export interface Prompts {
  /** Keeps one that is not played yet. One that is there already keeps its first date and author, and takes the new name, text and statement. */
  add(prompt: Omit<Prompt, 'active'>): Promise<Prompt>;
  /** All of them, newest first. */
  list(): Promise<Prompt[]>;
  /** The one that is played; null for Tapedeck's own. */
  active(kind: PromptKind, language: Language): Promise<Prompt | null>;
  /** Has this one played from now on; null: Tapedeck's own. Throws `prompt_unknown`. */
  activate(kind: PromptKind, language: Language, hash: string | null): Promise<void>;
}
