import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openDb } from '../../../daemon/catalogue/sqlite/db.js';
import { migrations } from '../../../daemon/catalogue/sqlite/migrations.js';
import { keptFrom } from '../files/made-once.js';

/**
 * Puts a catalogue without a row at `path`, unless there is one: a copy of what the recorder makes, because making it takes five times
 * as long. Whether it makes it right is the subject of tests that open a path where nothing is. Resolves to `path`.
 */
export async function freshCatalogue(path: string): Promise<string> {
  if (existsSync(path)) return path;
  const bytes = await keptFrom(['catalogue', ...migrations], make);
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  writeFileSync(path, bytes, { mode: 0o640, flag: 'wx' });
  const { uid, gid } = statSync(dirname(path));
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
  return path;
}

async function make(): Promise<Buffer> {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-fresh-'));
  try {
    const file = join(dir, 'catalogue.db');
    (await openDb(file)).close();
    return readFileSync(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
