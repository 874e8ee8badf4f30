import { Type } from 'typebox';
import { canonical, sha256 } from '../../assurance/canonical.js';
import { DOCUMENT_TYPES, MOST_DOCUMENT_BYTES } from '../../policy/standing/document.js';
import { MOST_ERASE_REASON, MOST_STANDING_AT_ONCE, NewStanding } from '../../policy/standing/standing.js';
import { By, NOTHING, proved, type StreamRequest, Text } from './request.js';

/**
 * Standing consents and objections: each of these needs the right `settings` and a proof, because calls are left out, or captured
 * without asking, by them.
 */

/** In base64. */
export const DOCUMENT_CHARS = Math.ceil(MOST_DOCUMENT_BYTES / 3) * 4;
/** What all entries of a file take, in four bytes a character at most, or a document. */
const MOST_BYTES = 12 * 1024 * 1024;
const ConsentId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const about = { object: ({ id }: { id: number }) => String(id) };

export const CONSENTS = {
  /**
   * Enters these, or none. `line`: where each stands in the file that it is from. `document`: what was signed, in base64, with the
   * only one. Throws `consent_invalid`, `consent_full`, `document_invalid`.
   */
  add_consents: proved(
    'rules',
    '/consents/add',
    Type.Object({
      by: By,
      entries: Type.Array(Type.Object({ ...NewStanding.properties, line: Type.Integer({ minimum: 1 }) }), {
        minItems: 1,
        maxItems: MOST_STANDING_AT_ONCE,
      }),
      document: Type.Union([Type.String({ minLength: 4, maxLength: DOCUMENT_CHARS }), Type.Null()]),
    }),
    Type.Object({ ids: Type.Array(ConsentId) }),
    {
      ...{ maxBytes: MOST_BYTES, timeoutMs: 30_000 },
      // A hash: what a proof was given for is in the audit log, where no number stays.
      object: ({ entries, document }) => sha256(canonical({ entries, document })),
    },
  ),
  /** It holds no more from now on. Idempotent. Throws `consent_unknown`. */
  withdraw_consent: proved(
    'rules',
    '/consents/withdraw',
    Type.Object({ by: By, id: ConsentId }),
    NOTHING,
    about,
  ),
  /** Destroys what was signed, with its key. Idempotent. Throws `consent_unknown`, `document_unknown`. */
  erase_document: proved(
    'erasing',
    '/consents/document/erase',
    Type.Object({ by: By, id: ConsentId }),
    NOTHING,
    { ...about, timeoutMs: 15_000 },
  ),
  /**
   * Erases its personal data, its document before it; one that is in force is withdrawn. The reason stays in the log and names
   * nobody. Idempotent. Throws `consent_unknown`, `consent_reason`.
   */
  erase_consent: proved(
    'erasing',
    '/consents/erase',
    Type.Object({ by: By, id: ConsentId, reason: Text(MOST_ERASE_REASON, 1) }),
    NOTHING,
    { ...about, timeoutMs: 15_000 },
  ),
} as const;

export const CONSENT_STREAMS = {
  /** What was signed. The entry `export` is written before it is given out. Throws `consent_unknown`, `document_unknown`. */
  read_document: {
    path: '/consents/document',
    body: Type.Object({ by: By, id: ConsentId }),
    head: Type.Object({ type: Type.Enum([...DOCUMENT_TYPES]), bytes: Type.Integer() }),
    type: 'application/octet-stream',
    timeoutMs: 15_000,
  },
} as const satisfies Record<string, StreamRequest>;
