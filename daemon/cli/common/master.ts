import { fail } from '../../domain/error.js';
import type { Config } from '../../ops/config-schema.js';
import { givenPassphrase } from '../../ops/secrets/passphrase.js';
import { needsPassphrase } from '../../vault/master-key.js';
import { ask } from './ask.js';

/**
 * The passphrase of the master key, if it is locked with one: from where it is given, else typed at the console. Throws
 * `passphrase_missing` where nobody can be asked.
 */
export async function passphraseFor(config: Config, fd: number | undefined): Promise<string | undefined> {
  if (!needsPassphrase(config.keys.master_key_file)) return undefined;
  const given = givenPassphrase(fd);
  if (given !== null) return given;
  if (!process.stdin.isTTY) throw fail('passphrase_missing');
  return ask('Passphrase of the master key: ');
}
