import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../daemon/domain/paths.js';
import { spoolName } from '../../daemon/domain/recording/recording.js';
import { createKeys } from '../../daemon/vault/keys.js';
import { loadMasterKey } from '../../daemon/vault/master-key.js';
import { openSealed } from '../../daemon/vault/open.js';
import { createDiskReader } from '../../daemon/vault/store/disk.js';
import { programOf } from '../support/program-of.js';
import { readIfThere } from '../support/recorder.js';
import { toneWav } from '../support/recordings/preserve-lab.js';
import { haveCall, ID, preserveThere } from '../support/recordings/seal-a-call.js';

t.test(
  'whatever write or fsync fails while a call is sealed, nothing is lost and nothing is claimed',
  async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const program = join(import.meta.dirname, '../support/recordings/seal-a-call.ts');
    const sealed = 'recordings/2026/01/05';
    /** What a fault may hit: the files of the vault and the catalogue, and the directories that are synced. */
    const targets = (house: string) =>
      [
        ...[
          'keys',
          'keys/keys.db',
          'keys/keys.db-journal',
          'catalogue',
          'catalogue/catalogue.db',
          'catalogue/catalogue.db-wal',
        ],
        ...[
          '',
          'recordings',
          'recordings/2026',
          'recordings/2026/01',
          sealed,
          `${sealed}/${ID}.opus.age.tmp`,
        ],
      ].flatMap((file) => ['-P', join(house, file)]);

    const trace = join(dir, 'trace');
    /** Preserves the call of a house under strace, and gives how many calls of each kind there were, or what strace said. */
    async function run(
      house: string,
      calls: string,
      fault: string[],
    ): Promise<{ count: number; out: string }> {
      const strace = [
        '-f',
        '-qq',
        '--seccomp-bpf',
        '-o',
        trace,
        ...targets(house),
        '-e',
        `trace=${calls}`,
        ...fault,
      ];
      const env = { ...process.env, NODE_OPTIONS: '', UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1' };
      const out = await new Promise<string>((resolve) =>
        execFile(
          'strace',
          [...strace, process.execPath, ...programOf(program), house],
          { env, timeout: 60_000 },
          (_e, out, err) => resolve(out + err),
        ),
      );
      const lines = (readIfThere(trace) ?? '').split('\n');
      return { count: lines.filter((l) => / = (-1|\d)/.test(l)).length, out };
    }

    const start = join(dir, 'start');
    mkdirSync(join(start, 'spool'), { recursive: true });
    for (const side of ['in', 'out'] as const)
      writeFileSync(
        join(start, 'spool', `${spoolName({ callId: ID, seq: 0, token: '' }, side)}.wav`),
        toneWav(2),
      );
    await haveCall(start);
    let houses = 0;
    const furnished = () => {
      const house = join(dir, String(++houses));
      cpSync(start, house, { recursive: true });
      return house;
    };

    const kinds = [
      { calls: 'write,writev,pwrite64', error: 'ENOSPC', samples: 3 },
      { calls: 'fsync,fdatasync', error: 'EIO', samples: 3 },
    ];
    const became = new Map<string, number>();
    for (const { calls, error, samples } of kinds) {
      const { count, out } = await run(furnished(), calls, []);
      if (!out.includes('done') || count === 0)
        return void t.pass('with faults injected', { skip: out.trim().split('\n')[0] || 'strace' });
      t.comment(`${count} of ${calls}`);
      for (let sample = 0; sample < samples; sample++) {
        const nth = 1 + Math.floor((sample * count) / samples);
        // Once, and for good. From the first on, the house would not even open.
        for (const when of sample === 0 ? [`${nth}`] : [`${nth}`, `${nth}+`]) {
          const house = furnished();
          const what = `${error} at ${calls} ${when}`;
          await run(house, calls, ['-e', `inject=${calls}:error=${error}:when=${when}`]);
          const state = await legal(t, house, what);
          became.set(state, (became.get(state) ?? 0) + 1);
          await preserveThere(house);
          t.equal(await legal(t, house, what), 'whole', `${what}: afterwards it is made`);
          t.same(readdirSync(join(house, 'spool')), [], `${what}: and the spool is empty`);
          rmSync(house, { recursive: true });
        }
      }
    }
    t.comment([...became].map(([state, n]) => `${n} ${state}`).join(', '));
    t.ok(became.get('kept') && became.get('whole'), 'some could be made all the same, some could not');
  },
);

/** What became of the call: its recording is whole and can be opened, or its audio is there still. */
async function legal(t: Test, house: string, what: string): Promise<'whole' | 'kept'> {
  const spooled = readdirSync(join(house, 'spool')).length;
  const keys = createKeys({
    path: keysFile(house),
    masterKey: loadMasterKey(join(house, 'master.key')),
  });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(house) });
  keys.start();
  await catalogue.start();
  try {
    const call = await catalogue.calls.get(ID);
    if (!call?.recording) {
      t.equal(spooled, 2, `${what}: without a recording both captured files are there`);
      t.notMatch(call?.coverage.status, /^(recorded|partial)$/, `${what}: and nothing else is claimed`);
      return 'kept';
    }
    const file = await openSealed(
      createDiskReader(house),
      call.recording,
      await keys.identity(call.recording.id),
    );
    const hash = createHash('sha256');
    for await (const chunk of file.read(0, file.size - 1)) hash.update(chunk as Buffer);
    await file.close();
    t.equal(
      hash.digest('hex'),
      call.recording.plainSha256,
      `${what}: the recording can be opened and is whole`,
    );
    t.equal(call.coverage.status, 'recorded', what);
    return 'whole';
  } finally {
    keys.stop();
    await catalogue.stop();
  }
}
