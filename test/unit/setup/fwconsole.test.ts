import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fwconsoleOf } from '../../../daemon/cli/setup/machine/fwconsole.js';
import { runProgram } from '../../../daemon/ops/process/run-program.js';

const NOBODY = 65_534;
const NAMELESS = 54_321;
/** Says who runs it, for whom, and whether it may type into our terminal. */
const PROGRAM = `#!/bin/sh
echo "$(id -u) $(id -g) $(id -G) $HOME $(cut -d ' ' -f 6 /proc/$$/stat | grep -qx $$ && echo apart) $*"
`;

/** A FreePBX of root's alone, before `change` is made to it. */
function freepbx(t: Test, change: (dir: string) => string | undefined) {
  const dir = t.testdir({});
  for (const one of ['bin', 'web/admin']) mkdirSync(join(dir, one), { recursive: true });
  const program = join(dir, 'bin/fwconsole');
  writeFileSync(program, PROGRAM);
  writeFileSync(join(dir, 'freepbx.conf'), '<?php\n');
  for (const one of ['', 'bin', 'web', 'web/admin', 'bin/fwconsole']) chmodSync(join(dir, one), 0o755);
  const fwconsole = change(dir) ?? program;
  return fwconsoleOf(runProgram, {
    ...{ fwconsole, freepbxConf: join(dir, 'freepbx.conf'), webRoot: join(dir, 'web') },
  });
}
const give =
  (name: string, uid = NOBODY) =>
  (dir: string): undefined =>
    void chownSync(join(dir, name), uid, uid);

const skip = process.getuid!() === 0 ? false : 'only root runs programs as others';
t.test('root runs the program of FreePBX as the user who can change it', { skip }, async (t) => {
  const cases: [string, (dir: string) => string | undefined][] = [
    ['theirs', give('bin/fwconsole')],
    ['in a folder of theirs', give('bin')],
    ['what it is configured by is theirs', give('freepbx.conf')],
    ['what it loads is theirs', give('web/admin')],
    [
      'a link of root’s to theirs',
      (dir) => {
        give('bin/fwconsole')(dir);
        symlinkSync(join(dir, 'bin/fwconsole'), join(dir, 'fwconsole'));
        return join(dir, 'fwconsole');
      },
    ],
    [
      'a link of theirs to root’s',
      (dir) => {
        mkdirSync(join(dir, 'theirs'));
        symlinkSync(join(dir, 'bin/fwconsole'), join(dir, 'theirs/fwconsole'));
        give('theirs')(dir);
        return join(dir, 'theirs/fwconsole');
      },
    ],
  ];
  for (const [what, change] of cases) {
    const { code, out } = await freepbx(t, change)(['setting', 'HTTPENABLED', 'a b; $(id)']);
    const said = `${NOBODY} ${NOBODY} ${NOBODY} /nonexistent apart setting HTTPENABLED a b; $(id)\n`;
    t.same([code, out], [0, said], what);
  }
  const { out } = await freepbx(t, () => undefined)(['reload']);
  t.match(out, /^0 0 0.* reload\n$/, 'root’s own is run by root');
});

t.test('root runs no program that a group can change, or a user without a name', { skip }, async (t) => {
  const open = (dir: string): undefined => {
    chownSync(join(dir, 'web/admin'), 0, NOBODY);
    chmodSync(join(dir, 'web/admin'), 0o775);
  };
  await t.rejects(freepbx(t, open)(['reload']), { code: 'path_untrusted', message: /would be run as root/ });
  await t.rejects(freepbx(t, give('bin', NAMELESS))(['reload']), {
    ...{ code: 'path_untrusted', message: /belongs to user id 54321, which has no name/ },
  });
});
