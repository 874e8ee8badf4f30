import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../domain/error.js';

/** The file of a systemd credential of this name (LoadCredential=, LoadCredentialEncrypted=); null where there is none. */
export function credentialFile(name: string): string | null {
  const dir = process.env.CREDENTIALS_DIRECTORY;
  const file = dir && join(dir, name);
  return file && existsSync(file) ? file : null;
}

/**
 * A secret from the file that the configuration names, or from a systemd credential called like that file
 * (LoadCredential=ari-password:...). Throws `secret_missing`. The value is never logged.
 */
export const readSecret = (file: string, credential: string): string =>
  readSecretFile(credentialFile(credential) ?? file);

/** The secret in a file. Throws `secret_missing`. */
export function readSecretFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (e) {
    throw fail('secret_missing', `${path}: ${(e as Error).message}`, e);
  }
}
