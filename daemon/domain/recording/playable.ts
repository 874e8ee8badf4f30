import { fail } from '../error.js';
import { inWords } from '../reason/words.js';
import type { Recording } from './recording.js';

/** Throws `recording_absent` when a call has no recording (yet), `key_missing` when it was erased. */
export function playable({ recording }: { recording: Recording | null }): Recording {
  if (recording === null) throw fail('recording_absent');
  if (recording.state !== 'sealed') throw fail('key_missing', inWords(recording.eraseWhy));
  if (recording.supersededBy !== null) throw fail('recording_absent', 'It was redacted a moment ago.');
  return recording;
}
