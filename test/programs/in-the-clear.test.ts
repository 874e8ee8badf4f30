import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import t from 'tap';
import { createSqliteCatalogue } from '../../daemon/catalogue/sqlite/catalogue.js';
import type { Finding } from '../../daemon/cli/doctor/finding.js';
import { liveAudio } from '../../daemon/cli/doctor/vault.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { spoolName } from '../../daemon/domain/recording/recording.js';
import { coreLimit } from '../../daemon/ops/process/core-dumps.js';
import { loadMasterKey, openMasterKeys } from '../../daemon/vault/master-key.js';
import { openSealed } from '../../daemon/vault/open.js';
import { prepareNext } from '../../daemon/vault/rotation.js';
import { createDiskReader } from '../../daemon/vault/store/disk.js';
import { until } from '../support/recorder.js';
import { toneWav } from '../support/recordings/preserve-lab.js';
import { furnishVault, judgeVault, masterFile } from '../support/recordings/rotation.js';
import { ID } from '../support/recordings/seal-a-call.js';
import { everything, scratch } from '../support/recordings/sealed.js';
import { noted } from '../support/words.js';

const root = process.getuid?.() === 0;

t.test(
  'nothing of the audio or of a key is in the clear anywhere, and ffmpeg makes no file',
  { skip: !root && 'strace' },
  async (t) => {
    const dir = t.testdir({ spool: {} });
    // Speech as this test knows it again: noise, of which no two pieces are alike.
    const wav = toneWav(2);
    randomBytes(wav.length - 44).copy(wav, 44);
    for (const side of ['in', 'out'] as const)
      writeFileSync(join(dir, `spool/${spoolName({ callId: ID, seq: 0, token: '' }, side)}.wav`), wav);
    const program = resolve('test/support/recordings/seal-a-call.ts');
    const script = join(scratch(t), 'seal.mts');
    writeFileSync(
      script,
      `import { haveCall, preserveThere } from ${JSON.stringify(program)};
     await haveCall(${JSON.stringify(dir)}); await preserveThere(${JSON.stringify(dir)});`,
    );
    const traces = scratch(t);
    const { status, stderr } = spawnSync(
      'strace',
      [
        // A file for each thread: in one file the calls of several are cut in two.
        '-ff',
        '-qq',
        '-e',
        'trace=open,openat,creat',
        '-e',
        'signal=none',
        '-o',
        join(traces, 'trace'),
        process.execPath,
        '--import',
        'tsx',
        script,
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    t.equal(status, 0, stderr);
    const written = readdirSync(traces)
      .flatMap((name) => [
        ...readFileSync(join(traces, name), 'utf8').matchAll(
          /"([^"]+)", [^)]*(?:O_WRONLY|O_RDWR)[^)]*\) = \d/g,
        ),
      ])
      .map((m) => resolve(m[1]!))
      .filter((path) => !path.startsWith('/dev/') && !/\/tsx-\d+\/|\/\.tap\/processinfo\//.test(path));
    const known =
      /^(catalogue\/catalogue\.db(\.new-\w+)?(-wal|-shm|-journal)?|recorder\/lock|keys\/keys\.db(-journal)?|master\.key\.\w+\.tmp|signing\/\w+(\.pem)?\.\w+\.tmp|recordings\/.*\.opus\.age\.tmp)$/;
    t.ok(
      written.some((path) => path.endsWith('.opus.age.tmp')),
      'the trace has what is written',
    );
    t.same(
      [...new Set(written)].filter(
        (path) => !path.startsWith(`${dir}/`) || !known.test(path.slice(dir.length + 1)),
      ),
      [],
      'no other file is written, there or anywhere else, not even for a moment',
    );

    const { openHouse } = await import('../support/power/house.js');
    const house = await openHouse(dir);
    t.teardown(() => house.close());
    const call = (await house.catalogue.calls.get(ID))!;
    const identity = await house.keys.identity(call.recording!.id);
    const sealed = await openSealed(createDiskReader(dir), call.recording!, identity);
    const chunks: Buffer[] = [];
    for await (const chunk of sealed.read(0, sealed.size - 1)) chunks.push(chunk as Buffer);
    const fileKey = Buffer.from(sealed.fileKey);
    await sealed.close();
    const plain = Buffer.concat(chunks);
    const master = readFileSync(join(dir, 'master.key'), 'utf8').trim();
    rmSync(join(dir, 'master.key'));
    const needles: [string, Buffer | string][] = [
      ['the captured audio', wav.subarray(9_000, 9_032)],
      ['the Opus audio', plain.subarray(plain.length - 2_000, plain.length - 1_968)],
      ['its identity', identity],
      ['its identity, decoded', identity.slice(15, 60)],
      ['its file key', fileKey],
      ['the master key', master],
      ['the master key, decoded', Buffer.from(master, 'base64')],
      ['the key that signs', 'PRIVATE KEY'],
    ];
    const found = (where: string) => {
      const bytes = everything(where);
      return needles.filter(([, needle]) => bytes.includes(needle)).map(([what]) => what);
    };
    t.same(found(dir), [], 'in no file after sealing');
    await house.catalogue.recordings.eraseIntended(call.recording!.id, noted('Over.'), 1);
    await house.retain.recover();
    t.equal((await house.catalogue.calls.get(ID))?.recording?.state, 'erased');
    t.same(found(dir), [], 'nor after erasing');
    t.notOk(everything(dir).includes('tapedeck.manifest'));
  },
);

t.test(
  'core dumps are off for the process and for what it starts',
  { skip: !root && 'raising a limit needs root' },
  async (t) => {
    const script = `
    import { spawn } from 'node:child_process';
    import { coreLimit, noCoreDumps } from ${JSON.stringify(resolve('daemon/ops/process/core-dumps.ts'))};
    const before = coreLimit();
    const off = await noCoreDumps();
    const child = spawn('sleep', ['30']);
    process.stdout.write(JSON.stringify({ before, off, own: coreLimit(), child: coreLimit(child.pid) }));
    child.kill();`;
    const main = join(scratch(t), 'main.mts');
    writeFileSync(main, script);
    const { stdout, stderr } = spawnSync(
      'prlimit',
      ['--core=1000000:1000000', process.execPath, '--import', 'tsx', main],
      { encoding: 'utf8' },
    );
    const none = { soft: '0', hard: '0' };
    t.same(JSON.parse(stdout || stderr), {
      before: { soft: '1000000', hard: '1000000' },
      off: true,
      own: none,
      child: none,
    });
  },
);

t.test(
  'the recorder ends a change of the master key that was interrupted, dumps no core, and says in the log what it did',
  { skip: !root && 'raising a limit needs root' },
  async (t) => {
    const dir = scratch(t, {
      'ari-password': 'x',
      'tapedeck.toml':
        '[data]\ndir = "vault"\n[keys]\nmaster_key_file = "vault/master.key"\n#recovery\n[pbx]\nari_url = "http://127.0.0.1:9"\nari_password_file = "ari-password"\nami_port = 9\nami_secret_file = "ari-password"\nspool = "spool"\n',
    });
    const place = join(dir, 'vault');
    const furnished = await furnishVault(place);
    const old = loadMasterKey(masterFile(place));
    prepareNext(openMasterKeys(masterFile(place)), 'auto');
    const config = join(dir, 'tapedeck.toml');
    const tapedeck = [process.execPath, resolve('dist/daemon/main.js'), '-c', config];
    /** Starts the recorder; ready, or at its end. */
    const start = async () => {
      const daemon = spawn('prlimit', ['--core=1000000:1000000', ...tapedeck, 'run'], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      t.teardown(() => daemon.kill('SIGKILL'));
      let said = '';
      for (const stream of [daemon.stdout, daemon.stderr]) stream.on('data', (d) => (said += d));
      const closed = once(daemon, 'close');
      let over = false;
      void closed.then(() => (over = true));
      await until('the recorder', () => over || /recorder is ready/.test(said));
      const stop = async () => {
        daemon.kill();
        await closed;
      };
      return { daemon, said, stop };
    };
    const { daemon, said, stop } = await start();
    t.same(coreLimit(daemon.pid), { soft: '0', hard: '0' }, said);
    await until('the end of the change', () => !existsSync(`${masterFile(place)}.next`));
    t.same(await judgeVault(place, furnished, old, true), []);
    const [program, ...args] = tapedeck;
    const doctor = JSON.parse(
      spawnSync(program!, [...args, 'doctor', '--json'], { encoding: 'utf8' }).stdout,
    );
    const found = Object.fromEntries((doctor as Finding[]).map((f) => [f.check, f]));
    t.match(found, {
      'core dumps': { state: 'ok', says: /off for the recorder and for ffmpeg/ },
      keys: { state: 'ok', says: /opens keys\.db/ },
      'signing key': { state: 'ok', says: furnished.keyId },
      'live audio': { state: 'ok', says: /on the PBX/ },
      swap: { says: /./ },
    });
    await stop();

    const key = join(place, 'signing/key');
    const kept = readFileSync(key);
    const master = readFileSync(masterFile(place));
    writeFileSync(masterFile(place), randomBytes(32).toString('base64'));
    const wrong = await start();
    t.match([wrong.daemon.exitCode, wrong.said], [78, /does not belong to this keys\.db/]);
    t.ok(readFileSync(key).equals(kept), 'a wrong master key leaves the key that signs alone');
    writeFileSync(masterFile(place), master);

    writeFileSync(key, 'damaged');
    const recovery = await identityToRecipient(await generateX25519Identity());
    writeFileSync(
      config,
      readFileSync(config, 'utf8').replace('#recovery', `recovery_recipient = "${recovery}"`),
    );
    await (await start()).stop();
    const catalogue = createSqliteCatalogue({ path: catalogueFile(place) });
    await catalogue.start();
    t.teardown(() => catalogue.stop());
    const actions = ['start', 'stop', 'key_rotation'] as const;
    const entries = (await catalogue.audit.entries({ actions, limit: 99 })).reverse();
    const is = (action: string, what: unknown) => [action, 'tapedeck', 'ok', what];
    t.match(
      entries.map((e) => [e.action, e.actor, e.outcome, e.detail.what ?? e.detail.recovery_recipient]),
      [
        is('start', 'nobody'),
        is('key_rotation', /a change that was interrupted went on/),
        is('stop', undefined),
        is('start', recovery),
        is('key_rotation', `recovery recipient: nobody -> ${recovery}`),
        is('key_rotation', /a new key that signs/),
        is('stop', undefined),
      ],
    );
    t.match(entries[1]!.detail, { keys: 30, over: true });
    const alarm = (await catalogue.alarms.open()).find((a) => a.key === 'signing_key');
    t.match(alarm, {
      severity: 'critical',
      why: { code: 'signing_key_new', params: { key: /^[0-9a-f]{16}$/ } },
    });
    t.equal(readdirSync(join(place, 'signing')).filter((f) => f.startsWith('key.unusable-')).length, 1);
  },
);

t.test('doctor says where live audio is in the clear, and how to have it in memory', async (t) => {
  const of = (spool: string) => liveAudio({ spool, spool_reserve_mb: 1024 });
  const here = await of(import.meta.dirname);
  if (!/encrypted/.test(here.says)) {
    const line = here.says.split('\n').at(-1)!.trim().split(/\s+/);
    t.match(line, ['tmpfs', import.meta.dirname, 'tmpfs', /mode=2770,uid=\d+,gid=\d+,size=2048M$/, '0', '0']);
    t.match(here.says, /power\s+fails is lost/);
  }
  if (root && existsSync('/dev/shm')) {
    const dir = mkdtempSync('/dev/shm/tapedeck-');
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    t.match(await of(dir), { says: /which is in memory/ });
  }
});
