import type { CallId } from '../recording/recording.js';

/** What a snoop that speaks into a call is there for: to play one prompt, or one beep. Its playback goes by the same id. */
export type WhisperName = { callId: CallId; n: number };

const OURS = /^tapedeck-([0-9A-HJKMNP-TV-Z]{26})-(\d{1,6})-tell$/i;

/** Returns the id of a whispering snoop. Deterministic: after a restart it is how a whisper that was left over is found. */
export const whisperId = ({ callId, n }: WhisperName): string => `tapedeck-${callId}-${n}-tell`;

/** Returns what a snoop's or playback's id stands for, or null when it is no whisper of ours. */
export function parseWhisper(id: string): WhisperName | null {
  const m = OURS.exec(id);
  return m && { callId: m[1]!, n: Number(m[2]) };
}

/** Returns the whispers among the snoops that there are which nobody follows: a process that died has left them. */
export const orphanedWhispers = (snoops: readonly string[], followed: ReadonlySet<string>): string[] =>
  snoops.filter((id) => parseWhisper(id) !== null && !followed.has(id.toLowerCase()));
