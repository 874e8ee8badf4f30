import type { Language, Mode, Telling } from './schema.js';

/** The prompts that can be replaced, by the mode that plays each. The beep is always Tapedeck's own. */
export const PROMPT_KINDS = ['announce', 'announce_refusal', 'ask'] as const satisfies readonly Mode[];
export type PromptKind = (typeof PROMPT_KINDS)[number];

/** The rates in which a prompt is kept, in Hz, by the ending that Asterisk has for each. */
export const PROMPT_RATES = { wav16: 16_000, wav: 8_000 } as const;
export type PromptEnding = keyof typeof PROMPT_RATES;

/** How long a prompt may be, in ms. */
export const SHORTEST_PROMPT_MS = 500;
export const LONGEST_PROMPT_MS = 30_000;
/** What may be uploaded, in bytes: half a minute in stereo as a studio has it. */
export const MOST_PROMPT_BYTES = 6_000_000;

/** How much may be spoken, in characters. */
export const MOST_SPEECH_CHARS = 500;
/** What a voice is to say. */
export type Speech = { language: Language; text: string };

/** A prompt that was uploaded. `hash` is the SHA-256 of its 16 kHz file, in hex, and names it in the ledger of consents. */
export type Prompt = {
  hash: string;
  kind: PromptKind;
  language: Language;
  name: string;
  /** Its text, as entered by the person who uploaded it. */
  text: string;
  /** The uploader states that it says who records, and what for. */
  saysPurpose: boolean;
  /** Of the 16 kHz file. */
  bytes: number;
  durationMs: number;
  addedAt: number;
  addedBy: string;
  /** Whether it is played: one of each kind and language is, at the most; else Tapedeck's own. */
  active: boolean;
};

/** The key that a prompt tells of, by what the policy has. */
export const DEFAULT_KEYS = { refuse_key: '9', agree_key: '1' } as const;
/** The keys by which people refuse, and agree. */
export const keysOf = ({ refuse_key, agree_key }: Telling): { refuse: string; agree: string } => ({
  refuse: refuse_key ?? DEFAULT_KEYS.refuse_key,
  agree: agree_key ?? DEFAULT_KEYS.agree_key,
});
