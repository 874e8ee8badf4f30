import type { JsonValue } from '../approval/approval.js';
import { iso } from '../days.js';
import { fail } from '../error.js';
import { inWords } from '../reason/words.js';
import type { Recording } from './recording.js';
import { type Redaction, stretchesSaid } from './redaction.js';

/** An earlier version of a recording, and the redaction by which a newer one took its place. */
export type Older = { older: Recording; redaction: Redaction; newer: Recording };

/** Returns the earlier versions among all versions of a call, newest first. */
export const olderAmong = (versions: readonly Recording[]): Older[] =>
  versions
    .flatMap((newer) => {
      const { redaction } = newer;
      const older = redaction && versions.find(({ id }) => id === redaction.older);
      return older ? [{ older, redaction, newer }] : [];
    })
    .toSorted((a, b) => b.older.version - a.older.version);

/** Throws `recording_absent` for what is no earlier version, and `key_missing` for one that was not kept, or was erased since. */
export function keptOlder(versions: readonly Recording[], id: string): Older {
  const found = olderAmong(versions).find(({ older }) => older.id === id);
  if (!found) throw fail('recording_absent');
  const { older } = found;
  if (older.state !== 'sealed') throw fail('key_missing', inWords(older.eraseWhy));
  return found;
}

/** Exactly what a second person approves who lets somebody listen to an earlier version. It names no party of the call. */
export const shownOlder = ({ older, redaction, newer }: Older): JsonValue => ({
  call: older.callId,
  recording: older.id,
  ...{ version: older.version, replaced_by_version: newer.version },
  sealed_sha256: older.sealedSha256,
  ...{ redacted_at: iso(redaction.at), redacted_by: redaction.by, redaction_reason: redaction.reason },
  redacted:
    redaction.stretches.length > 50
      ? [`${redaction.stretches.length} stretches`]
      : stretchesSaid(redaction.stretches),
});
