/** Signed documents that are kept with standing consents and objections. */

export const MOST_DOCUMENT_BYTES = 5_000_000;

/** What a document may be, with how such a file begins and what its name ends in. */
const TYPES = {
  'application/pdf': { begins: [0x25, 0x50, 0x44, 0x46, 0x2d], ending: 'pdf' },
  'image/png': { begins: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], ending: 'png' },
  'image/jpeg': { begins: [0xff, 0xd8, 0xff], ending: 'jpg' },
} as const;
export type DocumentType = keyof typeof TYPES;
export const DOCUMENT_TYPES = Object.keys(TYPES) as DocumentType[];

/** Returns what a file is by its first bytes, whatever its name says; null for what is not taken. */
export const documentType = (bytes: Uint8Array): DocumentType | null =>
  DOCUMENT_TYPES.find((type) => TYPES[type].begins.every((byte, at) => bytes[at] === byte)) ?? null;

export const documentEnding = (type: DocumentType): string => TYPES[type].ending;
