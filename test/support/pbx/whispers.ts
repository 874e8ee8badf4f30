import type { InformDeps } from '../../../daemon/calls/record/inform.js';
import { fail } from '../../../daemon/domain/error.js';

/** How long each prompt lasts, in ms. */
export const PROMPT_MS = 3_000;

/** What plays prompts for a recorder, and keeps a list of what was asked of it. */
export function scriptedWhispers() {
  const asked: string[] = [];
  const state = {
    /** No prompt can be brought to the PBX. */
    broken: false,
    keysHeard: false,
    /** What the dialplan has told on a leg. */
    consents: new Map<string, 'told' | 'yes' | 'no'>(),
  };
  return {
    asked,
    state,
    deps: {
      whispers: {
        whisper: async (leg, id) => void asked.push(`whisper ${leg} ${id.slice(-6)}`),
        play: async (id, media) => void asked.push(`play ${media} ${id.slice(-6)}`),
        keepFromCdrs: async () => {},
        hangup: async (id) => void asked.push(`hangup ${id.slice(-6)}`),
      },
      async promptFor({ mode, language, key }) {
        if (state.broken) throw fail('prompt_unplayable', 'The spool is gone.');
        const kind = mode === 'beep' ? null : mode;
        const played = { kind, language, hash: 'a'.repeat(64), name: '', durationMs: PROMPT_MS };
        return { played, prompt: { media: `${mode}-${language}-${key}`, durationMs: PROMPT_MS } };
      },
      hearKeys() {
        state.keysHeard = true;
      },
      async consentOf({ id: legId }) {
        const answer = state.consents.get(legId);
        if (!answer) return null;
        return {
          kind: 'consent',
          at: 0,
          legId,
          answer,
          prompt: 'tapedeck/announce',
          language: 'en',
          digit: '',
          unseen: true,
        };
      },
    } satisfies Pick<InformDeps, 'whispers' | 'promptFor' | 'hearKeys' | 'consentOf'>,
  };
}
