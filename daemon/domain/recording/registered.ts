import type { Recording, RecordingId } from './recording.js';

/** What the recorder has noted, apart from the catalogue, of a recording that it sealed. It names nobody. */
export type Registered = {
  recordingId: RecordingId;
  plainSha256: string;
  sealedSha256: string;
  /** Of the manifest that was signed; null while none was. */
  manifestSha256: string | null;
};

/** A recording that should be in the register and is not. */
export const UNREGISTERED = 'Row: the recorder has not noted that it sealed this recording.';

/**
 * In what the catalogue differs from the register, in words; null for nothing. `manifestSha256` is that of the manifest in the
 * catalogue, null where there is none.
 */
export function registerFault(
  noted: Registered | null,
  recording: Recording,
  manifestSha256: string | null,
): string | null {
  if (noted === null) return UNREGISTERED;
  const differing = [
    noted.plainSha256 !== recording.plainSha256 && 'plain_sha256',
    noted.sealedSha256 !== recording.sealedSha256 && 'sealed_sha256',
    noted.manifestSha256 !== null &&
      manifestSha256 !== null &&
      noted.manifestSha256 !== manifestSha256 &&
      'manifest',
  ].filter((what) => what !== false);
  return differing.length === 0
    ? null
    : `Row: it differs from what the recorder noted when it sealed the recording: ${differing.join(', ')}.`;
}
