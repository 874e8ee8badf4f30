import { Type } from 'typebox';
import {
  CertificateItem,
  CertificateStatement,
  erasureKinds,
} from '../../daemon/domain/certificate/certificate.js';
import { Nullable, Time } from '../server/schemas.js';

/** The shapes of certificates of erasure. */
const CertificateRow = Type.Object({
  number: Type.Integer(),
  name: Type.String({ description: 'How it is called in file names and on paper: EC-000017.' }),
  issued_at: Time,
  kind: Type.Enum([...erasureKinds, 'unknown']),
  recordings: Type.Integer(),
});

export const CertificatesPage = Type.Object({
  total: Type.Integer({ description: 'How many there are in all.' }),
  certificates: Type.Array(CertificateRow, { description: 'The newest first.' }),
  before: Nullable(Type.Integer({ description: 'What to ask for the next page with; null at the end.' })),
});
export const CertificatesQuery = Type.Object({
  before: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Only certificates before the one with this number.' }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: '100 when left out.' })),
});

export const CertificateParams = Type.Object({ number: Type.Integer({ minimum: 1, maximum: 1e9 }) });
export const CertificateQuery = Type.Object({
  after: Type.Optional(
    Type.Integer({ minimum: 0, description: 'Only recordings after this one; see `next`.' }),
  ),
});
export const CertificateView = Type.Object({
  name: Type.String(),
  statement: CertificateStatement,
  signature: Type.String({
    description: 'Ed25519 over the statement as canonical JSON (RFC 8785), in base64.',
  }),
  valid: Type.Boolean({
    description: 'Whether the signature is that of the statement, by a key of this installation.',
  }),
  recordings: Type.Array(CertificateItem, { description: 'A page of 100, in the order of their erasure.' }),
  next: Nullable(Type.Integer({ description: 'Give it as `after` for the next page; null at the end.' })),
});
