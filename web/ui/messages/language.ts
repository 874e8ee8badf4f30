import { remembered } from '../state/remembered.js';
import type { FirstMessages } from './en/messages.js';
import type { PageMessages } from './en/page-messages.js';
import { setLocale } from './locale.js';

export type Messages = FirstMessages & PageMessages;

/** What is fetched of a language; `written` is what becomes of a date or a length in it, if anything. */
type Loaded = { messages: FirstMessages; written?: (text: string) => string };
/** `locale`: in which dates and numbers are written where the browser names no country. */
type Language = {
  locale: string;
  load: () => Promise<Loaded>;
  loadPages: () => Promise<PageMessages>;
};

/** What people choose from, and what a browser may ask for. */
const languages: Record<string, Language> = {
  en: {
    locale: 'en-GB',
    load: () => import('./en/messages.js'),
    loadPages: async () => (await import('./en/page-messages.js')).pageMessages,
  },
};

/** Shows what is no message (pseudo.ts). Nobody is asked whether they want it: it is kept as the choice, by hand or by a test. */
const PSEUDO = 'en-XA';
const known: typeof languages = {
  ...languages,
  [PSEUDO]: { locale: 'en-GB', load: loadPseudo, loadPages: loadPseudoPages },
};

async function loadPseudo(): Promise<Loaded> {
  const [{ messages }, { pseudo, pseudoWritten }] = await Promise.all([
    import('./en/messages.js'),
    import('./pseudo.js'),
  ]);
  return { messages: pseudo(messages), written: pseudoWritten };
}

async function loadPseudoPages(): Promise<PageMessages> {
  const [{ pageMessages }, { pseudo }] = await Promise.all([
    import('./en/page-messages.js'),
    import('./pseudo.js'),
  ]);
  return pseudo(pageMessages);
}

const base = (tag: string): string => tag.split('-')[0]!.toLowerCase();

/** The chosen language if it is known, else the first that the browser asks for, else English. */
function chosen(): string {
  const kept = remembered.read('language');
  if (kept !== null && Object.hasOwn(known, kept)) return kept;
  return navigator.languages.map(base).find((language) => Object.hasOwn(languages, language)) ?? 'en';
}

/**
 * Every message, in the language of the reader, so it is read where it is shown. Those of the calls and of what is around every
 * page are there once `loadLanguage` is done, the others once `loadPageMessages` is.
 */
export let t: Messages;
let loadPages: Language['loadPages'];

/** What dates and lengths pass that Intl has written. */
export let written = (text: string): string => text;

/** Loads the messages; nothing can be shown before. Rejects when not even the English ones can be had. */
export async function loadLanguage(): Promise<void> {
  const tag = chosen();
  try {
    await take(tag);
  } catch (cause) {
    if (tag === 'en') throw cause;
    await take('en');
  }
}

async function take(tag: string): Promise<void> {
  const language = known[tag]!;
  const { locale } = language;
  const loaded = await language.load();
  t = loaded.messages as Messages;
  loadPages = language.loadPages;
  written = loaded.written ?? written;
  setLocale(navigator.languages.find((wanted) => base(wanted) === base(tag)) ?? locale);
  document.documentElement.lang = tag;
}

/** Loads the messages of the pages that are fetched when they are opened. Rejects when they cannot be had. */
export async function loadPageMessages(): Promise<void> {
  t = { ...t, ...(await loadPages()) };
}

/** All that can be said without messages. */
export const NOT_LOADED = 'Tapedeck could not be loaded. Reload the page.';
