import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { TapedeckError } from '../../daemon/domain/error.js';
import { loadConfig } from '../../daemon/ops/config.js';
import { credentialOf } from '../../daemon/ops/config-pbx.js';
import { type Config, exampleConfig } from '../../daemon/ops/config-schema.js';
import { readSecret } from '../../daemon/ops/secrets/secret.js';

const EXAMPLE = fileURLToPath(new URL('../../tapedeck.toml.example', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/daemon/main.js', import.meta.url));

const written = (t: Test, toml: string): string =>
  join(t.testdir({ 'tapedeck.toml': toml }), 'tapedeck.toml');
const load = (t: Test, toml: string): Config => loadConfig(written(t, toml));

function errorOf(act: () => unknown): TapedeckError {
  try {
    act();
  } catch (e) {
    return e as TapedeckError;
  }
  throw new Error('Nothing was thrown');
}

/** The faults of a configuration, one line each. */
function faultsOf(t: Test, toml: string): string[] {
  const error = errorOf(() => load(t, toml));
  t.equal(error.code, 'config_invalid');
  return error.detail.trim().split('\n');
}

t.test('an empty file is a whole configuration', async (t) => {
  const config = load(t, '');
  t.match(config, {
    site: { name: 'Tapedeck', time_zone: 'UTC', region: '' },
    data: { dir: '/var/lib/tapedeck' },
    pbxes: [{ id: '', name: 'PBX', ari_url: 'http://127.0.0.1:8088', ami_port: 5038, app: 'tapedeck' }],
    web: { address: '127.0.0.1', port: 8090, hosts: [] },
    log: { level: 'info' },
  });
  t.throws(() => Object.assign(config.web, { port: 1 }), 'it is frozen');
  t.throws(() => (config.web.hosts as string[]).push('x'), 'all through');
});

t.test('the example in the repository is what the schema says, and loads as the defaults', async (t) => {
  t.equal(readFileSync(EXAMPLE, 'utf8'), exampleConfig());
  const { file, ...example } = loadConfig(EXAMPLE);
  const { file: other, ...empty } = load(t, '');
  t.equal(file, EXAMPLE);
  t.same(example, empty);
});

t.test('of a database only what differs from FreePBX has to be written', async (t) => {
  const file = written(t, '[coverage]\ncdr_mysql = { socket = "mysqld.sock" }\n');
  const cdrs = loadConfig(file).pbxes[0]!.cdr_mysql;
  t.match(cdrs, { database: 'asteriskcdrdb', table: 'cdr', password_file: '/etc/tapedeck/cdr-password' });
  t.equal(cdrs?.socket, join(file, '../mysqld.sock'));
  t.equal(load(t, '[coverage.cdr_mysql]\nhost = "db"\n').pbxes[0]!.cdr_mysql?.port, 3306);
  t.equal(load(t, '').pbxes[0]!.cdr_mysql, undefined);
});

t.test('a fault has its line, its name and what to write instead', async (t) => {
  const cases: [what: string, toml: string, wanted: RegExp][] = [
    ['a number of another type', '[web]\n\nport = "8090"\n', /^line 3: "web\.port" .*integer.*Its port\.$/],
    ['a number that is none', '[web]\nport = 1.5\n', /^line 2: "web\.port"/],
    ['a port out of range', '[pbx]\nami_port = 70000\n', /^line 2: "pbx\.ami_port" .*65535/],
    ['an empty text', '[data]\ndir = ""\n', /^line 2: "data\.dir"/],
    ['an address without a scheme', '[pbx]\nari_url = "pbx:8088"\n', /^line 2: "pbx\.ari_url" .*http\.conf/],
    ['a list of another type', '[web]\nhosts = "desk"\n', /^line 2: "web\.hosts" .*array/],
    [
      'a level that is none',
      '[log]\nlevel = "loud"\n',
      /^line 2: "log\.level" .*debug, info, warn or error\.$/,
    ],
    [
      'a zone that is none',
      '[site]\ntime_zone = "Mars/Olympus"\n',
      /^line 2: "Mars\/Olympus" is not an IANA zone.*Europe/,
    ],
    [
      'an unknown key',
      '[web]\nadress = "0.0.0.0"\n',
      /^line 2: unknown key "web\.adress"\. Known: address, port, hosts, /,
    ],
    [
      'a key that is nearly known',
      '[pbx]\nariUrl = "http://pbx"\n',
      /^line 2: unknown key "pbx\.ariUrl"\. Did you mean "ari_url"\?$/,
    ],
    [
      'an unknown section',
      '[site]\n[webb]\nport = 1\n',
      /^line 2: unknown section "webb"\. Known: site, data, pbx, web, /,
    ],
    ['a section that is a value', '\nweb = 8090\n', /^line 2: "web" is a section; write \[web\]/],
    [
      'an unknown key of a table in a section',
      '[coverage]\n\n[coverage.cdr_mysql]\nhostname = "db"\n',
      /^line 4: unknown key "coverage\.cdr_mysql\.hostname"\. Did you mean "host"\?$/,
    ],
    [
      'a value in a table on one line',
      '[coverage]\ncdr_mysql = { port = "x" }\n',
      /^line 2: "coverage\.cdr_mysql\.port" .*integer.*Its port\.$/,
    ],
    ['a table that is a value', '[coverage]\ncdr_mysql = "db"\n', /^line 2: "coverage\.cdr_mysql" .*object/],
  ];
  for (const [what, toml, wanted] of cases) {
    const faults = faultsOf(t, toml);
    t.equal(faults.length, 1, `${what}: one line`);
    t.match(faults[0], wanted, what);
  }
});

t.test('codes that cannot be told apart are refused', async (t) => {
  t.match(load(t, '[codes]\nmask = "*71"\nresume = "*72"\n').codes, { mask: '*71', resume: '*72', keep: '' });
  t.match(faultsOf(t, '[codes]\nmask = "*7"\nkeep = "*71"\n'), [
    /^line 3: "codes\.keep" and "codes\.mask" cannot be told apart/,
  ]);
  t.match(faultsOf(t, '[codes]\nmask = "71 "\n'), [/^line 2: "codes\.mask"/]);
});

t.test('the line is that of the key in its own section', async (t) => {
  const toml = '[site]\nname = "x"\n[pbx]\nari_user = "y"\n\n[web]\n# port = 1\nport = -1\n';
  t.match(faultsOf(t, toml), [/^line 8: "web\.port"/]);
});

t.test('several faults are told at once, one line each', async (t) => {
  const faults = faultsOf(
    t,
    '[site]\ntime_zone = "nowhere"\n[web]\nport = "x"\nprot = 1\n[pbx]\nami_port = 0\n[nothing]\n[log]\nlevel = 3\n',
  );
  t.match([...faults].sort(), [
    /^line 10: "log\.level"/,
    /^line 2: "nowhere"/,
    /^line 4: "web\.port"/,
    /^line 5: .*"web\.prot"/,
    /^line 7: "pbx\.ami_port"/,
    /^line 8: .*"nothing"/,
  ]);
  t.equal(faults.length, 6);
});

t.test('what is not TOML is told with its line', async (t) => {
  t.match(faultsOf(t, '[site]\nname = "x\n'), [/^line 2: this is not TOML/]);
});

t.test('a file that is not there is told with its name', async (t) => {
  const error = errorOf(() => loadConfig('/nowhere/tapedeck.toml'));
  t.equal(error.code, 'config_missing');
  t.match(error.message, '/nowhere/tapedeck.toml');
  t.match(error.hint, 'Run "tapedeck setup" as root');
});

t.test('relative paths are taken from the directory of the file', async (t) => {
  const file = written(
    t,
    '[data]\ndir = "data"\n[keys]\nmaster_key_file = "../k/master.key"\n[pbx]\nspool = "spool"\nari_password_file = "ari"\nami_secret_file = "/abs/ami"\n',
  );
  const dir = join(file, '..');
  const config = loadConfig(file);
  t.equal(config.file, file);
  t.equal(config.data.dir, join(dir, 'data'));
  t.equal(config.keys.master_key_file, join(dir, '../k/master.key'));
  t.equal(config.pbxes[0]!.spool, join(dir, 'spool'));
  t.equal(config.pbxes[0]!.ari_password_file, join(dir, 'ari'));
  t.equal(config.pbxes[0]!.ami_secret_file, '/abs/ami');
});

t.test('several PBXs have a section each, and the first of them no id', async (t) => {
  const file = written(
    t,
    [
      '[[pbx]]\nname = "Head office"\nspool = "one"',
      '[[pbx]]\nid = "warehouse"\nari_url = "http://127.0.0.1:8089"\nami_port = 5039\nspool = "two"\ncdr_csv = "two.csv"',
      '[[pbx]]\nid = "shop"\nari_url = "http://10.0.0.2:8088"\nami_host = "10.0.0.2"\nspool = "three"',
      '[pbx.cdr_mysql]\nhost = "10.0.0.2"',
      '[coverage]\ncdr_csv = "one.csv"',
    ].join('\n'),
  );
  const dir = join(file, '..');
  t.match(loadConfig(file).pbxes, [
    { id: '', name: 'Head office', ami_port: 5038, spool: join(dir, 'one'), cdr_csv: join(dir, 'one.csv') },
    { id: 'warehouse', name: 'warehouse', ami_user: 'tapedeck', cdr_csv: join(dir, 'two.csv') },
    { id: 'shop', spool: join(dir, 'three'), cdr_mysql: { host: '10.0.0.2', port: 3306 } },
  ]);
  t.equal(loadConfig(file).pbxes[1]!.cdr_mysql, undefined);
  const [first, second] = loadConfig(file).pbxes;
  t.equal(credentialOf('ari-password', first!), 'ari-password');
  t.equal(credentialOf('ari-password', second!), 'ari-password-warehouse');
  t.match(load(t, '[pbx]\ncdr_csv = "/own.csv"\n').pbxes, [{ id: '', cdr_csv: '/own.csv' }], 'as with one');
});

t.test('two PBXs that could not be told apart are refused', async (t) => {
  const TWO = (second: string, first = '') =>
    `[[pbx]]\n${first}\n[[pbx]]\nid = "b"\nari_url = "http://b:8088"\nami_host = "b"\nspool = "/b"\n${second}\n`;
  t.equal(load(t, TWO('')).pbxes.length, 2);
  const cases: [what: string, toml: string, wanted: RegExp][] = [
    ['the first with an id', '[[pbx]]\n\nid = "a"\n', /^line 3: the first PBX has no "pbx.id"\. Leave/],
    ['one with an id', '[pbx]\nid = "a"\n', /^line 2: the first PBX has no "pbx\.id"/],
    ['the second without', TWO('', '').replace('id = "b"', ''), /^line 3: "pbx\.id" is needed.*"warehouse"/],
    ['an id that is none', TWO('').replace('"b"', '"B 1"'), /^line 4: "pbx\.id" is a word of at most 32/],
    ['a word that is taken', TWO('').replace('"b"', '"first"'), /^line 4: .*not "first"/],
    [
      'one id for two',
      TWO('[[pbx]]\nid = "b"\nari_url = "http://c:8088"\nami_host = "c"\nspool = "/c"'),
      /^line 9: two PBXs have the "pbx\.id" "b"/,
    ],
    ['one folder', TWO('', 'spool = "/b/"'), /^line 7: "pbx\.spool" of "b" is also that of "PBX".*ARI/],
    ['the folder of the default', TWO('').replace('spool = "/b"\n', ''), /^line 3: "pbx\.spool" of "b"/],
    ['one Asterisk', TWO('', 'ari_url = "http://b:8088/"'), /^line 5: "pbx\.ari_url" of "b"/],
    ['one manager', TWO('', 'ami_host = "b"'), /^line \d: "pbx\.ami_port" of "b"/],
    ['one name', TWO('name = "PBX"'), /^line 8: "pbx\.name" of "PBX"/],
    ['one file of CDRs', TWO('cdr_csv = "/m.csv"', 'cdr_csv = "/m.csv"'), /^line 8: "pbx\.cdr_csv"/],
    [
      'CDRs of the first in two places',
      TWO('[coverage]\ncdr_csv = "/n.csv"', 'cdr_csv = "/m.csv"'),
      /^line 9: the first PBX has "pbx\.cdr_csv" too/,
    ],
    ['a key of the second', TWO('ami_prot = 1', 'ami_port = 1'), /^line 8: unknown key "pbx\.ami_prot"/],
    ['a number of the second', TWO('ami_port = 0', 'ami_port = 1'), /^line 8: "pbx\.ami_port" .*its port/i],
    ['no country', TWO('region = "XX"'), /^line 8: "XX" is not a country/],
    ['a state of no country', TWO('state = "TX"'), /^line 8: "pbx\.state" needs its country/],
    ['none', 'pbx = []\n', /^line 1: "pbx" is empty/],
    ['no section', 'pbx = [1]\n', /^line 1: "pbx" is a section/],
  ];
  for (const [what, toml, wanted] of cases) {
    const faults = faultsOf(t, toml);
    t.equal(faults.length, 1, `${what}: one line`);
    t.match(faults[0], wanted, what);
  }
});

t.test('a secret comes from its file, or from a systemd credential before that', async (t) => {
  const dir = t.testdir({ file: ' from the file \n', credentials: { 'ari-password': 'from systemd\n' } });
  const before = process.env.CREDENTIALS_DIRECTORY;
  t.teardown(() => {
    if (before === undefined) delete process.env.CREDENTIALS_DIRECTORY;
    else process.env.CREDENTIALS_DIRECTORY = before;
  });
  delete process.env.CREDENTIALS_DIRECTORY;
  t.equal(readSecret(join(dir, 'file'), 'ari-password'), 'from the file');
  process.env.CREDENTIALS_DIRECTORY = join(dir, 'credentials');
  t.equal(readSecret(join(dir, 'file'), 'ari-password'), 'from systemd');
  t.equal(readSecret(join(dir, 'file'), 'ami-secret'), 'from the file', 'one that systemd was not given');
  const error = errorOf(() => readSecret(join(dir, 'none'), 'ami-secret'));
  t.equal(error.code, 'secret_missing');
  t.match(error.message, join(dir, 'none'));
});

t.test(
  'the program ends with 2 and names every fault',
  { skip: !existsSync(MAIN) && 'not built' },
  async (t) => {
    const run = (file: string) =>
      new Promise<{ code: unknown; err: string }>((resolve) => {
        execFile(process.execPath, [MAIN, '--config', file, 'run'], (e, _out, err) =>
          resolve({ code: e ? e.code : 0, err }),
        );
      });
    const file = written(t, '[web]\nport = "x"\n[nothing]\n');
    const wrong = await run(file);
    t.equal(wrong.code, 78);
    t.match(wrong.err, /line 2: "web\.port"/);
    t.match(wrong.err, /line 3: unknown section "nothing"/);
    t.notMatch(wrong.err, /\n\s+at /, 'no stack');
    writeFileSync(file, '[web');
    t.match(await run(file), { code: 78, err: /not TOML/ });
    t.match(await run(`${file}.none`), { code: 78, err: /cannot be read/ });
  },
);

t.test('backups go to one place, encrypted, and to no other machine in the clear', async (t) => {
  const recipient = `recipient = "age1${'q'.repeat(58)}"`;
  const s3 = (endpoint: string) =>
    `[backup.s3]\nendpoint = "${endpoint}"\nbucket = "b"\naccess_key_id = "AK"\n`.replace('"b"', '"bucket"');
  const host = `host_key = "ssh-ed25519 ${'A'.repeat(68)}"`;
  const sftp = `[backup.sftp]\nhost = "nas"\nuser = "tapedeck"\npath = "/backups"\n`;
  t.match(load(t, `[backup]\n${recipient}\n${s3('https://s3.example.com')}`).backup, {
    ...{ path: '', sftp: undefined },
    s3: { region: 'us-east-1', prefix: '', ca_file: '', secret_key_file: '/etc/tapedeck/backup-s3-key' },
  });
  t.match(load(t, `[backup]\n${recipient}\n${sftp}${host} # of the server\n`).backup.sftp, { port: 22 });
  t.match(faultsOf(t, `[backup]\n${s3('https://s3.example.com')}`), [
    /^line \d: "backup\.recipient" is needed/,
  ]);
  t.match(faultsOf(t, `[backup]\npath = "/mnt"\n${recipient}\n${sftp}${host}\n`), [
    /^line 4: "backup\.path" is set too; backups go to one place/,
  ]);
  t.match(faultsOf(t, `[backup]\n${recipient}\n${s3('http://10.0.0.1:9000')}`), [/^line 3: use https:\/\//]);
  t.match(load(t, `[backup]\n${recipient}\n${s3('http://127.0.0.1:9000')}`).backup.s3, { bucket: 'bucket' });
  t.match(faultsOf(t, `[backup]\n${recipient}\n${sftp}`), [/^line 3: "backup\.sftp\.host_key" is needed/]);
  t.match(faultsOf(t, `[backup]\n${recipient}\n${sftp}host_key = "SHA256:abc"\n`), [/host_key" must match/]);
});
