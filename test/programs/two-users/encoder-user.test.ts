import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { ask } from '../../../daemon/ops/control-client.js';
import { unpackBefore } from '../../support/box/before-one-writer.js';
import { createBox, makeFolders, NEEDS_ROOT, RECORDER } from '../../support/box/box.js';
import { createSeizedFfmpeg } from '../../support/box/seized-ffmpeg.js';
import { createEncoderProgram } from '../../support/encoder.js';

/** `npm run pentest -- owner` tries the same. */
t.test(
  'whoever takes ffmpeg over reads no key, no call and no catalogue, and reaches neither socket nor process of the recorder',
  { skip: NEEDS_ROOT },
  async (t) => {
    const seized = await createSeizedFfmpeg();
    t.teardown(seized.stop);
    const tries = await seized.tryAll();
    t.ok(tries.length > 30, `${tries.length} tries`);
    t.same(seized.findings(tries), []);

    const connect = `require('node:net').connect(process.argv[1])
      .on('connect', () => { console.log('connected'); process.exit(); })
      .on('error', (e) => console.log(e.code))`;
    const { dashboard, group } = seized.users;
    const { stdout } = spawnSync(
      'setpriv',
      [
        ...[`--reuid=${dashboard}`, `--regid=${group}`, '--clear-groups'],
        ...[process.execPath, '-e', connect, seized.socket],
      ],
      { encoding: 'utf8' },
    );
    t.equal(stdout.trim(), 'EACCES', 'the dashboard has nothing encoded either');
  },
);

t.test(
  "doctor and status say which user runs ffmpeg, and doctor connects as the recorder's",
  { skip: NEEDS_ROOT },
  async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'tapedeck-'));
    const box = createBox(base);
    const program = createEncoderProgram({ owner: RECORDER });
    t.teardown(async () => {
      await box.stop();
      await program.stop();
      rmSync(base, { recursive: true, force: true });
    });
    unpackBefore(box.dataDir);
    makeFolders(box.dataDir);
    const doctor = () => {
      const all = JSON.parse(box.command('doctor', '--json').out) as { check: string }[];
      return all.find(({ check }) => check === 'ffmpeg');
    };
    await box.start('run');
    t.match(doctor(), { state: 'warn', says: /recorder's own user/, todo: /tapedeck-encoder\/sock/ });
    t.equal((await ask(box.dataDir, 'status')).encoder, 'recorder');
    t.match(box.command('status').out, /ffmpeg runs as the recorder's own user/);
    await box.end('run', 'SIGTERM');

    await program.start();
    appendFileSync(box.config, `\n[encode]\nsocket = "${program.socket}"\n`);
    await box.start('run');
    t.match(doctor(), { state: 'ok', says: /run by the encoder at/ });
    t.equal((await ask(box.dataDir, 'status')).encoder, 'separate');
    await program.end('SIGTERM');
    t.match(doctor(), { state: 'fail', says: /does not answer/ });
  },
);
