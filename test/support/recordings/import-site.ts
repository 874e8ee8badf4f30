import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pbx } from '../pbx/pbx.js';
import { createRecorderLab, type RecorderLab } from '../recorder.js';

/** A recorder whose PBX is away. */
export function importSite(
  dir: string,
  more: Omit<Parameters<typeof createRecorderLab>[0], 'dir' | 'pbx'> = {},
): RecorderLab {
  const secret = join(dir, 'secret');
  mkdirSync(join(dir, 'spool'), { recursive: true });
  writeFileSync(secret, 'away\n');
  const pbx = {
    ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secret },
    ami: { port: 9, secretFile: secret },
    recordingDir: join(dir, 'spool'),
  } as Pbx;
  return createRecorderLab({ dir: join(dir, 'house'), pbx, ...more });
}

export type ImportedRow = {
  file: string;
  outcome: string;
  detail: string;
  reason: string;
  notes: string[];
  call: string | null;
};

/** The report of an import, of the newest where none is named. */
export const importRows = async (lab: RecorderLab, job: string[] = []): Promise<ImportedRow[]> => {
  const { out } = await lab.command(['import', 'report', ...job, '--json']);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ImportedRow);
};
