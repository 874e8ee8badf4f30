import type { Telling } from '../domain/call/event.js';
import { parseWhisper } from '../domain/telling/whisper.js';
import { type Json, obj, str, token } from './json.js';

/**
 * Turns what Asterisk says of prompts over ARI into PbxEvents. Pure, and everything is hostile: any dialplan may send a
 * UserEvent of this name.
 */
type Consent = Extract<Telling, { kind: 'consent' }>;

/** The UserEvent of `[tapedeck-consent]`, see asterisk-conf/extensions.conf. */
const CONSENT = 'TapedeckConsent';
const ANSWERS = ['told', 'yes', 'no'] as const;

/** Returns what an ARI event of this type says of a prompt of ours or of consent; null for anything else. */
export function translateTelling(type: string, event: Json, at: number): Telling | null {
  if (type === 'PlaybackStarted' || type === 'PlaybackFinished') {
    const playback = obj(event.playback);
    const id = token(playback.id);
    if (!parseWhisper(id)) return null;
    if (type === 'PlaybackStarted') return { kind: 'prompt-started', at, id };
    return { kind: 'prompt-finished', at, id, ok: playback.state === 'done' };
  }
  return type === 'ChannelUserevent' && event.eventname === CONSENT ? consent(event, at) : null;
}

function consent(event: Json, at: number): Consent | null {
  return made(obj(event.userevent), token(obj(event.channel).id), at);
}

function made(said: Json, legId: string, at: number): Consent | null {
  const answer = ANSWERS.find((known) => known === str(said.Answer));
  if (legId === '' || !answer) return null;
  const name = (v: unknown) => /^[\w./-]{1,80}$/.exec(str(v))?.[0] ?? '';
  return {
    ...{ kind: 'consent', at, legId, answer },
    prompt: name(said.Prompt),
    language: name(said.Language),
    digit: /^[0-9*#]$/.exec(str(said.Digit))?.[0] ?? '',
  };
}

/**
 * Asks the PBX what a leg's dialplan told it before, and what it answered; null for nothing. Whoever was away when it was told has
 * missed the event; the variables stay. Legs that were dialled have those of who dialled them: these are not theirs. A dialplan of
 * an earlier version does not say whose they are; then `caller` says whether it can be this leg's. `variable` answers null where
 * there is none. Throws what it throws.
 */
export async function askConsent(
  variable: (channelId: string, name: string) => Promise<string | null>,
  { id: legId, caller }: { id: string; caller: boolean },
  at: number,
): Promise<Consent | null> {
  const Answer = await variable(legId, 'TAPEDECK_CONSENT');
  if (!Answer) return null;
  const whose = await variable(legId, 'TAPEDECK_CONSENT_CHANNEL');
  if (whose ? whose !== legId : !caller) return null;
  const [Prompt, Digit, Language] = await Promise.all(
    ['TAPEDECK_CONSENT_PROMPT', 'TAPEDECK_CONSENT_DIGIT', 'TAPEDECK_CONSENT_LANGUAGE'].map((name) =>
      variable(legId, name),
    ),
  );
  const answered = made({ Answer, Prompt, Digit, Language }, legId, at);
  return answered && { ...answered, unseen: true };
}
