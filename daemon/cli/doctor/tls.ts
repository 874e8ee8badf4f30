import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { tlsFiles } from '../../domain/paths.js';
import type { Config } from '../../ops/config-schema.js';
import { readPlain } from '../../ops/read-plain.js';
import { tlsMode } from '../../ops/tls-mode.js';
import { bad, type Finding, ok, warn } from './finding.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;

/** Whether browsers can open the dashboard over TLS. */
export async function tls(config: Config): Promise<Finding> {
  const check = 'TLS';
  const mode = tlsMode(config.web);
  if (mode === 'off') return ok(check, 'The dashboard speaks plain HTTP, to this machine only.');
  const files = tlsFiles(config.data.dir);
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(readPlain(files.served));
  } catch {
    return warn(
      check,
      'The dashboard has served no certificate yet.',
      'Start it: systemctl start tapedeck-web',
    );
  }
  for (const key of [files.authorityKey, files.ownKey, files.acmeKey, files.acmeAccount]) {
    const mode = statSync(key, { throwIfNoEntry: false })?.mode ?? 0;
    if (mode & 0o077) return bad(check, `${key} is open to others.`, `chmod 0600 ${key}`);
  }
  const left = Math.floor((Date.parse(leaf.validTo) - Date.now()) / DAY_MS);
  const says = `The certificate (${mode}) is good for ${left} days more.`;
  if (left < 0)
    return bad(
      check,
      `The certificate ended on ${leaf.validTo}.`,
      'Look at the log: journalctl -u tapedeck-web',
    );
  // What an ACME server gives may be good for a day at a time.
  return left < SOON_DAYS && mode === 'files'
    ? warn(check, says, 'Put a new one in its place.')
    : ok(check, says);
}
