import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../../ops/config-schema.js';
import { type Finding, ok, warn } from './finding.js';

/** Beside tapedeck.toml: where "tapedeck setup" put the copy of the master key, or "none". */
export const KEY_COPY_NOTE = 'key-copy';
const LONGEST_NOTE = 400;

/** Whether there is a copy of the master key elsewhere, as far as setup knows. Nothing where setup did not ask. */
export function keyCopy({ file, keys }: Pick<Config, 'file' | 'keys'>): Finding[] {
  const note = join(dirname(file), KEY_COPY_NOTE);
  if (!existsSync(note)) return [];
  const said = readFileSync(note, 'utf8').trim().slice(0, LONGEST_NOTE);
  if (said !== 'none') return [ok('key copy', `The master key was copied: ${said}.`)];
  return [
    warn(
      'key copy',
      `There is no copy of ${keys.master_key_file}. If this disk dies, no recording and no backup can be opened.`,
      'Run "tapedeck setup" again and choose a folder on another disk, or "print".',
    ),
  ];
}
