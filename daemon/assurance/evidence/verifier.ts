import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fail } from '../../domain/error.js';
import { programFile } from '../../ops/process/program-files.js';

const page = programFile('dist/web/verify/verify.html');

/** Returns the page that verifies a pack, which is built together with the dashboard. Throws `internal` when it was not. */
export function readVerifier(): Buffer {
  try {
    return readFileSync(page);
  } catch (e) {
    throw fail('internal', 'The page that verifies a pack was not built: run "npm run build".', e);
  }
}

/** Returns its SHA-256 for people to compare a copy with: hex, or that it was not built. */
export function verifierHash(): string {
  try {
    return createHash('sha256').update(readVerifier()).digest('hex');
  } catch {
    return 'not built: run "npm run build"';
  }
}
