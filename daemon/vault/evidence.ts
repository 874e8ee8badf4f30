import type { Note } from '../domain/assurance/checkpoint.js';
import type { SignedManifest } from '../domain/recording/manifest.js';
import type { Recording } from '../domain/recording/recording.js';
import { openManifest } from './manifest.js';
import { signerOf } from './note.js';
import { openSealed } from './open.js';
import { publicKeys } from './signing-key.js';
import type { RecordingReader } from './store/store.js';

/** What an evidence pack is made with of the vault: recordings, and the public keys of this box as they are now. */
export function evidenceDeps(
  dataDir: string,
  recordings: RecordingReader,
  identity: (id: string) => Promise<string>,
) {
  const keys = publicKeys(dataDir);
  return {
    keys,
    open: async (recording: Recording) => openSealed(recordings, recording, await identity(recording.id)),
    openManifest: (signed: SignedManifest) => openManifest(signed, keys),
    signerOf: (note: Note) => signerOf(note, keys),
  };
}
