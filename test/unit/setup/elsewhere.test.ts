import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { lastValue, readConf } from '../../../daemon/cli/setup/conf/asterisk-conf.js';
import { perDayIn, volumeOf, volumeText } from '../../../daemon/cli/setup/machine/calls-per-day.js';
import type { Change, FileChange } from '../../../daemon/cli/setup/plan/change.js';
import { planElsewhere } from '../../../daemon/cli/setup/plan/plan-elsewhere.js';
import { type OwnFacts, planOwn } from '../../../daemon/cli/setup/plan/plan-own.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { programFile } from '../../../daemon/ops/process/program-files.js';

const EXAMPLE = readFileSync(programFile('tapedeck.toml.example'), 'utf8');
const SECRETS = { ari: 'aRi', ami: 'aMi' };
const own: OwnFacts = {
  ...{ etc: '/etc/tapedeck', config: null, example: EXAMPLE, secrets: { ari: null, ami: null } },
  siteRegion: null,
  ...{ recorder: { uid: 2, gid: 3 }, dashboard: { uid: 4, gid: 3 }, root: { uid: 0, gid: 0 } },
  ...{ systemd: '/etc/systemd/system', dropIns: {}, asteriskGroup: true, hasFolder: () => false },
};
const answers = {
  ...{
    address: '192.0.2.5',
    hosts: [],
    timeZone: 'Europe/Berlin',
    region: 'DE',
    dataDir: '/var/lib/tapedeck',
    checkpointFile: '',
  },
};
const textOf = (changes: readonly Change[], path: string) =>
  changes.find((one): one is FileChange => one.kind === 'file' && one.path === path)?.after ?? '';

t.test('the only PBX is on another machine, and is reached over TLS', async (t) => {
  const plan = (about: OwnFacts, had: (path: string) => string | null) =>
    planElsewhere(about, answers, { host: '192.0.2.10', secrets: SECRETS, address: '192.0.2.5', had });
  const changes = plan(own, () => null);
  t.ok(
    changes.every((one) => 'pbx' in one && !one.pbx),
    'nothing of it is undone here',
  );
  const file = join(t.testdir({}), 'tapedeck.toml');
  const toml = textOf(changes, '/etc/tapedeck/tapedeck.toml');
  writeFileSync(file, toml);
  const { pbxes, site } = loadConfig(file);
  t.equal(site.time_zone, 'Europe/Berlin');
  t.equal(pbxes.length, 1);
  t.match(pbxes[0], {
    ...{ ari_url: 'https://192.0.2.10:8089', ami_host: '192.0.2.10', ami_port: 5039, ami_tls: true },
    spool: '/var/spool/asterisk-elsewhere/recording',
  });
  const dropIn = '/etc/systemd/system/tapedeck.service.d/setup.conf';
  t.match(textOf(changes, dropIn), /^IPAddressAllow=192\.0\.2\.10$/m);
  t.equal(textOf(changes, '/etc/tapedeck/ari-password'), 'aRi\n');
  const manager = readConf('manager.conf', textOf(changes, '/etc/tapedeck/pbx/manager.conf'));
  t.equal(lastValue(manager, 'tapedeck', 'secret'), 'aMi');
  t.equal(lastValue(manager, 'tapedeck', 'permit'), '192.0.2.5/255.255.255.255');

  const again = plan(
    {
      ...own,
      ...{ config: toml, secrets: SECRETS, hasFolder: () => true },
      dropIns: { [dropIn]: textOf(changes, dropIn) },
    },
    (path) => textOf(changes, path),
  );
  t.same(again, [], 'run again it has nothing to do');
});

t.test(
  'a PBX here that listens on an address of the machine, on another port, is reached there',
  async (t) => {
    const facts = {
      ...{ kind: 'asterisk', version: '22', freepbx: '', running: true, etc: '/etc/asterisk', logs: '' },
      ...{ spool: '/var/spool/asterisk', owner: { uid: 1, gid: 1 }, files: {}, recordings: true },
      ...{ contexts: [], beginsIn: [], cdrBackends: [], settings: {} },
    } as const;
    const reach = { ariUrl: 'http://198.51.100.7:8088', amiHost: '127.0.0.1', amiPort: 5138 };
    const changes = planOwn(own, answers, { facts: facts as never, reach, secrets: SECRETS });
    t.match(textOf(changes, '/etc/tapedeck/tapedeck.toml'), /^ami_port = 5138$/m);
    const dropIn = textOf(changes, '/etc/systemd/system/tapedeck.service.d/setup.conf');
    t.match(dropIn, /^IPAddressAllow=192\.0\.2\.5\nIPAddressAllow=198\.51\.100\.7$/m);
    t.notMatch(dropIn, /127\.0\.0\.1/, 'loopback is allowed by the unit');
  },
);

t.test('how long a disk lasts follows the CDRs where there are some', async (t) => {
  const now = Date.parse('2026-11-29T12:00:00Z');
  const row = (day: string, disposition: string) =>
    `"","100","200","internal","""Anna, ""x"" "" <100>","PJSIP/100-1","PJSIP/200-2","Dial","PJSIP/200","${day} 09:00:00","${day} 09:00:04","${day} 09:03:00",180,176,"${disposition}","DOCUMENTATION","1.1",""\n`;
  const old = row('2026-06-01', 'ANSWERED').repeat(900);
  const csv = `cut off",5,5,"ANSWERED"\n${old}${row('2026-11-19', 'ANSWERED').repeat(41)}${row('2026-11-20', 'NO ANSWER').repeat(50)}`;
  t.equal(perDayIn(csv, now), 5, '41 answered calls in 10 days, rounded up');
  t.equal(perDayIn(row('2026-11-29', 'ANSWERED'), now), 1);
  for (const none of ['', old, row('2026-11-20', 'BUSY'), '\0'.repeat(1000)])
    t.equal(perDayIn(none, now), null);

  const logs = t.testdir({});
  t.same(volumeOf({}, logs, now), { perDay: 200, from: 'assumed' });
  t.same(volumeOf({}, null, now), { perDay: 200, from: 'assumed' });
  mkdirSync(join(logs, 'cdr-csv'));
  writeFileSync(join(logs, 'cdr-csv/Master.csv'), csv);
  t.same(volumeOf({}, logs, now), { perDay: 5, from: 'cdrs' });
  t.same(volumeOf({ calls_per_day: 40 }, logs, now), { perDay: 40, from: 'given' });
  t.match(volumeText(volumeOf({}, null, now)), /200 calls .* assumption/);
});
