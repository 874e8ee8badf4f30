import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pbx } from '../pbx/pbx.js';

/** A PBX that is switched off, with its secret and its spool in `dir`. */
export function awayPbx(dir: string): Pbx {
  const [secretFile, recordingDir] = [join(dir, 'secret'), join(dir, 'spool')];
  writeFileSync(secretFile, 'away\n', { mode: 0o600 });
  mkdirSync(recordingDir, { recursive: true });
  return {
    ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secretFile },
    ami: { port: 9, secretFile },
    recordingDir,
  } as Pbx;
}

/** What a recorder says of it once it has started. */
export const PBX_AWAY = /The PBX cannot be reached|ECONNREFUSED|not reach/i;
