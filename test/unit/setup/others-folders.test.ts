import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { openOutput } from '../../../daemon/cli/common/output.js';
import { removeConfiguration, wipeSpool } from '../../../daemon/cli/destroy/wipe.js';
import { cdrFiles } from '../../../daemon/cli/doctor/cdr.js';
import { applyFixes, spoolFixes } from '../../../daemon/cli/doctor/fix.js';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { findPbx, PLACES } from '../../../daemon/cli/setup/machine/find-pbx.js';
import type { Change } from '../../../daemon/cli/setup/plan/change.js';
import { planAsterisk } from '../../../daemon/cli/setup/plan/plan-asterisk.js';
import { copyName, writeCopy } from '../../../daemon/cli/setup/steps/master-key.js';
import type { PbxConfig } from '../../../daemon/ops/config-schema.js';
import { asUser } from '../../../daemon/ops/process/become.js';
import { asOther, betweenCalls, OTHER, tricks } from '../../support/setup/others.js';
import { treeOf } from '../../support/setup/tree.js';

/**
 * Root's commands in folders that belong to Asterisk's user: each name that they use, as a link to what is root's, a named pipe, a
 * second name of root's file, and put there between any two of their system calls.
 */

const SECRETS = { ari: 'ari-0123456789', ami: 'ami-0123456789' };
const nothing = async () => ({ code: 1, out: '' });

/** An Asterisk whose folders are its user's, and folders of root's with the same names in them. */
function createPbx(t: Test, name: string) {
  const dir = t.testdir({
    [name]: {
      etc: {
        'asterisk.conf': '[options]\n',
        'http.conf': '[general]\n',
        'ari.conf': '[general]\n',
        'manager.conf': '[general]\n#include "manager.d/*.conf"\n',
        'cdr_manager.conf': '[general]\n',
        'extensions.conf': '[default]\n',
        'manager.d': { 'tapedeck.conf': '; empty\n' },
      },
      spool: { recording: {} },
      root: {
        'http.conf': 'of root\n',
        'manager.d': { 'tapedeck.conf': 'of root\n' },
        recording: { file: 'of root\n' },
      },
    },
  });
  const base = join(dir, name);
  chmodSync(base, 0o755);
  const [etc, spool, root] = ['etc', 'spool', 'root'].map((one) => join(base, one)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    join(etc, 'asterisk.conf'),
    `[directories]\nastetcdir => ${etc}\nastspooldir => ${spool}\nastlogdir => ${spool}\n`,
  );
  for (const folder of [etc, spool])
    for (const one of ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })])
      chownSync(join(folder, one), OTHER, OTHER);
  const deps = () => ({ journal: openJournal(join(base, 'journal')), run: nothing, fwconsole: '' });
  const plan = async (): Promise<Change[]> => {
    const facts = (await findPbx(nothing, { ...PLACES, etc }))!;
    return [
      ...planAsterisk(facts, SECRETS).changes,
      {
        ...{ kind: 'folder', path: join(spool, 'recording'), mode: 0o2770, pbx: true, why: '' },
        owner: facts.owner,
      },
    ];
  };
  return {
    ...{ base, etc, spool, root },
    plan,
    setUp: async () => applyChanges(await plan(), deps()),
    undo: () => undoChanges(deps()),
    fix: () => applyFixes(spoolFixes(join(spool, 'recording'))),
  };
}
type Pbx = ReturnType<typeof createPbx>;

/** Names that Asterisk's user can change, and what of root's has the same name. */
const FILES = ['http.conf', 'manager.d/tapedeck.conf'];
const FOLDERS = ['manager.d'];
const nameOf = ({ etc, spool }: Pbx, name: string) => join(name === 'recording' ? spool : etc, name);

const attacks = [
  ...FILES.flatMap((name) => Object.keys(tricks).map((trick) => [trick, name] as const)),
  ...[...FOLDERS, 'recording'].flatMap((name) =>
    (['link', 'pipe'] as const).map((trick) => [trick, name] as const),
  ),
] as (readonly [keyof typeof tricks, string])[];

/** What a command came to: the error that it threw, or what it says. */
const resultOf = async (work: () => Promise<unknown>): Promise<string> => {
  let said = '';
  await betweenCalls(
    '',
    async () => {
      said = await work().then(
        (result) => JSON.stringify(result ?? null),
        (e) => `${e.code ?? ''} ${e.message} ${e.detail ?? ''}`,
      );
    },
    () => {},
  );
  return said;
};

t.test("what Asterisk's user has put in the way", { skip: process.getuid!() !== 0 && 'root' }, async (t) => {
  for (const [trick, name] of attacks) {
    const label = `${trick} ${name.replace(/\W/g, '-')}`;
    await t.test(`setup: ${label}`, async (t) => {
      const pbx = createPbx(t, 'setup');
      tricks[trick](nameOf(pbx, name), join(pbx.root, name));
      const before = [treeOf(pbx.root), treeOf(pbx.etc)];
      t.match(await resultOf(pbx.setUp), /^path_untrusted .*(link|pipe|names).*user id 48107/s);
      t.same([treeOf(pbx.root), treeOf(pbx.etc)], before, 'nothing was changed');
    });
    await t.test(`setup --undo: ${label}`, async (t) => {
      const pbx = createPbx(t, 'undo');
      if (name === 'recording') rmSync(nameOf(pbx, name), { recursive: true });
      await pbx.setUp();
      tricks[trick](nameOf(pbx, name), join(pbx.root, name));
      const before = treeOf(pbx.root);
      const said = await resultOf(pbx.undo);
      t.same(treeOf(pbx.root), before, "nothing of root's was changed");
      t.match(said, /"how":"kept","why":"[^"]*(link|pipe|names)[^"]*user id 48107/);
      t.ok(existsSync(join(pbx.base, 'journal/journal.json')), 'and it can be undone later');
    });
  }
});

t.test(
  'a name that is swapped between two system calls',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const names = [...FILES, ...FOLDERS, 'recording'];
    for (const command of ['setUp', 'undo', 'fix'] as const)
      for (const name of command === 'fix' ? ['recording'] : names)
        await t.test(`${command}: ${name}`, async (t) => {
          let tried = 0;
          for (let at = 1, calls = 1; at <= calls; at++) {
            const pbx = createPbx(t, `at-${at}`);
            if (command === 'undo') await pbx.setUp();
            if (command === 'fix') chmodSync(join(pbx.spool, 'recording'), 0o755);
            const before = treeOf(pbx.root);
            calls = await betweenCalls(
              process.env.PROOFS === 'full' ? '' : basename(name),
              () => pbx[command]().catch(() => {}),
              (call) => {
                if (call === at) tricks.link(nameOf(pbx, name), join(pbx.root, name));
              },
            );
            const after = treeOf(pbx.root);
            if (JSON.stringify(after) !== JSON.stringify(before)) {
              t.same(after, before, `before call ${at} of ${calls}`);
              break;
            }
            tried++;
          }
          t.ok(tried > 1, `${tried} places`);
        });
  },
);

t.test(
  'what only root could have put there goes on working',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'links');
    const moved = join(pbx.base, 'elsewhere');
    renameSync(pbx.etc, moved);
    symlinkSync('elsewhere', pbx.etc);
    await pbx.setUp();
    t.match(readFileSync(join(moved, 'manager.d/tapedeck.conf'), 'utf8'), /BEGIN Tapedeck/);
    t.ok(lstatSync(pbx.etc).isSymbolicLink());
    const undone = await pbx.undo();
    t.ok(
      undone.every(({ how }) => how === 'restored' || how === 'removed'),
      JSON.stringify(undone),
    );
  },
);

t.test(
  'links of others are followed to read what they may read',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'reading');
    const link = (target: string) => {
      tricks.link(join(pbx.etc, 'pjsip.conf'), target);
      return pbx.plan();
    };
    // As FreePBX has them: from /etc/asterisk to its modules, all of them of one user.
    writeFileSync(join(pbx.spool, 'module.conf'), '[a]\ncontext = from-module\n');
    chownSync(join(pbx.spool, 'module.conf'), OTHER, OTHER);
    chmodSync(join(pbx.spool, 'module.conf'), 0o600);
    const found = async () => (await findPbx(nothing, { ...PLACES, etc: pbx.etc }))!.beginsIn;
    await link(join(pbx.spool, 'module.conf'));
    t.same(await found(), ['from-module'], 'of the same user');
    await link(join(pbx.root, 'http.conf'));
    t.same(await found(), [], 'of root, readable by all');
    chmodSync(join(pbx.root, 'http.conf'), 0o600);
    await t.rejects(link(join(pbx.root, 'http.conf')), {
      code: 'path_untrusted',
      detail: /a file of user id 0/,
    });
    await link(join(pbx.root, 'nothing'));
    t.same(await found(), [], 'a link to nothing is no configuration');
  },
);

t.test(
  'asterisk.conf of others names only folders of theirs',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'named');
    const named = (key: string, dir: string) => {
      writeFileSync(join(pbx.etc, 'asterisk.conf'), `[directories]\n${key} => ${dir}\n`);
      return findPbx(nothing, { ...PLACES, etc: pbx.etc });
    };
    for (const key of ['astetcdir', 'astspooldir', 'astlogdir'])
      for (const dir of [pbx.root, join(pbx.root, 'nothing')])
        await t.rejects(named(key, dir), { code: 'path_untrusted', detail: /no folder of Asterisk's user/ });
    await t.rejects(named('astspooldir', `${pbx.spool} /etc`), {
      code: 'path_untrusted',
      detail: /no plain path/,
    });
    t.equal((await named('astspooldir', pbx.spool))!.spool, pbx.spool);
  },
);

t.test(
  'the copy of the master key, and files that commands write',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'written');
    const key = join(pbx.base, 'master.key');
    writeFileSync(key, 'the key\n', { mode: 0o600 });
    const before = treeOf(pbx.root);
    const files = {
      'copy of the key': [join(pbx.spool, copyName()), async () => writeCopy(pbx.spool, key)],
      'output with --force': [
        join(pbx.spool, 'out.zip'),
        async () => openOutput(join(pbx.spool, 'out.zip'), true).close(),
      ],
    } as const;
    for (const [command, [path, run]] of Object.entries(files))
      for (const trick of Object.keys(tricks) as (keyof typeof tricks)[]) {
        tricks[trick](path, join(pbx.root, 'http.conf'));
        t.match(
          await resultOf(run),
          /^path_untrusted .*(link|pipe|names).*user id 48107/,
          `${command}: ${trick}`,
        );
        t.same(treeOf(pbx.root), before);
      }
    const out = join(pbx.spool, 'out.zip');
    rmSync(out);
    asOther(() => writeFileSync(out, ''));
    t.match(await resultOf(async () => openOutput(out, true)), /^path_untrusted .*belongs to user id 48107/);
    t.match(await resultOf(async () => openOutput(out)), /^request_invalid .*is there already/);
    tricks.link(join(pbx.spool, 'sub'), pbx.root);
    t.match(
      await resultOf(async () => openOutput(join(pbx.spool, 'sub/new'))),
      /^path_untrusted .*sub is a symbolic link/,
    );
    const closed = join(pbx.base, 'mine.zip');
    symlinkSync('target.zip', closed);
    openOutput(closed).close();
    t.notOk(existsSync(join(pbx.base, 'target.zip')), 'nothing was written, so that it goes again');
    const swapped = openOutput(join(pbx.spool, 'late.zip'));
    tricks.link(join(pbx.spool, 'late.zip'), join(pbx.root, 'http.conf'));
    swapped.close();
    t.ok(lstatSync(join(pbx.spool, 'late.zip')).isSymbolicLink(), 'what took its name stays');
    t.same(treeOf(pbx.root), before);
  },
);

t.test(
  'destroy removes what is in a folder of others as they would',
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'destroyed');
    const recording = join(pbx.spool, 'recording');
    // Root's folder, below one whose owner can put a link in its place.
    chownSync(recording, 0, 0);
    mkdirSync(join(recording, 'tapedeck-1'));
    writeFileSync(join(recording, 'tapedeck-1/file'), 'of root');
    t.match(await wipeSpool(recording), [/tapedeck-1\/file: EACCES/, /./]);
    t.ok(existsSync(join(recording, 'tapedeck-1/file')));
    tricks.link(recording, join(pbx.root, 'recording'));
    t.match(await wipeSpool(recording), [
      /recording is a symbolic link, in a folder that user id 48107 can change/,
    ]);

    // The recorder's folder beside the configuration, removed by a process that is the recorder.
    const etc = join(pbx.base, 'tapedeck');
    mkdirSync(join(etc, 'witness/deep'), { recursive: true });
    writeFileSync(join(etc, 'tapedeck.toml'), '');
    for (const name of ['witness', 'witness/deep']) chownSync(join(etc, name), OTHER, OTHER);
    tricks.link(join(etc, 'witness/data.json'), pbx.root);
    const before = treeOf(pbx.root);
    const below = await betweenCalls(
      'witness/',
      () => removeConfiguration(etc, [join(etc, 'tapedeck.toml')]),
      () => {},
    );
    t.equal(below, 0, 'root does nothing in it');
    t.notOk(existsSync(etc));
    t.same(treeOf(pbx.root), before);
  },
);

t.test(
  "doctor reads Asterisk's records as the recorder would",
  { skip: process.getuid!() !== 0 && 'root' },
  async (t) => {
    const pbx = createPbx(t, 'records');
    const secret = join(pbx.root, 'secret');
    writeFileSync(secret, 'of root', { mode: 0o600 });
    const recorder = { uid: OTHER, gids: [OTHER, 48_108] };
    const read = async (name: 'cdr_csv' | 'cdr_sqlite') => {
      const given = { [name]: join(pbx.spool, name), cdr_mysql: {} } as unknown as PbxConfig;
      return (await asUser(recorder, () => cdrFiles(given))).map(({ state, says }) => `${state} ${says}`);
    };
    for (const name of ['cdr_csv', 'cdr_sqlite'] as const) {
      tricks.link(join(pbx.spool, name), secret);
      t.match(await read(name), [/^fail .*(permission denied|unable to open)/], `${name}: link`);
      tricks.pipe(join(pbx.spool, name));
      t.match(await read(name), [/^fail .*no plain file/], `${name}: pipe`);
    }
    t.same([process.geteuid!(), process.getegid!()], [0, 0], 'and is root again');
    t.notOk(process.getgroups!().includes(48_108));
  },
);
