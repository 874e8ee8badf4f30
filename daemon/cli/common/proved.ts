/**
 * What is said where a signature was verified with the key that came with it: whoever changed the file can have signed it with a key of
 * their own. Nothing where the key is one that was kept elsewhere.
 */
export const unprovedBy = (publicKey: string | undefined): string[] =>
  publicKey !== undefined
    ? []
    : [
        'Not proved: the key came with the file. Compare its fingerprint with the one of "tapedeck keys status", or give the key that you keep elsewhere with --public-key.',
      ];
