import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pbx } from '../support/pbx/pbx.js';
import { createRecorderLab } from '../support/recorder.js';
import { makeOriginals } from '../support/recordings/originals.js';

/**
 * npm run bench:import: imports 10,000 files of every kind, and compares what became of them with what was made: each is imported, found
 * and verifies. Prints how long a file takes, and the memory of the recorder. Another number: npm run bench:import -- 1000.
 */
const count = Number(process.argv[2] ?? 10_000);
const dir = mkdtempSync(join(tmpdir(), 'tapedeck-import-'));
const print = (what: string, value: string) => process.stdout.write(`${what.padEnd(44)} ${value}\n`);

const secret = join(dir, 'secret');
mkdirSync(join(dir, 'spool'));
writeFileSync(secret, 'away\n');
const pbx = {
  ari: { url: 'http://127.0.0.1:9/ari', passwordFile: secret },
  ami: { port: 9, secretFile: secret },
  recordingDir: join(dir, 'spool'),
} as Pbx;
const lab = createRecorderLab({ dir: join(dir, 'house'), pbx });
/** What the recorder has and had in memory, as the kernel counts it. */
const memory = () =>
  /VmHWM:\s*(.*)/.exec(readFileSync(`/proc/${lab.pid('run')}/status`, 'utf8'))?.[1] ?? 'unknown';

try {
  const [monitor, csv] = [join(dir, 'monitor'), join(dir, 'Master.csv')];
  const made = makeOriginals(monitor, csv, { count, from: Date.parse('2026-03-01T00:00:00Z') });
  await lab.startDaemon(/is ready/);
  const args = ['import', '--time-zone', 'UTC', '--cdr', csv, monitor];
  const timed = async (what: string, given: string[]) => {
    const began = performance.now();
    const { code, out, err } = await lab.command(given);
    const ms = performance.now() - began;
    print(what, `${(ms / 1000).toFixed(1)} s, ${(ms / count).toFixed(1)} ms a file`);
    if (code !== 0) throw new Error(out + err);
  };
  await timed('dry run', [...args, '--dry-run', '--json']);
  await timed('import', [...args, '--wait', '--json']);
  await timed('again, all known', [...args, '--wait', '--json']);
  print('most memory of the recorder', memory());
  const { out } = await lab.command(['calls', '--limit', String(count + 1), '--json']);
  const calls = JSON.parse(out) as { started_at: string; coverage: { status: string } }[];
  const found = new Set(
    calls.filter((c) => c.coverage.status === 'imported').map((c) => Date.parse(c.started_at)),
  );
  const lost = made.filter(({ startedAt }) => !found.has(startedAt));
  print('found', `${calls.length} of ${count}`);
  await timed('verified', ['verify', '--all', '--json']);
  if (lost.length > 0 || calls.length !== count)
    throw new Error(`${lost.length} were lost, the first: ${lost[0]?.path}`);
} finally {
  await lab.stop();
  rmSync(dir, { recursive: true, force: true });
}
