import type { Verbs } from '../../catalogue/catalogue.js';
import { diskError, TapedeckError } from '../../domain/error.js';
import { type Manifest, manifestFault, type SignedManifest } from '../../domain/recording/manifest.js';
import type { Recording } from '../../domain/recording/recording.js';
import { type Registered, registerFault } from '../../domain/recording/registered.js';
import { damages, faultOf } from '../../domain/recording/scrub.js';
import type { FileHash } from '../../vault/store/store.js';

/** What is wrong with a recording that was signed, and has no manifest. */
export const MANIFEST_GONE = 'Manifest: it is gone.';

export type ExamineDeps = {
  catalogue: Verbs<'seals.sealedAs' | 'seals.check' | 'calls.get' | 'seals.manifest'>;
  /** Bytes and SHA-256 of its file; null when there is none. */
  hash: (recording: Recording) => Promise<FileHash | null>;
  /** Opens it with its key, as a player would. Throws `seal_damaged` and `key_missing`. */
  opens: (recording: Recording) => Promise<void>;
  /** What a signed manifest says, and what is wrong with it, by the public keys that were ever in use here. */
  openManifest: (signed: SignedManifest) => { manifest: Manifest | null; fault: string | null };
  /** What the recorder noted when it sealed it; null for nothing, undefined where that is not known. */
  registered: (recording: Recording) => Promise<Registered | null | undefined>;
};

/** Returns the fault of the recording that an error tells of. An error that is none of the recording's is thrown. */
export async function asFault(look: () => Promise<string | null>): Promise<string | null> {
  try {
    return await look();
  } catch (e) {
    const error = diskError(e);
    if (error instanceof TapedeckError && damages(error.code)) return error.message;
    throw e;
  }
}

/** Whether a sealed recording is as it was sealed and signed: what is wrong with it in words, null for nothing. */
export function createExaminer({ catalogue, hash, opens, openManifest, registered }: ExamineDeps) {
  return {
    /** Reads its file. An error that is none of the recording's is thrown. */
    file: (recording: Recording): Promise<string | null> =>
      asFault(async () => {
        const { sealedSha256: sha256, sealedBytes: bytes } = recording;
        const found = await hash(recording);
        const differs = found !== null && found.sha256 !== sha256;
        const fault = faultOf(
          { bytes, sha256 },
          found,
          differs ? await catalogue.seals.sealedAs(found.sha256) : null,
        );
        if (fault === null) await opens(recording);
        return fault;
      }),

    /** Looks at what was noted and signed of it, and whether its row says the same. */
    async signed(recording: Recording): Promise<string | null> {
      const signed = await catalogue.seals.manifest(recording.id);
      const noted = await registered(recording);
      const fault = noted === undefined ? null : registerFault(noted, recording, signed?.sha256 ?? null);
      if (fault !== null) return fault;
      if (signed)
        return manifestFault(openManifest(signed), await catalogue.calls.get(recording.callId), recording);
      const was = noted?.manifestSha256 != null || (await catalogue.seals.check(recording.id))?.signed;
      return was ? MANIFEST_GONE : null;
    },
  };
}
