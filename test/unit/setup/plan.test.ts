import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { halfOf, openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { findPbx, PLACES, settingIn } from '../../../daemon/cli/setup/machine/find-pbx.js';
import type { Change } from '../../../daemon/cli/setup/plan/change.js';
import { planAsterisk } from '../../../daemon/cli/setup/plan/plan-asterisk.js';
import { overview, preview, summary } from '../../../daemon/cli/setup/plan/preview.js';
import type { Run } from '../../../daemon/ops/process/run-program.js';
import { treeOf } from '../../support/setup/tree.js';

const SECRETS = { ari: 'ari-secret', ami: 'ami-secret' };
const none: Run = async () => ({ code: 1, out: '' });

/** An Asterisk whose files have these texts. */
function asterisk(t: Test, files: Record<string, string>) {
  const dir = t.testdir({});
  const [etc, spool] = [join(dir, 'etc'), join(dir, 'spool')];
  for (const folder of [etc, spool, join(etc, 'manager.d')]) mkdirSync(folder);
  const main = `[directories](!)\nastetcdir => /nowhere\n[directories]\nastetcdir => ${etc}\nastspooldir => ${spool}\n`;
  for (const [name, text] of Object.entries({ 'asterisk.conf': main, ...files }))
    writeFileSync(join(etc, name), text, { mode: 0o640 });
  const deps = () => ({ journal: openJournal(join(dir, 'journal')) });
  const plan = async () => planAsterisk((await findPbx(none, { ...PLACES, etc, freepbxConf: '' }))!, SECRETS);
  return {
    ...{ dir, etc, deps, plan },
    apply: async () => applyChanges((await plan()).changes, deps()),
    undo: () => undoChanges(deps()),
    read: (name: string) => readFileSync(join(etc, name), 'utf8'),
  };
}

const namesOf = (changes: readonly Change[], etc: string) =>
  changes
    .map((change) => (change.kind === 'file' ? change.path.slice(etc.length + 1) : change.kind))
    .toSorted();

t.test('an Asterisk without any of the files gets them, closed to others', async (t) => {
  const { plan, apply, undo, etc, read } = asterisk(t, {});
  const { changes, conflicts, reach } = await plan();
  t.same(conflicts, []);
  t.same(namesOf(changes, etc), [
    'ari.conf',
    'cdr_manager.conf',
    'extensions.conf',
    'http.conf',
    'manager.conf',
  ]);
  t.same(reach, { ariUrl: 'http://127.0.0.1:8088', amiHost: '127.0.0.1', amiPort: 5038 });
  const before = treeOf(etc);
  await apply();
  t.equal(statSync(join(etc, 'ari.conf')).mode & 0o777, 0o640);
  t.match(
    read('http.conf'),
    /^\[general\]\nenabled = yes.*\nbindaddr = 127\.0\.0\.1/m,
    'a section of its own',
  );
  t.match(read('manager.conf'), /^\[tapedeck\]\nsecret = ami-secret$/m);
  t.equal(overview(changes).length, changes.length);
  const own = { ...changes[0]!, kind: 'folder' as const, pbx: false } as Change;
  t.same(summary([...changes, own]), [
    ['At the PBX', '5 new files. "tapedeck setup --undo" takes all of it back.'],
    ["Tapedeck's own", '1 new folder.'],
  ]);
  t.same(summary([]), []);
  await undo();
  t.same(treeOf(etc), before);
});

t.test(
  'what others need stays: addresses that are in use, with a warning, and channel variables',
  async (t) => {
    const { plan } = asterisk(t, {
      'http.conf': '[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport=8188\n',
      'ari.conf': '[general]\nchannelvars = CRM_ID,CHANNEL(linkedid)\nallowed_origins = *\n',
      'manager.conf': '[general]\nenabled = yes\nbindaddr = 10.0.0.5\nport = 5039\n',
    });
    const { changes, warnings, reach } = await plan();
    t.same(reach, { ariUrl: 'http://127.0.0.1:8188', amiHost: '10.0.0.5', amiPort: 5039 });
    t.match(warnings.join('\n'), /0\.0\.0\.0[\s\S]*allowed_origins[\s\S]*10\.0\.0\.5/);
    const said = changes.map(preview).join('');
    t.match(said, /\+channelvars = CRM_ID,CHANNEL\(linkedid\),CHANNEL\(accountcode\)/);
    t.notMatch(said, /\+bindaddr/);
  },
);

/** What setup makes of the addresses at which Asterisk listens; seen with 22.10.1: http.conf takes a port with the address, AMI ignores it. */
const ADDRESSES: [bindaddr: string, reach: { ariUrl: string; amiHost: string }, permitted?: string][] = [
  ['::1', { ariUrl: 'http://[::1]:8188', amiHost: '::1' }],
  ['[::1]', { ariUrl: 'http://[::1]:8188', amiHost: '::1' }],
  ['[::1]:8288', { ariUrl: 'http://[::1]:8288', amiHost: '::1' }],
  ['127.0.0.2', { ariUrl: 'http://127.0.0.2:8188', amiHost: '127.0.0.2' }],
  ['127.0.0.1:8288', { ariUrl: 'http://127.0.0.1:8288', amiHost: '127.0.0.1' }],
  ['localhost', { ariUrl: 'http://127.0.0.1:8188', amiHost: '127.0.0.1' }],
  ['0.0.0.0:8288', { ariUrl: 'http://127.0.0.1:8288', amiHost: '127.0.0.1' }],
  ['::', { ariUrl: 'http://127.0.0.1:8188', amiHost: '127.0.0.1' }],
  ['10.0.0.5:8288', { ariUrl: 'http://10.0.0.5:8288', amiHost: '10.0.0.5' }, '10.0.0.5/255.255.255.255'],
];

t.test('it reaches Asterisk at the address and port where that listens', async (t) => {
  for (const [bindaddr, expected, permitted] of ADDRESSES) {
    const { plan } = asterisk(t, {
      'http.conf': `[general]\nenabled=yes\nbindaddr=${bindaddr}\nbindport=8188\n`,
      'manager.conf': `[general]\nenabled = yes\nbindaddr = ${bindaddr}\nport = 5039\n`,
    });
    const { changes, reach } = await plan();
    t.same(reach, { ...expected, amiPort: 5039 }, bindaddr);
    const said = changes.map(preview).join('');
    t.notMatch(said, /\+bindaddr/, bindaddr);
    t.same(
      [...said.matchAll(/^\+permit = (\S+)/gm)].map(([, one]) => one),
      ['127.0.0.1/255.255.255.255', ...(permitted ? [permitted] : []), '::1/128'],
      `${bindaddr}: who may sign in`,
    );
  }
});

t.test('what is included is read, folders deep, by a pattern and whatever its name ends in', async (t) => {
  for (const [include, file] of [
    ['site/voice/*.conf', 'site/voice/http.conf'],
    ['site/*/h?tp.conf', 'site/voice/http.conf'],
    ['site/voice/[gh]ttp.c{onf,fg}', 'site/voice/http.cfg'],
    ['./site//voice/http.inc', 'site/voice/http.inc'],
    ['ETC/site/voice/http.inc', 'site/voice/http.inc'],
    ['ETC/../beside/http.inc', '../beside/http.inc'],
  ] as const) {
    const { plan, etc } = asterisk(t, {});
    mkdirSync(dirname(join(etc, file)), { recursive: true });
    writeFileSync(join(etc, file), '[general]\nenabled=yes\nbindaddr=127.0.0.2\nbindport=8388\n');
    writeFileSync(join(etc, 'http.conf'), `#include "${include.replace('ETC', etc)}"\n`);
    t.equal((await plan()).reach.ariUrl, 'http://127.0.0.2:8388', include);
  }
  const { etc } = asterisk(t, { 'pjsip.conf': '#include site/pjsip/trunk.conf\n' });
  mkdirSync(join(etc, 'site/pjsip'), { recursive: true });
  writeFileSync(join(etc, 'site/pjsip/trunk.conf'), '[carrier]\ncontext = from-carrier\n');
  t.same((await findPbx(none, { ...PLACES, etc, freepbxConf: '' }))!.beginsIn, ['from-carrier']);
});

t.test('it stops before an Asterisk that is told not to load what is needed', async (t) => {
  const modules = (text: string) => asterisk(t, { 'modules.conf': `[modules]\n${text}` }).plan();
  t.same((await modules('autoload=yes\nnoload => chan_sip.so\n')).conflicts, []);
  for (const line of ['noload => res_ari_channels.so', 'noload = res_ari_channels'])
    t.match((await modules(`autoload=yes\n${line}\n`)).conflicts, [
      /modules\.conf keeps Asterisk from loading res_ari_channels\.so \(noload\)[\s\S]*restart Asterisk/,
    ]);
  const cdrs = await modules('autoload=yes\nnoload => cdr_manager.so\n');
  t.same(cdrs.conflicts, []);
  t.match(cdrs.warnings, [/cdr_manager\.so/]);
  t.match((await modules('autoload=no\nload => chan_pjsip.so\n')).conflicts, [
    /res_ari_channels\.so \(no "load", with autoload = no\)/,
  ]);
});

t.test('an address that serves nobody yet becomes loopback', async (t) => {
  const { plan } = asterisk(t, { 'manager.conf': '[general]\nenabled = no\nbindaddr = 0.0.0.0\n' });
  const { changes, reach } = await plan();
  t.match(changes.map(preview).join(''), /\+bindaddr = 127\.0\.0\.1 +; AMI/);
  t.equal(reach.amiHost, '127.0.0.1');
});

t.test('it stops before a file whose end Asterisk does not read, or a prefix before /ari', async (t) => {
  const open = await asterisk(t, { 'ari.conf': '[general]\nenabled = yes\n;-- closed never\n' }).plan();
  t.match(open.conflicts, [/ends within a block comment/]);
  const prefix = await asterisk(t, { 'http.conf': '[general]\nprefix = asterisk\n' }).plan();
  t.match(prefix.conflicts, [/prefix = asterisk/]);
});

t.test('a file that all may read is closed when it gets a secret, and opened again by undo', async (t) => {
  const { apply, undo, etc } = asterisk(t, { 'ari.conf': '[general]\nenabled = yes\n' });
  chmodSync(join(etc, 'ari.conf'), 0o644);
  const before = treeOf(etc);
  await apply();
  t.equal(statSync(join(etc, 'ari.conf')).mode & 0o777, 0o640);
  await undo();
  t.same(treeOf(etc), before);
});

t.test('a link stays a link, and what it leads to is put back', async (t) => {
  const { apply, undo, etc, dir, read } = asterisk(t, {});
  writeFileSync(join(dir, 'elsewhere.conf'), '[general]\nenabled = no\n', { mode: 0o640 });
  symlinkSync('../elsewhere.conf', join(etc, 'http.conf'));
  const before = treeOf(dir);
  await apply();
  t.match(read('http.conf'), /^enabled = yes/m);
  t.match(readFileSync(join(dir, 'elsewhere.conf'), 'utf8'), /BEGIN Tapedeck/);
  await undo();
  t.same(treeOf(dir), before);
});

t.test('interrupted after any change it continues, or is taken back whole', async (t) => {
  const count = (await asterisk(t, {}).plan()).changes.length;
  for (let at = 1; at < count; at++)
    for (const then of ['continue', 'undo'] as const) {
      const { plan, apply, undo, deps, etc } = asterisk(t, {
        'extensions.conf': '[default]\nexten => 1,1,Answer()',
      });
      const before = treeOf(etc);
      const { changes } = await plan();
      await applyChanges(changes.slice(0, at), deps());
      // The next one was noted and half written.
      const next = changes[at]!;
      if (next.kind === 'file') {
        const was = next.before === null ? null : { text: next.before, stats: statSync(next.path) };
        deps().journal.beforeFile(next.path, next.after, was);
        writeFileSync(halfOf(next.path), 'half');
      }
      if (then === 'continue') {
        await apply();
        t.same((await plan()).changes, [], `after ${at}`);
      }
      await undo();
      t.same(treeOf(etc), before, `${then} after ${at}`);
    }
});

t.test('a file that changed between the look and the write is left alone', async (t) => {
  const { plan, deps, etc, read } = asterisk(t, { 'http.conf': '[general]\n' });
  const { changes } = await plan();
  writeFileSync(join(etc, 'http.conf'), '[general]\nenabled = yes ; theirs\n');
  await t.rejects(applyChanges(changes, deps()), { code: 'setup_changed' });
  t.equal(read('http.conf'), '[general]\nenabled = yes ; theirs\n');
});

t.test('settings of FreePBX are read as fwconsole prints them', async (t) => {
  t.equal(settingIn('Setting of "HTTPENABLED" is (bool)[true]\n', 'HTTPENABLED'), 'true');
  t.equal(settingIn('Setting of "HTTPBINDADDRESS" is (text)[::]\n', 'HTTPBINDADDRESS'), '::');
  t.equal(settingIn('The setting X was not found!\n', 'X'), undefined);
});
