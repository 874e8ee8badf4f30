import fs from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import {
  catalogueFile,
  catalogueFolder,
  controlSocket,
  keysFile,
  keysFolder,
  lockFile,
  ownerSocket,
  recorderFolder,
  recordingsFolder,
  signingFolder,
  signingKeyFile,
  webFolder,
} from '../../../daemon/domain/paths.js';

/** The files that hold secrets which are not the dashboard's. */
export type Secrets = { master: string; ari: string; ami: string };
export type Attempt = (name: string, act: () => unknown) => Promise<void>;

/** What the dashboard's user can try on the recorder's files, its process and its sockets. */
export async function tryFiles(
  { dataDir, secrets, pid }: { dataDir: string; secrets: Secrets; pid: number },
  attempt: Attempt,
): Promise<void> {
  const catalogue = catalogueFile(dataDir);
  function sql(text: string): unknown {
    const db = new Database(catalogue);
    try {
      return db.exec(text) && null;
    } finally {
      db.close();
    }
  }
  const write = (path: string) => fs.closeSync(fs.openSync(path, 'r+'));
  const read = (path: string) => void fs.readFileSync(path);

  /** The catalogue's rows: what forged packs, rules, rights and due recordings were made of. */
  const ROWS: Record<string, string> = {
    'an invented call': 'INSERT INTO calls SELECT * FROM calls LIMIT 1',
    'an invented rule': "INSERT INTO policies VALUES (99, 0, 'Anna Berg', '{}')",
    'a recording that is due': 'UPDATE recordings SET keep_until = 1',
    'rights for an agent': "UPDATE users SET roles = '[\"admin\"]' WHERE id = 'ben'",
    'a password': "UPDATE users SET password_hash = 'mine' WHERE id = 'anna'",
    'no second factor': 'DELETE FROM totp',
    'an entry of the audit log': 'DELETE FROM audit WHERE seq > 1',
    'a trigger': 'CREATE TRIGGER mine AFTER INSERT ON calls BEGIN DELETE FROM calls; END',
    'an older version': 'PRAGMA user_version = 3',
  };
  for (const [name, text] of Object.entries(ROWS)) await attempt(`write ${name}`, () => sql(text));

  for (const path of [catalogue, `${catalogue}-wal`, `${catalogue}-shm`]) {
    const name = path.slice(dataDir.length + 1);
    await attempt(`open ${name} to write`, () => write(path));
    await attempt(`truncate ${name}`, () => fs.truncateSync(path));
    await attempt(`remove ${name}`, () => fs.unlinkSync(path));
    await attempt(`rename ${name}`, () => fs.renameSync(path, join(webFolder(dataDir), 'taken')));
    await attempt(`replace ${name}`, () => {
      const mine = join(webFolder(dataDir), 'mine');
      fs.writeFileSync(mine, 'mine');
      fs.renameSync(mine, path);
    });
    await attempt(`change the mode of ${name}`, () => fs.chmodSync(path, 0o666));
  }
  for (const folder of [
    dataDir,
    catalogueFolder(dataDir),
    dirname(controlSocket(dataDir)),
    signingFolder(dataDir),
    recordingsFolder(dataDir),
  ]) {
    const name = folder === dataDir ? 'the data directory' : `${folder.slice(dataDir.length + 1)}/`;
    await attempt(`put a file into ${name}`, () =>
      fs.writeFileSync(join(folder, 'catalogue.db-journal'), 'mine'),
    );
    await attempt(`put a link into ${name}`, () => fs.symlinkSync('/etc/hostname', join(folder, 'a-link')));
    await attempt(`rename ${name}`, () => fs.renameSync(folder, `${folder}-taken`));
  }
  await attempt('replace the control socket', () => fs.unlinkSync(controlSocket(dataDir)));

  const SECRETS: Record<string, string> = {
    'keys.db': keysFile(dataDir),
    'the folder of the keys': keysFolder(dataDir),
    'the signing key': signingKeyFile(dataDir),
    'the master key': secrets.master,
    'the secret of ARI': secrets.ari,
    'the secret of AMI': secrets.ami,
    "the recorder's folder": recorderFolder(dataDir),
    "the recorder's lock": lockFile(dataDir),
  };
  for (const [name, path] of Object.entries(SECRETS))
    await attempt(`read ${name}`, () => (/folder/.test(name) ? void fs.readdirSync(path) : read(path)));
  await attempt("read the recorder's memory", () => write(`/proc/${pid}/mem`));
  await attempt("read the recorder's environment", () => read(`/proc/${pid}/environ`));
  await attempt('end the recorder', () => process.kill(pid, 'SIGKILL'));
  await attempt(
    "open the owner's socket",
    () =>
      new Promise<void>((resolve, reject) => {
        createConnection(ownerSocket(dataDir)).once('connect', resolve).once('error', reject);
      }),
  );
  const sealed = fs
    .readdirSync(recordingsFolder(dataDir), { recursive: true, encoding: 'utf8' })
    .map((name) => join(recordingsFolder(dataDir), name))
    .find((path) => path.endsWith('.age'))!;
  await attempt('change a recording', () => write(sealed));
  await attempt('remove a recording', () => fs.unlinkSync(sealed));
}
