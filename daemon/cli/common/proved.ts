/**
 * Returns what is said where a signature was verified with the key that came with it, and has the command end with 1: whoever changed the
 * file can have signed it with a key of their own. Nothing where the key is one that was kept elsewhere.
 */
export function provedBy(publicKey: string | undefined): string[] {
  if (publicKey !== undefined) return [];
  process.exitCode = 1;
  return [
    'Not proved: the key came with the file. Compare its fingerprint with the one of "tapedeck keys status", or give the key that you keep elsewhere with --public-key.',
  ];
}
