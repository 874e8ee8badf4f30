import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { origins, trunkContexts } from '../../daemon/cli/doctor/contexts.js';
import { toAlarmWhy } from '../../daemon/domain/operations/alarm-codes.js';
import { alarmInWords } from '../../daemon/domain/operations/alarm-words.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import type { PbxConfig } from '../../daemon/ops/config-schema.js';
import { startPbx, startPbxOrSkip } from '../support/pbx/pbx.js';
import { createStages } from '../support/pbx/stage.js';
import { createRecorderLab, seconds, until } from '../support/recorder.js';

/**
 * FreePBX: "fwconsole start" gives all of Asterisk's spool to Asterisk's user, folders 0755 and files 0644. Here Asterisk
 * runs as root and plays that user; the recorder runs as another user in another group.
 */
const RECORDER = 4242;
const root = process.getuid!() === 0;

/** What Chown.class.php of FreePBX's framework does to ASTSPOOLDIR ("rdir", 0755). */
function fwconsoleChown(path: string): void {
  const found = statSync(path);
  chownSync(path, 0, 0);
  chmodSync(path, found.isDirectory() ? 0o755 : 0o644);
  if (found.isDirectory()) for (const name of readdirSync(path)) fwconsoleChown(join(path, name));
}

t.test(
  'a recorder without the right to write in the spool leaves nothing there',
  { skip: !root && 'root' },
  async (t) => {
    const pbx = await startPbx({ name: 'freepbx' });
    t.teardown(() => pbx.stop());
    // A run of this test that failed may have left some.
    for (const name of readdirSync(pbx.recordingDir)) rmSync(join(pbx.recordingDir, name));
    fwconsoleChown(pbx.spoolDir);
    // The laboratory's own folders above it are closed to others; those of a real system are not.
    for (let up = dirname(pbx.spoolDir); up.includes('.pbx'); up = dirname(up)) chmodSync(up, 0o711);
    const dir = t.testdir({});
    const secrets = { ari: join(dir, 'ari'), ami: join(dir, 'ami') };
    copyFileSync(pbx.ari.passwordFile, secrets.ari);
    copyFileSync(pbx.ami.secretFile, secrets.ami);
    const recorder = createRecorderLab({
      dir,
      pbx: {
        ...pbx,
        ari: { ...pbx.ari, passwordFile: secrets.ari },
        ami: { ...pbx.ami, secretFile: secrets.ami },
      },
      user: RECORDER,
    });
    t.teardown(() => recorder.stop());
    mkdirSync(recorder.dataDir, { recursive: true });
    for (const path of [dir, recorder.config, recorder.dataDir, ...Object.values(secrets)])
      chownSync(path, RECORDER, RECORDER);
    const query = <T>(sql: string): T[] => {
      const db = new Database(catalogueFile(recorder.dataDir));
      try {
        return db.prepare(sql).all() as T[];
      } finally {
        db.close();
      }
    };
    const stages = createStages(pbx);
    t.teardown(() => stages.stop());
    await stages.start();
    await recorder.startDaemon();
    const call = (name: string) =>
      stages.play({ name, phones: 1 }, async ({ actors, outside }) => {
        const made = await outside(`5554${actors[0]!.user}`);
        await made.answered;
        await seconds(3);
        await made.hangup();
      });
    const sealed = (n: number) =>
      until(`recording ${n}`, () => query("SELECT 1 FROM recordings WHERE state = 'sealed'").length === n);
    const inSpool = () => readdirSync(pbx.recordingDir).filter((name) => name.startsWith('tapedeck-'));
    const alarm = (key: string) =>
      query<{ why: string }>(`SELECT why FROM alarms WHERE key = '${key}' AND cleared_at IS NULL`)[0];

    await call('first');
    await sealed(1);
    await until('the removal, which Asterisk does', () => inSpool().length === 0);
    const raised = await until('the alarm', () => alarm('spool_rights'));
    t.match(alarmInWords(toAlarmWhy(JSON.parse(raised.why))), {
      message: new RegExp(`${pbx.recordingDir} \\(EACCES\\)`),
      hint: /chmod 2770.*fwconsole/s,
    });

    chmodSync(pbx.spoolDir, 0o700);
    await call('second');
    await sealed(2);
    t.match(
      query("SELECT coverage_status FROM calls WHERE coverage_status <> 'recorded'"),
      [],
      'both in full',
    );
    await until('the removal', () => inSpool().length === 0);

    chmodSync(pbx.spoolDir, 0o755);
    chmodSync(pbx.recordingDir, 0o777);
    await until('the end of the alarm', () => !alarm('spool_rights'));
  },
);

for (const version of [22, 16] as const)
  t.test(
    `the doctor sees an ARI for pages of any origin, and contexts that are not there (${version})`,
    async (t) => {
      const pbx = await startPbxOrSkip(t, { version, name: `freepbx-doctor-${version}` });
      if (!pbx) return;
      t.teardown(() => pbx.stop());
      const conf = join(dirname(pbx.logDir), 'etc/ari.conf');
      const text = readFileSync(conf, 'utf8');
      t.teardown(() => writeFileSync(conf, text));
      const section = {
        ...pbx.ari,
        ari_url: pbx.ari.url,
        ari_user: pbx.ari.user,
        ari_password_file: pbx.ari.passwordFile,
      };
      const allow = async (allowed: string) => {
        writeFileSync(
          conf,
          text.replace(/^\[general\].*$/m, (line) => `${line}\nallowed_origins = ${allowed}`),
        );
        await pbx.cli('module reload res_ari.so');
        return origins(section as unknown as PbxConfig);
      };
      t.match(await allow('*'), [{ state: 'warn', says: /any origin/ }], 'as FreePBX installs it');
      t.match(await allow('http://intranet.example'), [{ state: 'ok' }]);
      t.same(await origins({ ...section, ari_url: 'http://127.0.0.1:9' } as unknown as PbxConfig), []);

      const dialplan = () => pbx.cli('dialplan show');
      const of = (trunk_contexts: string[]) =>
        trunkContexts({ ari_url: pbx.ari.url, trunk_contexts }, dialplan);
      t.match(await of(['from-trunk']), [{ state: 'ok', says: /begin in from-trunk are/ }]);
      t.match(await of(['from-pstn', 'from-sip-*']), [{ state: 'fail', todo: /dialplan has .*from-trunk/ }]);
    },
  );
