import { spawnSync } from 'node:child_process';
import t from 'tap';
import { NEEDS_ROOT } from '../../support/box/box.js';
import { createSeizedFfmpeg } from '../../support/box/seized-ffmpeg.js';

t.setTimeout(240_000);

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
