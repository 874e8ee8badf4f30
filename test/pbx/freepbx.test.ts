import { chmodSync, chownSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { toAlarmWhy } from '../../daemon/domain/operations/alarm-codes.js';
import { alarmInWords } from '../../daemon/domain/operations/alarm-words.js';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { startPbx } from '../support/pbx/pbx.js';
import { createStages } from '../support/pbx/stage.js';
import { createRecorderLab, seconds, until } from '../support/recorder.js';

/**
 * FreePBX: "fwconsole start" gives all of Asterisk's spool to Asterisk's user, folders 0755 and files 0644. Here Asterisk
 * runs as root and plays that user; the recorder runs as another user in another group.
 */
t.setTimeout(200_000);
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
      until(
        `recording ${n}`,
        () => query("SELECT 1 FROM recordings WHERE state = 'sealed'").length === n,
        30_000,
      );
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
    await until('the end of the alarm', () => !alarm('spool_rights'), 15_000);
  },
);
