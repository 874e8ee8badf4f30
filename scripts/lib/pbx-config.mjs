import { createHash, randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

// sun_path is 108 bytes with its final zero (unix(7)); the longest name here is asterisk.ctl.
const SOCKET_PATH_LIMIT = 107;
/** Snippets that an administrator installs; the lab adds only what its own `*.lab.conf` says. */
const SNIPPETS = ['ari.conf', 'manager.conf', 'http.conf', 'cdr_manager.conf'];
/** Snippets that are added to a file that everybody has of their own. */
const APPENDED = ['extensions.conf', 'features.conf'];
const SECRETS = ['tapedeck-ari', 'tapedeck-ami', 'lab-ari', 'lab-ami'];

/** A folder of an instance's under the temporary folder. */
const elsewhere = (instance, what = '') => {
  const key = createHash('sha256').update(instance).digest('hex').slice(0, 12);
  return join(tmpdir(), `tapedeck-pbx-${process.getuid()}-${key}${what}`);
};

/** The control socket's folder: inside the instance, or under the temporary folder when that path is too long. */
const socketDir = (instance) => {
  const inside = join(instance, 'run');
  return Buffer.byteLength(join(inside, 'asterisk.ctl')) <= SOCKET_PATH_LIMIT ? inside : elsewhere(instance);
};

/** Every folder of an instance, as absolute paths. */
export const instanceDirs = (instance) => ({
  instance,
  etc: join(instance, 'etc'),
  run: socketDir(instance),
  spool: join(instance, 'spool'),
  log: join(instance, 'log'),
  db: join(instance, 'db'),
  lib: join(instance, 'lib'),
  sbin: join(instance, 'sbin'),
  // Asterisk takes what follows the first dot in the path of a fetched file for its extension (22.10.1), and ".pbx" has one.
  cache: elsewhere(instance, '-cache'),
  secrets: join(instance, 'secrets'),
});

const makePrivate = (dir) => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const stat = lstatSync(dir);
  if (!stat.isDirectory() || stat.uid !== process.getuid())
    throw new Error(`${dir} belongs to somebody else; remove it`);
  chmodSync(dir, 0o700);
};

/** Makes the folders, with spool/recording, which Asterisk's packages leave out: without it every ARI recording fails. */
export const makeDirs = (dirs) => {
  for (const dir of Object.values(dirs)) makePrivate(dir);
  for (const part of ['recording', 'monitor', 'voicemail', 'outgoing', 'tmp'])
    mkdirSync(join(dirs.spool, part), { recursive: true });
  mkdirSync(join(dirs.lib, 'keys'), { recursive: true });
  mkdirSync(join(dirs.log, 'cdr-csv'), { recursive: true });
};

export const secretFile = (dirs, name) => join(dirs.secrets, name);

/** The instance's secrets by name; made at random once, kept in files of mode 0600. */
const readSecrets = (dirs) =>
  Object.fromEntries(
    SECRETS.map((name) => {
      const file = secretFile(dirs, name);
      if (!existsSync(file))
        writeFileSync(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
      return [name, readFileSync(file, 'utf8').trim()];
    }),
  );

const asteriskConf = (dirs, tree) => `[directories]
astetcdir => ${dirs.etc}
astmoddir => ${tree.modules}
astvarlibdir => ${dirs.lib}
astdbdir => ${dirs.db}
astkeydir => ${dirs.lib}
astdatadir => ${tree.data}
astagidir => ${tree.data}/agi-bin
astspooldir => ${dirs.spool}
astcachedir => ${dirs.cache}
astrundir => ${dirs.run}
astlogdir => ${dirs.log}
astsbindir => ${dirs.sbin}

[options]
maxfiles = 16384
hideconnect = yes
`;

/** Not 110 to 119: many of those are emergency numbers somewhere, and never recorded. */
const extensions = Array.from({ length: 20 }, (_, i) => String(i < 10 ? 100 + i : 110 + i));

/**
 * pjsip.conf's objects for the phones; the lab's template is `phone`, and a phone waits at `phones` + 0...19. `names` are
 * the caller ids of some extensions; the others are called "Ext 104".
 */
const phoneSections = (ports, names) =>
  extensions
    .map(
      (ext, i) => `[${ext}](phone)
aors=${ext}
callerid="${names[ext] ?? `Ext ${ext}`}" <${ext}>
accountcode=acct${ext}
[${ext}]
type=aor
contact=sip:${ext}@127.0.0.1:${ports.phones + i}
`,
    )
    .join('');

/**
 * Asterisk that runs before all else (-p) starts a canary of ordinary priority, and gives its own priority up two minutes later
 * if that is not alive. It looks for it in astsbindir; unpacked elsewhere it needs its own loader and libraries.
 */
const writeCanary = (dirs, { command, prefix }) => {
  makePrivate(dirs.sbin);
  const binary = join(dirname(prefix.at(-1) ?? command), 'astcanary');
  const words = [...(prefix.length > 0 ? [command] : []), ...prefix.slice(0, -1), binary];
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  writeFileSync(join(dirs.sbin, 'astcanary'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o700 });
};

/**
 * Writes the instance's whole etc folder: the snippets of asterisk-conf/ with this instance's secrets,
 * followed by the lab's additions, and the lab's own files with their @PLACES@ filled in.
 */
export const writeEtc = ({ dirs, tree, ports, names, snippetDir, labDir }) => {
  const secrets = readSecrets(dirs);
  const places = {
    SIP_PORT: ports.sip,
    HTTP_PORT: ports.http,
    AMI_PORT: ports.ami,
    RTP_START: ports.rtpStart,
    RTP_END: ports.rtpEnd,
    CARRIER_PORT: ports.carrier,
    LOAD_PORT: ports.load,
    DATA_DIR: tree.data,
    LAB_ARI_PASSWORD: secrets['lab-ari'],
    LAB_AMI_SECRET: secrets['lab-ami'],
    PHONES: phoneSections(ports, names),
  };
  const fill = (text) =>
    text.replace(/@([A-Z_]+)@/g, (whole, name) => {
      if (!(name in places)) throw new Error(`unknown place ${whole} in the lab's configuration`);
      return places[name];
    });
  const read = (dir, name) => readFileSync(join(dir, name), 'utf8');
  const placeholder = { 'ari.conf': 'tapedeck-ari', 'manager.conf': 'tapedeck-ami' };

  rmSync(dirs.etc, { recursive: true, force: true });
  makePrivate(dirs.etc);
  const write = (name, text) => writeFileSync(join(dirs.etc, name), text, { mode: 0o600 });
  write('asterisk.conf', asteriskConf(dirs, tree));
  writeCanary(dirs, tree);
  for (const name of SNIPPETS) {
    const snippet = read(snippetDir, name);
    const secret = secrets[placeholder[name]];
    const own = secret ? snippet.replace(/CHANGE-ME/g, secret) : snippet;
    write(name, `${own}\n${fill(read(labDir, name.replace('.conf', '.lab.conf')))}`);
  }
  for (const name of readdirSync(labDir)) {
    if (name.endsWith('.conf') && !name.endsWith('.lab.conf')) write(name, fill(read(labDir, name)));
  }
  for (const name of APPENDED) {
    appendFileSync(join(dirs.etc, name), `\n${read(snippetDir, name)}`);
  }
};
