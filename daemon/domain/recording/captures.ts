import { parseOurs } from './recording.js';

/** Endings that Asterisk gives its files: of 16 kHz, and of 8 kHz. */
export const ENDINGS = ['.wav16', '.wav'] as const;

/** Returns the name of the capture that a file of the spool's listing belongs to, or null when it is not one of ours. */
export function captureOf(file: string): string | null {
  const name = file.replace(/\.wav(16)?$/, '');
  return name !== file && parseOurs(name) !== null ? name : null;
}

/** A file of the spool as the system describes it. */
export type Found = { plain: boolean; uid: number; links: number };

/** Why a file is not taken: it is no plain file, has several names, or belongs to another user than the folder. */
export type RefusalKind = 'not_plain' | 'several_names' | 'other_owner';
export type Refusal = { kind: RefusalKind; links: number; owner: number; folder: number };

const ROOT = 0;

/**
 * Returns why a file in the spool is not to be read as a capture, or null. Asterisk makes plain files with one name and
 * its own owner; anything else was put there by somebody and may lead out of the spool. `folder` is the owner of the
 * spool, which is Asterisk's user where it was installed as documented; in a folder of root or of the recorder itself
 * (`self`), files of any other user are Asterisk's. In a user namespace (PrivateUsers=) all other users have the same
 * number, "nobody", which compares just as well.
 */
export function refusalOf(found: Found, folder: number, self: number): Refusal | null {
  const refused = (kind: RefusalKind): Refusal => ({ kind, links: found.links, owner: found.uid, folder });
  if (!found.plain) return refused('not_plain');
  if (found.links > 1) return refused('several_names');
  const shared = folder === ROOT || folder === self;
  if (found.uid !== folder && !(shared && found.uid !== ROOT && found.uid !== self))
    return refused('other_owner');
  return null;
}

/** Whether it never was a capture; else it may be one once somebody has corrected this. */
export const isFinal = ({ kind }: Refusal): boolean => kind === 'not_plain';

/** Why a file is not taken, and what to do. */
export function refusalInWords({ kind, links, owner, folder }: Refusal): { why: string; todo: string } {
  switch (kind) {
    case 'not_plain':
      return {
        why: 'it is not a plain file, so Asterisk did not write it',
        todo: 'Find out who put it there, and delete it.',
      };
    case 'several_names':
      return {
        why: `it has ${links} names (hard links), so a copy would remain elsewhere`,
        todo: 'Find the others with "find / -xdev -samefile FILE" and delete them.',
      };
    case 'other_owner':
      return {
        why: `it belongs to user ${owner}, but the folder belongs to user ${folder}`,
        todo: 'Make the user that Asterisk runs as the owner of the folder and of its files (chown).',
      };
  }
}
