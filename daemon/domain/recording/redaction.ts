import { fail } from '../error.js';
import type { Mask } from './mask.js';
import type { Gap, RecordingId, RecordingPlace } from './recording.js';

/** A stretch that is to be silent from now on: ms from the beginning of the recording. */
export type RedactedStretch = { side: Gap['side']; fromMs: number; untilMs: number };

/** Of a version that was made by a redaction: which version it stands in the place of, what is silent in it, and why. */
export type Redaction = {
  older: RecordingId;
  olderPlainSha256: string;
  olderSealedSha256: string;
  /** Of its manifest; null where none was signed. */
  olderManifestSha256: string | null;
  /** The older version was kept; else its key was destroyed. */
  olderKept: boolean;
  stretches: RedactedStretch[];
  by: string;
  reason: string;
  /** When it was asked for, ms since 1970. */
  at: number;
};

/** A redaction that was asked for and is not finished. `id` and `file` are those of the version that it makes. */
export type RedactionOrder = RecordingPlace &
  Pick<Redaction, 'older' | 'olderKept' | 'stretches' | 'by' | 'reason' | 'at'>;

/** Returns them in whole ms, in order and within the recording. Throws `request_invalid` for one that silences nothing. */
export function checkedStretches(
  stretches: readonly RedactedStretch[],
  durationMs: number,
): RedactedStretch[] {
  if (stretches.length === 0) throw fail('request_invalid', 'stretches: name at least one');
  return stretches
    .map(({ side, fromMs, untilMs }) => {
      const [from, until] = [Math.max(0, Math.floor(fromMs)), Math.min(durationMs, Math.ceil(untilMs))];
      if (until <= from)
        throw fail(
          'request_invalid',
          `stretches: ${fromMs} to ${untilMs} ms is no stretch of this recording`,
        );
      return { side, fromMs: from, untilMs: until };
    })
    .toSorted((a, b) => a.fromMs - b.fromMs || a.untilMs - b.untilMs);
}

/** As masks of the version that is made. */
export const redactedMasks = (stretches: readonly RedactedStretch[]): Mask[] =>
  stretches.map(({ side, fromMs, untilMs }) => ({
    ...{ atMs: fromMs, untilMs, side },
    kind: 'redacted',
    writtenMs: 0,
  }));

/** As an entry of the audit log has them: "both 12000-15000". */
export const stretchesSaid = (stretches: readonly RedactedStretch[]): string[] =>
  stretches.slice(0, 50).map(({ side, fromMs, untilMs }) => `${side} ${fromMs}-${untilMs}`);
