import type { Verbs } from '../../catalogue/catalogue.js';
import type { Recording } from '../../domain/recording/recording.js';
import { asFault, MANIFEST_GONE } from './examine.js';

const OTHER_CONTENT = 'Row: the content of its file is not what the row says.';
const NO_CALL = 'Row: its call is missing.';
const UNKNOWN = 'Row: the audit log has no entry that says that it was sealed.';

export type LateDeps = {
  catalogue: Verbs<'calls.get' | 'audit.entries'>;
  /** Bytes and SHA-256 of what is in a sealed recording. Throws `seal_damaged` and `key_missing`. */
  content: (recording: Recording) => Promise<{ bytes: number; sha256: string }>;
};

/**
 * Whether a sealed recording without a signature may be signed now: null, or what is against it. Anyone who can write to the
 * catalogue can put in a row, or take a manifest out and change what the row says. So its content has to be what the row
 * says, read just now, and the audit log must not say that it was signed before.
 */
export function createLate({ catalogue, content }: LateDeps) {
  async function contradicted({ id, sealedAt }: Recording): Promise<string | null> {
    const sealed = await catalogue.audit.entries({ recording: id, actions: ['sealed'], limit: 100 });
    if (sealed.length > 0) return sealed.every((e) => e.detail.signed === false) ? null : MANIFEST_GONE;
    const [begin] = await catalogue.audit.entries({ actions: ['begin'], limit: 1 });
    return !begin || sealedAt < Date.parse(begin.at) ? null : UNKNOWN;
  }

  return (recording: Recording): Promise<string | null> =>
    asFault(async () => {
      const found = await content(recording);
      if (found.sha256 !== recording.plainSha256 || found.bytes !== recording.plainBytes)
        return OTHER_CONTENT;
      if (!(await catalogue.calls.get(recording.callId))) return NO_CALL;
      return contradicted(recording);
    });
}
