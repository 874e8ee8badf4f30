import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { findPbx, PLACES } from '../../../daemon/cli/setup/machine/find-pbx.js';
import { betweenCalls, OTHER, tricks } from '../../support/setup/others.js';
import { createPbx, nothing, type OthersPbx, resultOf } from '../../support/setup/others-pbx.js';
import { treeOf } from '../../support/setup/tree.js';

/**
 * Root's commands in folders that belong to Asterisk's user: each name that they use, as a link to what is root's, a named pipe, a
 * second name of root's file, and put there between any two of their system calls.
 */

/** Names that Asterisk's user can change, and what of root's has the same name. */
const FILES = ['http.conf', 'manager.d/tapedeck.conf'];
const FOLDERS = ['manager.d'];
const nameOf = ({ etc, spool }: OthersPbx, name: string) => join(name === 'recording' ? spool : etc, name);

const attacks = [
  ...FILES.flatMap((name) => Object.keys(tricks).map((trick) => [trick, name] as const)),
  ...[...FOLDERS, 'recording'].flatMap((name) =>
    (['link', 'pipe'] as const).map((trick) => [trick, name] as const),
  ),
] as (readonly [keyof typeof tricks, string])[];

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
            if (command === 'undo') {
              await pbx.setUp();
              // So that no difference in what is in them keeps root's from being taken for theirs.
              for (const file of FILES) copyFileSync(join(pbx.etc, file), join(pbx.root, file));
            }
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
