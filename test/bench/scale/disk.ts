import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReader } from '../../../daemon/catalogue/sqlite/checked.js';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { createPeaks } from '../../../daemon/catalogue/sqlite/recordings/peaks.js';
import { createSeals } from '../../../daemon/catalogue/sqlite/seals.js';
import { buildManifest, manifestText } from '../../../daemon/domain/recording/manifest.js';
import { encodePeaks } from '../../../daemon/domain/recording/peaks.js';
import { fillSite } from '../../support/catalogue/busy-site.js';
import { aNotice, aPlaying } from '../../support/catalogue/every-row.js';
import { aCall, aRecording } from '../../support/recordings/a-call.js';

const CALLS = 10_000;
/** Of a side, the most that the encoder draws. */
const POINTS = 1_800;
const TABLES = { waveforms: 'peaks', manifests: 'manifest%' };

/** Prints what a call takes in the catalogue, in KB, with the waveform and the signed manifest of each recording. */
export async function measureDisk(say: (text: string) => void): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-bench-'));
  const path = join(dir, 'catalogue.db');
  const db = await openDb(path);
  try {
    fillSite(db, CALLS);
    const rows = createPeaks(db);
    const seals = createSeals(
      db,
      createReader(() => {}),
    );
    const text = manifestText(aManifest());
    const kept = db.prepare('SELECT id FROM recordings').pluck().all() as string[];
    db.transaction(() => {
      for (const id of kept) {
        const [left, right] = [randomBytes(POINTS), randomBytes(POINTS)];
        rows.add(id, encodePeaks({ perSecond: 10, durationMs: 180_000, left, right }));
        const sha256 = randomBytes(32).toString('hex');
        const signature = randomBytes(64).toString('base64');
        seals.addManifest({ recordingId: id, text, sha256, signature, keyId: 'f'.repeat(16), madeAt: 0 });
      }
    })();
    db.pragma('wal_checkpoint(TRUNCATE)');
    const size = db.prepare('SELECT total(pgsize) FROM dbstat WHERE name LIKE ? OR name LIKE ?').pluck();
    const kb = (bytes: number) => (bytes / CALLS / 1_000).toFixed(1);
    const parts = Object.entries(TABLES).map(
      ([what, name]) => `${what} ${kb(size.get(name, `sqlite_autoindex_${name}`) as number)}`,
    );
    say(`${kb(statSync(path).size)} KB a call, ${kept.length} of ${CALLS} recorded: ${parts.join(', ')}`);
  } finally {
    db.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Of a call between two people that was announced. */
function aManifest() {
  const coverage = { status: 'recorded', why: null, rule: null, missingMs: 0 } as const;
  return buildManifest({
    ...{ call: aCall('A'), recording: aRecording('A', 'A'), coverage, segments: [], decision: null },
    ...{
      told: { notice: aNotice('A'), played: [{ ...aPlaying('A'), seq: 1, found: null }], directives: [] },
    },
    ...{ policyVersion: 1, sealedFor: null, version: '0.1.0', madeAt: 0, later: false },
  });
}
