import type { About, NewEntry } from '../domain/assurance/audit.js';
import { TapedeckError } from '../domain/error.js';
import type { Recording } from '../domain/recording/recording.js';
import { damageOf, damages } from '../domain/recording/scrub.js';
import type { Catalogue } from './catalogue.js';

/**
 * Somebody has met this error with a recording. If it says that it is not as it was sealed, that goes on its row, where its
 * page and the recorder find it, and if it is news into the audit log: both or neither. The recorder reads the whole of it
 * itself then, and raises the alarm. Every other error is let be. `found` says how it came out.
 */
export async function noteDamage(
  catalogue: Pick<Catalogue, 'audited' | 'sealCheck'>,
  recording: Recording,
  error: unknown,
  { at, found, entry }: { at: number; found: string; entry: (about: About) => NewEntry },
): Promise<void> {
  if (!(error instanceof TapedeckError) || !damages(error.code)) return;
  // What the nightly reading says of it is more than what one player has met.
  if ((await catalogue.sealCheck(recording.id))?.fault != null) return;
  const { message } = error;
  await catalogue
    .audited<boolean>((news) => (news ? entry(damageOf(recording, found, message)) : null))
    .checked(recording.id, at, message);
}
