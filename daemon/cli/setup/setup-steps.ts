import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../ops/config.js';
import type { Change } from './plan/change.js';
import type { OwnFacts } from './plan/plan-own.js';
import { overview, preview } from './plan/preview.js';
import type { Terminal } from './talk/terminal.js';

const SECRET_BYTES = 24;

/** A password for a program: nobody types it. */
export const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What would be written has to be a configuration that Tapedeck starts with. Throws `config_invalid`. */
export function checkConfig(changes: readonly Change[], own: OwnFacts): void {
  const change = changes.find((one) => one.kind === 'file' && one.path === join(own.etc, 'tapedeck.toml'));
  if (change?.kind !== 'file') return;
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-setup-'));
  try {
    writeFileSync(join(dir, 'tapedeck.toml'), change.after, { mode: 0o600 });
    loadConfig(join(dir, 'tapedeck.toml'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The diffs first: what is read last, before the question, is the list of all changes and what to know about them. */
export function show(terminal: Terminal, changes: readonly Change[], warnings: readonly string[]): void {
  terminal.title(changes.length === 0 ? 'Nothing has to change' : 'Changes, line by line');
  for (const change of changes) {
    // A secret of its own, a folder, and an example that is filled in say nothing as a diff.
    const whole = change.kind === 'file' && change.before === null && !change.pbx;
    if (change.kind === 'folder' || (whole && !change.path.endsWith('/setup.conf'))) continue;
    for (const line of preview(change).trimEnd().split('\n')) terminal.diff(line);
    terminal.say();
  }
  if (changes.length > 0) terminal.title('Changes');
  for (const [what, why] of overview(changes)) {
    terminal.say(`  ${what}`);
    terminal.note(`  ${why}`);
  }
  if (warnings.length > 0) terminal.title('Warnings');
  for (const warning of warnings) terminal.note(warning);
  terminal.say();
}
