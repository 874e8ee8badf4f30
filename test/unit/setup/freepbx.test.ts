import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { applyChanges, undoChanges } from '../../../daemon/cli/setup/apply/apply.js';
import { openJournal } from '../../../daemon/cli/setup/apply/journal.js';
import { isTrue, lastValue, sectionOf } from '../../../daemon/cli/setup/conf/asterisk-conf.js';
import { confOf } from '../../../daemon/cli/setup/machine/conf-of.js';
import { trunkContexts } from '../../../daemon/cli/setup/machine/facts.js';
import { findPbx } from '../../../daemon/cli/setup/machine/find-pbx.js';
import { fwconsoleOf } from '../../../daemon/cli/setup/machine/fwconsole.js';
import { planFreepbx } from '../../../daemon/cli/setup/plan/plan-freepbx.js';
import { preview } from '../../../daemon/cli/setup/plan/preview.js';
import { runProgram } from '../../../daemon/ops/process/run-program.js';
import { makeFreepbx } from '../../support/setup/freepbx.js';
import { treeOf } from '../../support/setup/tree.js';

const SECRETS = { ari: 'aRiPaSsWoRd', ami: 'aMiSeCrEt' };

function lab(t: Test, options: Parameters<typeof makeFreepbx>[1] = {}) {
  const pbx = makeFreepbx(t.testdir({}), options);
  const fwconsole = fwconsoleOf(runProgram, pbx.places);
  const journal = () => openJournal(join(pbx.dir, 'journal'));
  const facts = async () => (await findPbx(runProgram, pbx.places))!;
  return {
    ...pbx,
    facts,
    plan: async () => planFreepbx(await facts(), SECRETS),
    apply: async () =>
      applyChanges(planFreepbx(await facts(), SECRETS).changes, {
        journal: journal(),
        fwconsole,
      }),
    undo: () => undoChanges({ journal: journal(), fwconsole }),
    fwconsole: (...args: string[]) => fwconsole(args),
    read: (name: string) => readFileSync(join(pbx.etc, name), 'latin1'),
  };
}

t.test('a FreePBX is known by its version and its settings', async (t) => {
  const facts = await lab(t).facts();
  t.match(facts, { kind: 'freepbx', freepbx: '17.0.19.24', running: false });
  t.match(facts.settings, { HTTPBINDADDRESS: '::', ENABLE_ARI: 'false', ARI_ALLOWED_ORIGINS: '*' });
});

t.test('only files that FreePBX leaves to admins change, and ARI works by what it then reads', async (t) => {
  const { plan, apply, fwconsole, facts, settings, etc, spool } = lab(t);
  const { changes, conflicts, warnings, reach } = await plan();
  t.same([conflicts, warnings], [[], []]);
  const files = changes.flatMap((change) =>
    change.kind === 'file' ? [change.path.slice(etc.length + 1)] : [],
  );
  t.same(files.toSorted(), [
    'ari_additional_custom.conf',
    'ari_general_custom.conf',
    'cdr_manager_mapping_custom.conf',
    'extensions_custom.conf',
    'freepbx_chown.conf',
    'http_custom.conf',
    'manager_custom.conf',
  ]);
  t.equal(reach.ariUrl, 'http://127.0.0.1:8088');
  const said = changes.map(preview).join('');
  t.notMatch(said, /aRiPaSsWoRd|aMiSeCrEt/, 'no secret is shown');
  t.match(said, /password = \*{8}/);

  await apply();
  await fwconsole('reload');
  const now = await facts();
  const http = confOf({ ...now, files: raw(now.files) }, 'http.conf');
  t.ok(isTrue(lastValue(http, 'general', 'enabled')));
  t.equal(lastValue(http, 'general', 'bindaddr'), '127.0.0.1');
  t.equal(lastValue(http, 'general', 'sessionlimit'), '250');
  t.equal(
    lastValue(http, 'general', 'session_inactivity'),
    '40000',
    'what an admin has set there counts as before',
  );
  const ari = confOf({ ...now, files: raw(now.files) }, 'ari.conf');
  t.ok(isTrue(lastValue(ari, 'general', 'enabled')));
  t.equal(lastValue(ari, 'general', 'websocket_write_timeout'), '1000');
  t.match(lastValue(ari, 'general', 'channelvars'), /CHANNEL\(linkedid\).*FROM_DID/);
  t.not(lastValue(ari, 'general', 'allowed_origins'), '*');
  t.equal(lastValue(ari, 'tapedeck', 'password'), SECRETS.ari);
  const manager = confOf({ ...now, files: raw(now.files) }, 'manager.conf');
  t.equal(lastValue(manager, 'tapedeck', 'secret'), SECRETS.ami);
  t.equal(lastValue(manager, 'crm', 'write'), '', 'a file without a last line end keeps its last line');
  const cdr = confOf({ ...now, files: raw(now.files) }, 'cdr_manager.conf');
  t.equal(lastValue(cdr, 'mappings', 'linkedid'), 'LinkedId');
  t.ok(sectionOf(confOf({ ...now, files: raw(now.files) }, 'extensions.conf'), 'tapedeck-test'));
  t.match(settings(), { ENABLE_ARI: 'true', HTTPBINDADDRESS: '127.0.0.1' });
  t.same((await plan()).changes, [], 'run again it has nothing to do');

  mkdirSync(join(spool, 'recording/sub'), { recursive: true });
  writeFileSync(join(spool, 'recording/a.wav'), '');
  for (const kind of ['old', 'new']) {
    chmodSync(join(spool, 'recording'), 0o2770);
    chmodSync(join(spool, 'recording/a.wav'), 0o660);
    process.env.FWCONSOLE_CHOWN = kind;
    await fwconsole('chown');
    delete process.env.FWCONSOLE_CHOWN;
    t.equal(
      statSync(join(spool, 'recording')).mode & 0o7777,
      0o2770,
      `the folder keeps its rights (${kind})`,
    );
    t.equal(statSync(join(spool, 'recording/a.wav')).mode & 0o777, 0o660);
  }
});

/** With what setup has written, which confOf() leaves out. */
const raw = <F extends { text: string }>(files: Record<string, F>): Record<string, F> =>
  Object.fromEntries(
    Object.entries(files).map(([name, file]) => [
      name,
      { ...file, text: file.text.replaceAll(/^; (BEGIN|END) T/gm, '; $1 t') },
    ]),
  );

t.test('undo leaves every file of the FreePBX byte for byte as it was, and its settings', async (t) => {
  const { apply, undo, fwconsole, dir, etc, spool, settings } = lab(t);
  await fwconsole('reload');
  const before = [treeOf(etc), treeOf(spool), settings()];
  await apply();
  await fwconsole('reload');
  await apply();
  t.strictNotSame(treeOf(etc), before[0]);
  const undone = await undo();
  t.ok(
    undone.every(({ how }) => how === 'restored' || how === 'removed'),
    JSON.stringify(undone),
  );
  await fwconsole('reload');
  t.same([treeOf(etc), treeOf(spool), settings()], before);
  t.notOk(existsSync(join(dir, 'journal')), 'no copies are left');
});

t.test('what somebody changed since is left alone', async (t) => {
  const { apply, undo, fwconsole, read, etc, settings } = lab(t);
  await apply();
  appendFileSync(join(etc, 'manager_custom.conf'), '[new]\nsecret = theirs too\n');
  await fwconsole('setting', 'HTTPBINDADDRESS', '10.0.0.5');
  const undone = await undo();
  t.match(
    undone.find(({ what }) => what.endsWith('manager_custom.conf')),
    { how: 'block removed' },
  );
  t.equal(
    read('manager_custom.conf'),
    '[crm]\nsecret = theirs\nread = call\nwrite =\n[new]\nsecret = theirs too\n',
  );
  t.match(
    undone.find(({ what }) => /HTTPBINDADDRESS/.test(what)),
    { how: 'kept' },
  );
  t.equal(settings().HTTPBINDADDRESS, '10.0.0.5');
});

t.test(
  'an account "tapedeck" of somebody else stops it, one from an installation by hand does not',
  async (t) => {
    const theirs = '[tapedeck]\ntype=user\npassword=another\n';
    const stopped = await lab(t, { files: { 'ari_additional_custom.conf': theirs } }).plan();
    t.match(stopped.conflicts, [
      /already has an account \[tapedeck\] \(ari_additional_custom.conf, line 1\)/,
    ]);
    const ours = `[tapedeck]\ntype=user\npassword=${SECRETS.ari}\n`;
    const known = await lab(t, { files: { 'ari_additional_custom.conf': ours } }).plan();
    t.same(known.conflicts, []);
    t.notOk(known.changes.some((change) => change.kind === 'file' && /ari_additional/.test(change.path)));
  },
);

t.test('an address that somebody chose stays, with a warning', async (t) => {
  const { plan } = lab(t, { settings: { HTTPBINDADDRESS: '192.168.1.5' } });
  const { changes, warnings, reach } = await plan();
  t.notOk(changes.some((change) => change.kind === 'setting' && change.key === 'HTTPBINDADDRESS'));
  t.match(warnings, [/192\.168\.1\.5/]);
  t.equal(reach.ariUrl, 'http://192.168.1.5:8088');
});

t.test('lines to the outside are known by the names that FreePBX and people give them', async (t) => {
  const ours = [
    'from-trunk',
    'from-pstn',
    'from-pstn-e164-us',
    'from-digital',
    'from-analog',
    'from-did-direct',
  ];
  const contexts = [
    ...[...ours, 'inbound', 'sip-trunk', 'outside', 'from-internal'],
    ...[
      'from-trunk-sip-voipgate',
      'from-pstn-custom',
      'outbound-allroutes',
      'macro-dialout-trunk',
      'default',
    ],
  ];
  const beginsIn = ['inbound', 'sip-trunk', 'from-internal', 'default'];
  t.same(trunkContexts({ contexts, beginsIn }), [...ours, 'inbound', 'sip-trunk'].toSorted());
});
