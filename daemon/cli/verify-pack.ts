import { readFileSync, statSync } from 'node:fs';
import { fail } from '../domain/error.js';
import { printable } from '../domain/printable.js';
import { fingerprint, publicKeys } from '../vault/signing-key.js';
import type { CliContext } from './common/context.js';

/** No pack is longer, in bytes: the verifier reads all of it at once. */
const MOST_BYTES = 1.5e9;

type Options = { publicKey?: string; json?: boolean };

/**
 * Verifies an evidence pack with what its page verify.html runs, which knows nothing of the recorder's own code. Needs no recorder. Proved
 * is only what was signed with a key that is not from the pack: the one that was given, or one of this machine.
 */
export async function verifyPack(ctx: CliContext, file: string, options: Options): Promise<void> {
  // Read by who asks; the keys of this machine are read as the recorder's user.
  const zip = zipIn(file);
  const trusted = trustedKeys(ctx, options.publicKey);
  const { check } = await import('../../web/ui/verify/check.js');
  const report = await check(zip, () => {});
  const keys = report.keys.map((key) => ({ ...key, trusted: trusted.has(key.fingerprint) }));
  const good = report.faults.length === 0 && report.whole && keys.length > 0;
  const proved = good && keys.every((key) => key.trusted);
  if (!proved) process.exitCode = 1;
  const { faults, notes, steps, call, sealedAt, signedTo } = report;
  if (options.json)
    return ctx.out(JSON.stringify({ proved, call, sealed_at: sealedAt, faults, notes, steps, keys }));
  ctx.out(
    [
      ...steps.map(({ name, ok }) => `${ok ? 'ok ' : 'BAD'}  ${name}`),
      ...faults.map(
        ({ file: of, entry, what }) =>
          `     ${printable(of)}${entry === undefined ? '' : `, entry ${entry}`}: ${printable(what)}`,
      ),
      ...notes.map((note) => `     (${printable(note)})`),
      ...keys.map(
        (key) =>
          `Key of ${key.signed}, SHA-256: ${key.fingerprint}${key.trusted ? '' : ' (NOT a key that is trusted here)'}`,
      ),
      proved
        ? `Valid: the evidence pack of call ${call}, sealed ${sealedAt}; the audit log is signed to entry ${signedTo?.size}.`
        : good
          ? 'Not proved: the key came with the pack. Compare its fingerprint with the one of "tapedeck keys status" there, or give the key that you keep elsewhere with --public-key.'
          : 'NOT PROVED: not all of it is as it was signed.',
    ].join('\n'),
  );
}

function zipIn(file: string): Uint8Array {
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error('it is too long for an evidence pack');
    return readFileSync(file);
  } catch (e) {
    throw fail('request_invalid', `${file}: ${(e as Error).message}`, e);
  }
}

/** Fingerprints. On a machine that has no Tapedeck there are none but the one that was given. */
function trustedKeys(ctx: CliContext, file: string | undefined): ReadonlySet<string> {
  try {
    return new Set(
      (file === undefined ? [...publicKeys(ctx.data()).values()] : [readFileSync(file, 'utf8')]).map(
        fingerprint,
      ),
    );
  } catch (e) {
    if (file === undefined) return new Set();
    throw fail('request_invalid', `${file} is no public key: ${(e as Error).message}`, e);
  }
}
