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

/** Why a file is not taken. `final`: it never was a capture; else it may be one once somebody has corrected this. */
export type Refusal = { final: boolean; why: string; todo: string };

const ROOT = 0;

/**
 * Returns why a file in the spool is not to be read as a capture, or null. Asterisk makes plain files with one name and
 * its own owner; anything else was put there by somebody and may lead out of the spool. `folder` is the owner of the
 * spool, which is Asterisk's user where it was installed as documented; in a folder of root or of the recorder itself
 * (`self`), files of any other user are Asterisk's. In a user namespace (PrivateUsers=) all other users have the same
 * number, "nobody", which compares just as well.
 */
export function refusalOf(found: Found, folder: number, self: number): Refusal | null {
  if (!found.plain)
    return {
      final: true,
      why: 'it is not a plain file, so Asterisk did not write it',
      todo: 'Find out who put it there, and remove it.',
    };
  if (found.links > 1)
    return {
      final: false,
      why: `it has ${found.links} names (hard links), so a copy would stay elsewhere`,
      todo: 'Find the others with "find / -xdev -samefile FILE" and remove them.',
    };
  const shared = folder === ROOT || folder === self;
  if (found.uid !== folder && !(shared && found.uid !== ROOT && found.uid !== self))
    return {
      final: false,
      why: `it belongs to user ${found.uid} and the folder to user ${folder}`,
      todo: 'Give the folder to the user that Asterisk runs as (chown), and its files too.',
    };
  return null;
}
