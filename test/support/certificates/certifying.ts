import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Catalogue, Verbs } from '../../../daemon/catalogue/catalogue.js';
import { certificateFile } from '../../../daemon/catalogue/certificates/certificate-file.js';
import type { CertificateItem } from '../../../daemon/domain/certificate/certificate.js';
import {
  certificateReader,
  type VerifiedCertificate,
} from '../../../daemon/domain/certificate/certificate-file.js';
import { createLog } from '../../../daemon/ops/log.js';
import { createCertify } from '../../../daemon/recordings/certify.js';
import { fingerprint, type SigningKey, signatureKeys } from '../../../daemon/vault/signing-key.js';

type Deps = Parameters<typeof createCertify>[0];

/** No two runs of a process have the same id. */
let runs = 0;

/** Certificates as the recorder makes them, signed with this key. */
export function certifying(
  given: Pick<Deps, 'hasKey' | 'hasFile' | 'clock'> & {
    catalogue: Deps['catalogue'] & Verbs<'recordings.get' | 'audit.head'>;
    key: SigningKey;
  } & Partial<Deps>,
) {
  const { key, ...deps } = given;
  return createCertify({
    registered: async ({ id }) => {
      const recording = await deps.catalogue.recordings.get(id);
      return recording && { ...recording, recordingId: id, manifestSha256: null };
    },
    isHot: () => false,
    sealedLog: async () => deps.catalogue.audit.head(),
    putList: async () => null,
    alarms: { raise: () => {}, clear: () => {} },
    media: () => ({ file_system: 'ext4', device: 'ssd' }),
    signer: () => ({ keyId: key.keyId, sha256: fingerprint(key.publicKeyPem) }),
    sign: async (text) => ({ signature: key.sign(Buffer.from(text)).toString('base64'), keyId: key.keyId }),
    site: { name: 'Praxis am See', timeZone: 'Europe/Berlin' },
    backups: null,
    version: '9.9.9',
    mint: () => `${process.pid}-${++runs}`,
    log: createLog('silent', 'test'),
    ...deps,
  });
}

/** The file of a certificate, as it is given out. */
export async function fileOf(
  catalogue: Pick<Catalogue, 'certificates'>,
  number: number,
  publicKey: string,
): Promise<string> {
  const certificate = (await catalogue.certificates.get(number))!;
  return text(Readable.from(certificateFile(catalogue, certificate, publicKey)));
}

/** What the verifier says of a text, by the key in it unless some are trusted. */
export function verified(
  text: string,
  trusted: Iterable<string> | null = null,
): VerifiedCertificate & { items: CertificateItem[] } {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const reader = certificateReader(signatureKeys(trusted));
  const items = lines.map((line) => reader.line(line)).filter((item) => item !== null);
  return { ...reader.end(), items };
}
