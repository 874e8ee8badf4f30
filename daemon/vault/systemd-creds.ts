import { spawnSync } from 'node:child_process';
import { fail } from '../domain/error.js';

/**
 * What a sealed key is bound to: `tpm2` to this machine's TPM, `host` to a file of this machine that only root can read,
 * `auto` to the best that there is.
 */
export const bindings = ['auto', 'tpm2', 'host', 'host+tpm2'] as const;
export type Binding = (typeof bindings)[number];

/** The name that is sealed with it: systemd refuses it as a credential of another. */
export const CREDENTIAL = 'master-key';

/** Seals a text with systemd-creds, as LoadCredentialEncrypted= takes it. Throws `master_key_missing`. */
export function seal(text: string, binding: Binding): string {
  // A systemd that was built without it (seen: 257) "seals" all the same, with a key that everybody knows.
  if (binding.includes('tpm2') && spawnSync('systemd-creds', ['has-tpm2'], { timeout: 60_000 }).status !== 0)
    throw fail(
      'master_key_missing',
      'This machine has no TPM 2 that systemd can use ("systemd-creds has-tpm2").',
    );
  return creds(['encrypt', `--with-key=${binding}`, `--name=${CREDENTIAL}`, '-', '-'], text);
}

/** Opens what was sealed on this machine, as root. Throws `master_key_missing` with what systemd says. */
export const unseal = (sealed: string): string =>
  creds(['decrypt', `--name=${CREDENTIAL}`, '-', '-'], sealed);

function creds(args: string[], input: string): string {
  const { status, stdout, stderr, error } = spawnSync('systemd-creds', args, {
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (!error && status === 0) return stdout;
  const said = error ? error.message : stderr.trim().split('\n').slice(-2).join(' ');
  throw fail('master_key_missing', `systemd-creds: ${said || `exit code ${status}`}`, error);
}
