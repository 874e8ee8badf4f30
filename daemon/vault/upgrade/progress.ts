import { readFileSync } from 'node:fs';
import { Value } from 'typebox/value';
import { SILENT_MS, UpgradeProgress } from '../../domain/operations/upgrade.js';
import { upgradeProgressFile } from '../../domain/paths.js';

/** Returns how far the recorder is with the upgrade of the catalogue; null where it is not doing one. */
export function readUpgradeProgress(dataDir: string, now: number): UpgradeProgress | null {
  try {
    const found: unknown = JSON.parse(readFileSync(upgradeProgressFile(dataDir), 'utf8'));
    return Value.Check(UpgradeProgress, found) && now - found.seenAt < SILENT_MS ? found : null;
  } catch {
    return null;
  }
}
