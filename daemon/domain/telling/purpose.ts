import { type Site, siteOfPbx } from '../days.js';
import { FIRST } from '../pbx.js';
import type { Policy } from '../policy/policy.js';
import { decideTelling, type TellDecision } from './decide.js';
import { placeOfPbx } from './decide-notice.js';
import { languageOfPlace } from './language.js';
import { PROMPT_KINDS, type Prompt, type PromptKind } from './prompt.js';
import type { Language, Mode } from './schema.js';

/** A prompt that is played, by its kind and language. */
export type PlayedKind = { kind: PromptKind; language: Language };

const kindOf = (mode: Mode): PromptKind | undefined => PROMPT_KINDS.find((kind) => kind === mode);

/** Whether what is played says who records, and what for: of these uploads; none of Tapedeck's own does. */
export const saysPurpose =
  (uploaded: readonly Prompt[]) =>
  ({ kind, language }: PlayedKind): boolean =>
    uploaded.some((one) => one.active && one.saysPurpose && one.kind === kind && one.language === language);

/** Whether people would be told without a word of who records and what for, where the law of a place asks for it. */
export function wouldLackPurpose(
  told: Pick<TellDecision, 'mode' | 'purposeAndIdentity'> & { language: Language },
  says: (prompt: PlayedKind) => boolean,
): boolean {
  const kind = kindOf(told.mode);
  return told.purposeAndIdentity && kind !== undefined && !says({ kind, language: told.language });
}

/**
 * Returns the prompts that callers hear at this site, by its law and its policy, where the law asks for who records and what for, and
 * which do not say so. A number in another country may ask for it too: what would happen to a call tells that.
 */
export function lackingPurpose(
  { telling, record }: Pick<Policy, 'telling' | 'record'>,
  site: Site,
  says: (prompt: PlayedKind) => boolean,
): PlayedKind[] {
  if (!telling) return [];
  const found = new Map<string, PlayedKind>();
  const wanted = [undefined, ...record.map(({ outcome, tell }) => (outcome === 'ask' ? 'ask' : tell))];
  for (const pbx of [FIRST, ...(site.elsewhere?.keys() ?? [])]) {
    const place = placeOfPbx(siteOfPbx(site, pbx), telling);
    const languages = new Set([
      telling.language ?? 'en',
      languageOfPlace(place) ?? telling.language ?? 'en',
      ...(telling.languages ?? []).map(({ language }) => language),
    ]);
    for (const mode of new Set(wanted)) {
      const made = decideTelling({ telling, wanted: mode, numbers: [], site: place });
      const kind = kindOf(made.mode);
      for (const language of languages)
        if (kind && wouldLackPurpose({ ...made, language }, says))
          found.set(`${kind} ${language}`, { kind, language });
    }
  }
  return [...found.values()];
}
