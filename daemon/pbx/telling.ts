import type { Telling } from '../domain/call/event.js';
import { clean } from '../domain/call/party.js';
import { parseWhisper } from '../domain/telling/whisper.js';

/**
 * Turns what Asterisk says of prompts over ARI into PbxEvents. Pure, and everything is hostile: any dialplan may send a
 * UserEvent of this name.
 */
type Json = Record<string, unknown>;

const obj = (v: unknown): Json =>
  typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Json) : {};
const str = (v: unknown): string => (typeof v === 'string' ? v : '');

/** The UserEvent of `[tapedeck-consent]`, see asterisk-conf/consent.conf. */
const CONSENT = 'TapedeckConsent';
const ANSWERS = ['told', 'yes', 'no'] as const;

/** Returns what an ARI event of this type says of a prompt of ours or of consent; null for anything else. */
export function translateTelling(type: string, event: Json, at: number): Telling | null {
  if (type === 'PlaybackStarted' || type === 'PlaybackFinished') {
    const playback = obj(event.playback);
    const id = clean(playback.id, 128);
    if (!parseWhisper(id)) return null;
    if (type === 'PlaybackStarted') return { kind: 'prompt-started', at, id };
    return { kind: 'prompt-finished', at, id, ok: playback.state === 'done' };
  }
  return type === 'ChannelUserevent' && event.eventname === CONSENT ? consent(event, at) : null;
}

function consent(event: Json, at: number): Telling | null {
  const said = obj(event.userevent);
  const legId = clean(obj(event.channel).id, 128).replace(/^\.{1,2}$/, '');
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
