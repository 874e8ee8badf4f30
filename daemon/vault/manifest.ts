import {
  type Manifest,
  manifestHash,
  manifestText,
  parseManifest,
  type SignedManifest,
} from '../domain/recording/manifest.js';
import { type SigningKey, verifySignature } from './signing-key.js';

/** A manifest with its signature, as it is kept. */
export function signManifest(manifest: Manifest, key: Pick<SigningKey, 'keyId' | 'sign'>): SignedManifest {
  const text = manifestText(manifest);
  return {
    recordingId: manifest.recording.id,
    text,
    sha256: manifestHash(text),
    signature: key.sign(Buffer.from(text)).toString('base64'),
    keyId: key.keyId,
    madeAt: Date.parse(manifest.made_at),
  };
}

/**
 * What a signed manifest says, and what is wrong with it (null: nothing). One whose text is gone because the recording was
 * erased cannot be verified any more: its hash stands for it.
 */
export function openManifest(
  signed: SignedManifest,
  publicKeys: ReadonlyMap<string, string>,
): { manifest: Manifest | null; fault: string | null } {
  const { text, keyId, recordingId } = signed;
  if (text === null) return { manifest: null, fault: 'Its text went with the recording.' };
  const manifest = parseManifest(text);
  const pem = publicKeys.get(keyId);
  const fault = !pem
    ? `The public key ${keyId} is not there.`
    : !verifySignature(pem, Buffer.from(text), Buffer.from(signed.signature, 'base64'))
      ? 'The signature is not that of this manifest.'
      : manifestHash(text) !== signed.sha256
        ? 'Its hash is another.'
        : manifest?.recording.id !== recordingId
          ? 'It is the manifest of another recording.'
          : null;
  return { manifest, fault };
}
