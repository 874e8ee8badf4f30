import { type Site, siteOfPbx } from '../days.js';
import { FIRST } from '../pbx.js';
import type { Policy } from '../policy/policy.js';
import { decideTelling, type TellDecision } from './decide.js';
import { placeOfPbx } from './decide-notice.js';
import { languageOfPlace } from './language.js';
import type { Prompt, PromptKind } from './prompt.js';
import type { Language, Mode } from './schema.js';

/** A prompt that is played, by its kind and language. */
export type PlayedKind = { kind: PromptKind; language: Language };

const KINDS: Partial<Record<Mode, PromptKind>> = {
  announce: 'announce',
  announce_refusal: 'announce_refusal',
  ask: 'ask',
};

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
  const kind = KINDS[told.mode];
  return told.purposeAndIdentity && kind !== undefined && !says({ kind, language: told.language });
}

/**
 * What a company can say in place of the prompt that Tapedeck comes with, which names nobody. What is in brackets is for them to fill
 * in; `key` is the one to press.
 */
const OFFERED: Record<Language, Record<PromptKind, (key: string) => string>> = {
  en: {
    announce: () => 'This call to [company] is recorded for [purpose].',
    announce_refusal: (key) =>
      `This call to [company] is recorded for [purpose]. If you do not agree, press ${key}.`,
    ask: (key) => `May [company] record this call for [purpose]? If you agree, press ${key}.`,
  },
  es: {
    announce: () => 'Esta llamada a [empresa] se está grabando para [finalidad].',
    announce_refusal: (key) =>
      `Esta llamada a [empresa] se está grabando para [finalidad]. Si no está de acuerdo, pulse la tecla ${key}.`,
    ask: (key) =>
      `¿Puede [empresa] grabar esta llamada para [finalidad]? Si está de acuerdo, pulse la tecla ${key}.`,
  },
  fr: {
    announce: () => 'Cet appel à [entreprise] est enregistré pour [finalité].',
    announce_refusal: (key) =>
      `Cet appel à [entreprise] est enregistré pour [finalité]. Si vous n'êtes pas d'accord, appuyez sur la touche ${key}.`,
    ask: (key) =>
      `[entreprise] peut-elle enregistrer cet appel pour [finalité] ? Si vous êtes d'accord, appuyez sur la touche ${key}.`,
  },
  de: {
    announce: () => 'Dieses Gespräch mit [Firma] wird für [Zweck] aufgezeichnet.',
    announce_refusal: (key) =>
      `Dieses Gespräch mit [Firma] wird für [Zweck] aufgezeichnet. Wenn Sie das nicht möchten, drücken Sie die Taste ${key}.`,
    ask: (key) =>
      `Darf [Firma] dieses Gespräch für [Zweck] aufzeichnen? Wenn Sie einverstanden sind, drücken Sie die Taste ${key}.`,
  },
};

const KEYS: Record<Language, Record<string, string>> = {
  en: { '*': 'star', '#': 'the hash key' },
  es: { '*': 'asterisco', '#': 'almohadilla' },
  fr: { '*': 'étoile', '#': 'dièse' },
  de: { '*': 'Stern', '#': 'Raute' },
};

/** Returns the sentence that is offered for a prompt, in words that a voice can say. */
export const offeredSentence = ({ kind, language }: PlayedKind, key: string): string =>
  OFFERED[language][kind](KEYS[language][key] ?? key);

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
      const kind = KINDS[made.mode];
      for (const language of languages)
        if (kind && wouldLackPurpose({ ...made, language }, says))
          found.set(`${kind} ${language}`, { kind, language });
    }
  }
  return [...found.values()];
}
