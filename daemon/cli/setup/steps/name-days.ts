import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terminal } from '../talk/terminal.js';
import type { Tapedeck } from './services.js';

/** A policy with so many days in place of those that it has. Values of its own come before its tables. */
export const withNameDays = (policy: string, days: number): string =>
  `metadata_days = ${days}\n${policy.replace(/^metadata_days = .*\n/m, '')}`;

/** Saves a version of the policy that removes names and numbers after so many days. Says what was refused. */
export async function setNameDays(
  terminal: Terminal,
  tapedeck: Tapedeck,
  days: number | null,
): Promise<void> {
  if (days === null) return;
  const { code, out: policy } = await tapedeck(['policy', 'export']);
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-setup-'));
  try {
    // The command reads it as the recorder's user; a policy is no secret.
    chmodSync(folder, 0o755);
    const file = join(folder, 'policy.toml');
    writeFileSync(file, withNameDays(policy, days), { mode: 0o644 });
    const saved = code === 0 ? await tapedeck(['policy', 'import', file]) : { code, out: policy };
    if (saved.code === 0) terminal.step('Names and numbers', `go ${days} days after there is no audio`);
    else terminal.note(`Names and numbers are kept as before: ${saved.out.trim()}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
