import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { withValues } from '../../../daemon/cli/setup/conf/toml.js';
import { cdrTable, openAdmin } from '../../../daemon/cli/setup/machine/cdr-database.js';
import { fwconsoleOf } from '../../../daemon/cli/setup/machine/fwconsole.js';
import type { OwnFacts } from '../../../daemon/cli/setup/plan/plan-own.js';
import { overview, preview, summary } from '../../../daemon/cli/setup/plan/preview.js';
import { cdrsOf, databaseAgain } from '../../../daemon/cli/setup/steps/cdrs.js';
import type { AnswerFile } from '../../../daemon/cli/setup/talk/answers.js';
import type { Terminal } from '../../../daemon/cli/setup/talk/terminal.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { runProgram } from '../../../daemon/ops/process/run-program.js';
import { startMariadb } from '../../support/peers/mariadb.js';
import { makeFreepbx } from '../../support/setup/freepbx.js';

const BOSS = { user: 'boss', password: "it's a secret" };
const mariadb = await startMariadb();
t.teardown(() => mariadb.stop());
await mariadb.run(`CREATE DATABASE asteriskcdrdb; USE asteriskcdrdb;
  CREATE TABLE cdr (calldate datetime NOT NULL, uniqueid varchar(32), disposition varchar(45)); CREATE TABLE cel (id int);
  INSERT INTO cdr VALUES (now(), '1.1', 'ANSWERED');
  CREATE USER boss@localhost IDENTIFIED BY '${BOSS.password.replace("'", "''")}';
  GRANT ALL ON *.* TO boss@localhost WITH GRANT OPTION;
  ALTER USER root@localhost IDENTIFIED VIA unix_socket`);

type Given = {
  config?: string;
  typed?: string[];
  given?: AnswerFile;
  sockets?: string[];
  settings?: Record<string, string>;
};

/** What setup does about CDRs on a FreePBX with this database; answers at the terminal are `typed`. */
async function lab(
  t: Test,
  { config = '[coverage]\n', settings = {}, sockets = [mariadb.socket] }: Given = {},
) {
  const pbx = makeFreepbx(t.testdir({}), { settings, sockets });
  const toml = join(pbx.dir, 'tapedeck.toml');
  writeFileSync(toml, config);
  const root = { uid: process.getuid!(), gid: process.getgid!() };
  const own = {
    etc: pbx.dir,
    config,
    root,
    systemd: join(pbx.dir, 'systemd'),
    dropIns: {},
  } as unknown as OwnFacts;
  const dropIn = join(pbx.dir, 'systemd/tapedeck.service.d/setup-cdrs.conf');
  const journal = () => openJournal(join(pbx.dir, 'journal'));
  const said: string[] = [];
  const at = (typed: string[]) => {
    const next = async () => {
      if (typed.length === 0) throw new Error('nothing more was expected to be asked');
      return typed.shift()!;
    };
    const note = (text: string) => void said.push(text);
    return { title: note, note, say: () => {}, ask: next, secret: next } as unknown as Terminal;
  };
  const means = { fwconsole: fwconsoleOf(runProgram, pbx.places) };
  const secret = () => readFileSync(join(pbx.dir, 'cdr-password'), 'utf8').trim();
  return {
    ...{ dir: pbx.dir, said, secret },
    plan: ({ typed, given = {} }: Pick<Given, 'typed' | 'given'> = {}) =>
      cdrsOf(at(typed ?? []), {
        ...{
          facts: { kind: 'freepbx' },
          places: pbx.places,
          run: runProgram,
          config: toml,
          given,
          asks: typed !== undefined,
          journal: journal(),
        },
        own: {
          ...own,
          config: readFileSync(toml, 'latin1'),
          dropIns: existsSync(dropIn) ? { [dropIn]: readFileSync(dropIn, 'latin1') } : {},
        },
      }),
    async apply({ changes, values, database }: Awaited<ReturnType<typeof cdrsOf>>) {
      await applyChanges(changes, { ...means, journal: journal(), database });
      writeFileSync(toml, withValues(readFileSync(toml, 'latin1'), values));
    },
    undo: async ({ typed, given = {} }: Pick<Given, 'typed' | 'given'> = {}) =>
      undoChanges({ ...means, journal: journal(), database: databaseAgain(at(typed ?? []), given, !!typed) }),
    mysql: () => loadConfig(toml).pbxes[0]!.cdr_mysql,
    reads: async (sql: string) => {
      const db = await openAdmin(mariadb.socket, { user: 'tapedeck', password: secret() });
      return db.run(sql).finally(() => db.end());
    },
  };
}
const asBoss = async (sql: string) => {
  const db = await openAdmin(mariadb.socket, BOSS);
  return db.run(sql).finally(() => db.end());
};
const ours = () => asBoss("SELECT 1 FROM mysql.user WHERE user = 'tapedeck'");

t.test('root is let in: a user that reads the table and nothing else, and is taken back', async (t) => {
  const { plan, apply, undo, mysql, secret, reads, dir } = await lab(t);
  const planned = await plan();
  t.same(planned.warnings, []);
  t.match(overview(planned.changes)[0], [
    `Database user tapedeck@localhost (${mariadb.socket})`,
    /asteriskcdrdb\.cdr/,
  ]);
  t.match(summary(planned.changes), [
    ['At the PBX', /^1 user of the database\. .*--undo/],
    ["Tapedeck's own", '2 new files.'],
  ]);
  t.same(await ours(), [], 'a plan changes nothing');
  await apply(planned);
  t.notMatch(planned.changes.map(preview).join(''), secret());
  t.match(mysql(), {
    socket: mariadb.socket,
    database: 'asteriskcdrdb',
    table: 'cdr',
    user: 'tapedeck',
    password_file: join(dir, 'cdr-password'),
  });
  t.match(
    readFileSync(join(dir, 'systemd/tapedeck.service.d/setup-cdrs.conf'), 'utf8'),
    `LoadCredential=cdr-password:${dir}/cdr-password`,
  );
  t.equal((await reads('SELECT * FROM asteriskcdrdb.cdr')).length, 1);
  for (const sql of [
    'DELETE FROM asteriskcdrdb.cdr',
    'SELECT * FROM asteriskcdrdb.cel',
    'SELECT * FROM mysql.user',
    'CREATE USER x@localhost',
  ])
    await t.rejects(reads(sql), { code: 'setup_database' }, sql);

  const before = secret();
  await apply(await plan());
  t.equal(secret(), before, 'setup again: what works stays');
  await asBoss("SET PASSWORD FOR tapedeck@localhost = PASSWORD('another')");
  await apply(await plan());
  t.not(secret(), before, 'its password was changed: it gets another');
  t.equal((await reads('SELECT * FROM asteriskcdrdb.cdr')).length, 1);

  t.match(await undo(), [{ what: 'Database user tapedeck@localhost', how: 'removed' }]);
  t.same(await ours(), []);
  await apply(await plan());
  t.equal((await reads('SELECT * FROM asteriskcdrdb.cdr')).length, 1, 'and once more after that');
  t.match(await undo(), [{ how: 'removed' }]);
  t.same(await ours(), []);
});

t.test('a user of that name that setup did not make stays', async (t) => {
  await asBoss("CREATE USER tapedeck@localhost IDENTIFIED BY 'theirs'");
  const { plan, dir } = await lab(t);
  const { changes, warnings, values } = await plan();
  t.same([changes, values], [[], []]);
  t.match(warnings, [/a user tapedeck@localhost that setup did not create/]);
  writeFileSync(join(dir, 'cdr-password'), 'theirs\n');
  t.match((await plan()).warnings, [/did not create/], 'it may not read the table');
  await asBoss('GRANT SELECT ON asteriskcdrdb.cdr TO tapedeck@localhost');
  const theirs = await plan();
  t.same(
    [theirs.warnings, theirs.changes.map(({ kind }) => kind), theirs.values.length],
    [[], ['file'], 1],
    'used as it is',
  );
  await asBoss('DROP USER tapedeck@localhost');
});

t.test('where root is not let in, the administrator is asked for', async (t) => {
  await asBoss("ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING 'invalid'");
  t.teardown(() => asBoss('ALTER USER root@localhost IDENTIFIED VIA unix_socket'));
  const one = await lab(t);
  const refused = await one.plan();
  t.match(
    refused,
    { changes: [], values: [], warnings: [/could not create the database user.*cdr_admin/] },
    'nobody to ask',
  );
  t.match(await one.plan({ typed: ['none'] }), {
    changes: [],
    warnings: [/could not create the database user/],
  });
  const typed = ['boss', 'wrong', BOSS.user, BOSS.password];
  const planned = await one.plan({ typed });
  t.same([typed, planned.warnings], [[], []]);
  t.match(one.said.at(-1), /The database refused that: .*boss/);
  t.notMatch(one.said.join('\n'), BOSS.password);
  await one.apply(planned);
  t.equal((await one.reads('SELECT * FROM asteriskcdrdb.cdr')).length, 1);

  t.match(
    await one.undo(),
    [{ how: 'kept', why: /as root/ }],
    'undone without them: the rest is, this stays',
  );
  t.equal((await ours()).length, 1);
  const file = join(one.dir, 'boss');
  const given = { cdr_admin: { user: BOSS.user, password_file: file } };
  await t.rejects(one.undo({ given }), { code: 'setup_answers' });
  writeFileSync(file, `${BOSS.password}\n`);
  t.match(await one.undo({ given }), [{ how: 'removed' }]);
  t.match(
    (await one.plan({ given })).changes.map(({ kind }) => kind),
    ['account', 'file'],
  );
  writeFileSync(file, 'wrong');
  await t.rejects(one.plan({ given }), { code: 'setup_database' }, 'one from a file is no guess');
});

t.test('what is read otherwise, or is elsewhere, is left alone', async (t) => {
  const cases: [why: string, given: Given, said: RegExp | null][] = [
    ['a Master.csv is read', { config: '[coverage]\ncdr_csv = "/x"\n' }, null],
    [
      'another user reads it',
      { config: `[coverage]\ncdr_mysql = { socket = "${mariadb.socket}", user = "crm" }\n` },
      null,
    ],
    [
      'the table is on another machine',
      { settings: { CDRDBHOST: '192.0.2.7' } },
      /another machine, 192\.0\.2\.7/,
    ],
    ['another kind of database', { settings: { CDRDBTYPE: 'postgres' } }, /"postgres"/],
    ['a name that is no name', { settings: { CDRDBTABLENAME: 'cdr`; DROP' } }, /Setup supports letters/],
    ['no such table', { settings: { CDRDBNAME: 'asterisk' } }, /no table of CDRs called asterisk\.cdr/],
    [
      'the passwords of the database',
      { settings: { CDRDBNAME: 'mysql', CDRDBTABLENAME: 'global_priv' } },
      /no table of CDRs called mysql\.global_priv/,
    ],
    ['no database', { sockets: ['/nowhere'] }, /there is no \/nowhere/],
  ];
  for (const [why, given, said] of cases) {
    const { changes, values, warnings } = await (await lab(t, given)).plan();
    t.same([changes, values], [[], []], why);
    if (said) t.match(warnings, [said], why);
    else t.same(warnings, [], why);
  }
  t.match(cdrTable({ CDRDBNAME: 'calls', CDRDBTABLENAME: 'old' }, [mariadb.socket]), {
    database: 'calls',
    table: 'old',
  });
});
