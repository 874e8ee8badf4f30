import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import t from 'tap';
import { readPolicy } from '../../../daemon/cli/common/policy-file.js';
import { withValues } from '../../../daemon/cli/setup/conf/toml.js';
import { addresses, daysOf, disks, folderOn, timeZone } from '../../../daemon/cli/setup/machine/machine.js';
import type { FileChange } from '../../../daemon/cli/setup/plan/change.js';
import { type OwnFacts, planOwn } from '../../../daemon/cli/setup/plan/plan-own.js';
import {
  copyProblem,
  keySheet,
  makeMasterKey,
  writeCopy,
} from '../../../daemon/cli/setup/steps/master-key.js';
import { offeredWords, setOffered, withOffered } from '../../../daemon/cli/setup/steps/offered.js';
import { readAnswers } from '../../../daemon/cli/setup/talk/answers.js';
import { addressOf, lasting, lawOf } from '../../../daemon/cli/setup/talk/questions.js';
import { type Terminal, wrapped } from '../../../daemon/cli/setup/talk/terminal.js';
import { defaultPolicy, type Policy } from '../../../daemon/domain/policy/policy.js';
import { ruleFaults } from '../../../daemon/domain/policy/rule-faults.js';
import { isZone } from '../../../daemon/domain/zone-times.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { programFile } from '../../../daemon/ops/process/program-files.js';

const root = process.getuid!() === 0;
const EXAMPLE = readFileSync(programFile('tapedeck.toml.example'), 'utf8');

t.test('values go into a configuration, and every other line stays', async (t) => {
  const text = withValues(EXAMPLE, [
    ['site', 'time_zone', 'Europe/Berlin'],
    ['web', 'hosts', ['box.lan']],
    ['new', 'key', 'value'],
  ]);
  const had = EXAMPLE.split('\n');
  const changed = text.split('\n').filter((line) => !had.includes(line));
  t.same(changed, ['time_zone = "Europe/Berlin"', 'hosts = ["box.lan"]', '[new]', 'key = "value"']);
  t.equal(
    withValues('[[pbx]]\nname = "A"\n[[pbx]]\nid = "b"\n', [['pbx', 'spool', '/x']]),
    '[[pbx]]\nspool = "/x"\nname = "A"\n[[pbx]]\nid = "b"\n',
    'the first PBX',
  );
  t.equal(withValues('', [['a', 'b', 'c']]), '[a]\nb = "c"\n');
  t.equal(
    withValues('[backup]\npath = "/x"\n', [['backup.s3', 'bucket', 'b']]),
    '[backup]\npath = "/x"\n\n[backup.s3]\nbucket = "b"\n',
    'a table of its own in a section',
  );
});

t.test('a name with umlauts stays as its bytes are', async (t) => {
  const file = join(t.testdir({}), 'tapedeck.toml');
  const bytes = Buffer.from('[site]\nname = "Zürich – Büro"\n[web]\naddress = "192.0.2.6"\n');
  const config = bytes.toString('latin1');
  const [change] = planOwn({ ...own, config }, { ...answers, hosts: ['büro.lan'] }, pbx);
  writeFileSync(file, (change as FileChange).after, 'latin1');
  const { site, web } = loadConfig(file);
  t.match(
    { site, web },
    { site: { name: 'Zürich – Büro' }, web: { address: '192.0.2.5', hosts: ['büro.lan'] } },
  );
});

t.test('without the group of Asterisk the recorder starts all the same', async (t) => {
  const of = (asteriskGroup: boolean) =>
    planOwn({ ...own, asteriskGroup }, answers, pbx).find(
      (one): one is FileChange => one.kind === 'file' && one.path.endsWith('tapedeck.service.d/setup.conf'),
    )!.after;
  t.match(of(false), /^SupplementaryGroups=$/m);
  t.notMatch(of(true), /SupplementaryGroups/);
});

const facts = {
  ...{
    kind: 'asterisk',
    version: '22',
    freepbx: '',
    running: true,
    etc: '/etc/asterisk',
    spool: '/var/spool/asterisk',
  },
  ...{
    owner: { uid: 1, gid: 1 },
    files: {},
    recordings: true,
    contexts: ['from-pstn-e164-us', 'lines-inbound'],
  },
  ...{ beginsIn: ['lines-inbound'], cdrBackends: [], settings: {} },
} as const;
const own: OwnFacts = {
  ...{ etc: '/etc/tapedeck', config: null, example: EXAMPLE, secrets: { ari: null, ami: null } },
  siteRegion: null,
  ...{ recorder: { uid: 2, gid: 3 }, dashboard: { uid: 4, gid: 3 }, root: { uid: 0, gid: 0 } },
  ...{ systemd: '/etc/systemd/system', dropIns: {}, asteriskGroup: true, hasFolder: () => false },
};
const answers = {
  address: '192.0.2.5',
  hosts: [],
  timeZone: 'Europe/Berlin',
  region: 'DE',
  dataDir: '/srv/td',
  checkpointFile: '',
};
const reach = { ariUrl: 'http://127.0.0.1:8088', amiHost: '127.0.0.1', amiPort: 5038 };
const pbx = { facts: facts as never, reach, secrets: { ari: 'a', ami: 'b' } };

t.test('the configuration of a new machine is one that Tapedeck starts with', async (t) => {
  const changes = planOwn(own, answers, pbx);
  const toml = changes.find((one) => one.kind === 'file' && one.path.endsWith('.toml'));
  const file = join(t.testdir({}), 'tapedeck.toml');
  writeFileSync(file, (toml as { after: string }).after);
  const config = loadConfig(file);
  t.match(config, {
    site: { time_zone: 'Europe/Berlin' },
    data: { dir: '/srv/td' },
    web: { address: '192.0.2.5' },
  });
  t.equal(config.encode.socket, '/run/tapedeck-encoder/sock');
  const { trunk_contexts: contexts } = config.pbxes[0]!;
  t.ok(
    ['from-trunk', 'from-trunk-sip-*', 'from-pstn-e164-us', 'lines-inbound'].every((one) =>
      contexts.includes(one),
    ),
  );
  const text = (unit: string) =>
    (
      changes.find((one) => one.kind === 'file' && one.path.includes(`/${unit}.service.d/`)) as {
        after: string;
      }
    ).after;
  t.match(
    text('tapedeck'),
    /RequiresMountsFor=\/srv\/td[\s\S]*ReadWritePaths=\/srv\/td\n[\s\S]*IPAddressAllow=192\.0\.2\.5/,
  );
  t.match(text('tapedeck-web'), /InaccessiblePaths=-\/srv\/td\/keys/);
});

t.test('checkpoints of the audit log go to another machine where somebody names a file there', async (t) => {
  const file = join(t.testdir({}), 'tapedeck.toml');
  const of = (checkpointFile: string, config: string | null = null) => {
    const changes = planOwn({ ...own, config }, { ...answers, checkpointFile }, pbx);
    const text = (end: string) =>
      (changes.find((one) => one.kind === 'file' && one.path.endsWith(end)) as FileChange).after;
    writeFileSync(file, text('.toml'));
    return {
      audit: loadConfig(file).audit,
      toml: text('.toml'),
      unit: text('tapedeck.service.d/setup.conf'),
    };
  };
  const share = '/mnt/share/tapedeck-checkpoints';
  const set = of(share);
  t.equal(set.audit.checkpoint_file, share);
  t.match(set.unit, /^ReadWritePaths=-\/mnt\/share$/m);
  t.notMatch(of('').unit, /mnt/);
  t.equal(of('', set.toml).audit.checkpoint_file, '', 'and no longer where somebody takes it out');
});

t.test('names and numbers, and numbers that refused, get an end in whatever policy there is', async (t) => {
  const rule = { name: 'Sales', reason: '', when: { queue: ['sales'] }, outcome: 'skip' as const };
  const ours = { name: 'Ours', reason: '', when: { list: ['Do not record'] }, outcome: 'skip' as const };
  const [names, both] = [
    { nameDays: 90, refusedDays: null },
    { nameDays: 90, refusedDays: 365 },
  ];
  for (const policy of [defaultPolicy, { ...defaultPolicy, metadata_days: 7 }])
    t.same(withOffered(policy, names), { ...policy, metadata_days: 90 });
  t.same(
    withOffered(defaultPolicy, both),
    withOffered(defaultPolicy, names),
    'where nobody is told, nobody refuses',
  );
  const made = withOffered({ ...defaultPolicy, record: [rule], telling: { mode: 'ask' } }, both);
  t.match(made, { telling: { mode: 'ask', refused: { list: 'Refused', days: 365 } } });
  t.match(
    made.record,
    [{ when: { list: ['Refused'] }, outcome: 'skip' }, rule],
    'the rule comes before all others',
  );
  t.same(readPolicy(JSON.stringify(made)), made, 'it is one that can be imported');
  t.same(ruleFaults(made), [], 'and nothing is wrong with its rules');
  t.same(withOffered(made, both), made, 'again it changes nothing');
  const listed = {
    ...defaultPolicy,
    record: [ours],
    telling: { refused: { list: 'Do not record', days: null } },
  };
  t.same(
    withOffered(listed, { nameDays: null, refusedDays: 30 }),
    { ...listed, telling: { refused: { list: 'Do not record', days: 30 } } },
    'a list and rules of their own stay',
  );
});

t.test('what was chosen of the policy is shown before, and saved once Tapedeck runs', async (t) => {
  const chosen = { nameDays: 90, refusedDays: 365 };
  t.match(offeredWords(chosen), [[/after 90 days/], [/a number that refused is left alone for 365 days/]]);
  t.same(offeredWords({ nameDays: null, refusedDays: null }), []);
  const lab = async (policy: Policy, imported = { code: 0, out: '' }) => {
    const said: string[] = [];
    let saved: Policy | null = null;
    const say = (...text: string[]) => void said.push(text.join(' '));
    const tapedeck = async (args: readonly string[]) => {
      if (args[1] === 'export') return { code: 0, out: JSON.stringify(policy) };
      saved = readPolicy(readFileSync(args[2]!, 'utf8'));
      return imported;
    };
    await setOffered({ step: say, note: say } as unknown as Terminal, tapedeck as never, chosen);
    return { said: said.join('\n'), saved };
  };
  const told = await lab({ ...defaultPolicy, telling: {} });
  t.match(told.saved, { metadata_days: 90, telling: { refused: { days: 365 } } });
  t.match(told.said, /Names and numbers go 90 days[\s\S]*are left alone for 365 days/);
  t.match((await lab(defaultPolicy)).said, /Tapedeck tells nobody that calls are recorded/);
  t.match(
    (await lab({ ...defaultPolicy, telling: {} }, { code: 1, out: 'No.' })).said,
    /^The policy is as it was: No\.$/,
  );
});

t.test('the country is written where the zone does not tell it, or tells another', async (t) => {
  const siteOf = (more: Partial<typeof answers>, siteRegion: string | null = null) => {
    const [change] = planOwn({ ...own, siteRegion }, { ...answers, ...more }, pbx);
    return (parse((change as { after: string }).after) as { site: Record<string, unknown> }).site;
  };
  t.notOk(siteOf({}).region);
  t.match(siteOf({ timeZone: 'UTC' }), { region: 'DE' });
  t.match(siteOf({ region: 'AT' }), { region: 'AT' });
  t.match(siteOf({}, 'AT'), { region: 'DE' }, 'in place of another');
  t.match(lawOf('DE'), 'Germany: callers have to agree with a key before anything is recorded');
  t.match(lawOf('FR'), 'France: callers hear that they are recorded');
  t.match(lawOf('GB'), 'They have to hear who records and what for');
  t.notMatch(lawOf('AU'), 'what for');
});

t.test('what people have written into the configuration since stays', async (t) => {
  const config = withValues(EXAMPLE, [
    ['pbx', 'trunk_contexts', ['ours']],
    ['web', 'hosts', ['box.lan']],
    ['encode', 'socket', ''],
  ]);
  const [change] = planOwn({ ...own, config, secrets: { ari: 'a', ami: 'b' } }, answers, pbx);
  const said = parse((change as { after: string }).after) as Record<string, Record<string, unknown>>;
  t.match(said, {
    pbx: { trunk_contexts: ['ours'] },
    web: { hosts: ['box.lan'], address: '192.0.2.5' },
    encode: { socket: '' },
  });
});

t.test('a master key is made once, and its copy is compared', { skip: !root && 'root' }, async (t) => {
  const dir = t.testdir({ copy: {} });
  const key = join(dir, 'master.key');
  t.ok(makeMasterKey(key, { uid: 64_601, gid: 64_601 }));
  t.match(statSync(key), { uid: 64_601, mode: 0o100400 });
  const text = readFileSync(key, 'utf8');
  t.equal(Buffer.from(text, 'base64').length, 32);
  t.notOk(makeMasterKey(key, { uid: 0, gid: 0 }), 'never in place of one');
  t.equal(readFileSync(key, 'utf8'), text);
  const path = writeCopy(join(dir, 'copy'), key);
  t.equal(readFileSync(path, 'utf8'), text);
  t.equal(writeCopy(join(dir, 'copy'), key), path, 'again');
  writeFileSync(path, 'of another machine');
  t.throws(() => writeCopy(join(dir, 'copy'), key), { code: 'setup_failed' });
  t.equal(readFileSync(path, 'utf8'), 'of another machine');
  t.match(
    copyProblem(join(dir, 'copy'), { key, dataDir: join(dir, 'data') }),
    /same file system as the recordings/,
  );
  t.match(copyProblem(join(dir, 'none'), { key, dataDir: dir }), /is not a folder/);
  if (existsSync('/dev/shm')) {
    t.equal(copyProblem('/dev/shm', { key, dataDir: dir }), null);
    t.match(copyProblem(dir, { key, dataDir: '/dev/shm' }), /same file system as the key/);
  }
  const sheet = keySheet(key, 'pbx', new Date('2026-11-29'));
  const typed = sheet
    .split('\n')
    .filter((line) => /^ {6}\S/.test(line))
    .join('')
    .replaceAll(' ', '');
  t.equal(typed, text.trim(), 'what is typed from the sheet is the key');
});

t.test('answers of a file are checked all at once', async (t) => {
  const dir = t.testdir({
    'bad.toml':
      'adress = "x"\nrefused_days = 0\ncountry = "XX"\ntime_zone = "Mars/Base"\ndata = "here"\nkey_copy = "none"\nhosts = "x"\n',
    'print.toml': 'key_copy = "print"\n',
    'good.toml':
      'key_copy = "none"\nno_key_copy = "recordings are lost with this disk"\n[asterisk]\netc = "/x"\n',
  });
  const said = await Promise.resolve()
    .then(() => readAnswers(join(dir, 'bad.toml')))
    .catch((e: Error) => e.message);
  for (const part of [
    '"adress" is not known',
    'Mars/Base',
    '"XX" is not a country',
    '"here" is not an absolute path',
    'no_key_copy',
    '"refused_days"',
    '"hosts"',
  ])
    t.ok(String(said).includes(part), part);
  t.throws(() => readAnswers(join(dir, 'print.toml')), /for a terminal/);
  t.match(readAnswers(join(dir, 'good.toml')), { key_copy: 'none', asterisk: { etc: '/x' } });
});

t.test('an address is one of this machine, or a name', async (t) => {
  const ours = [{ address: '192.0.2.5', device: 'eth0', private: false }];
  t.same(addressOf('192.0.2.5', ours, '127.0.0.1'), { address: '192.0.2.5', hosts: [] });
  t.same(addressOf('box.office.lan', ours, '192.0.2.5'), { address: '192.0.2.5', hosts: ['box.office.lan'] });
  for (const wrong of ['192.0.2.6', '300.1.1.1', 'a b', '-x', 'http://box'])
    t.type(addressOf(wrong, ours, ''), 'string', wrong);
  const found = addresses({
    lo: [{ family: 'IPv4', internal: true, address: '127.0.0.1' }],
    docker0: [{ family: 'IPv4', internal: false, address: '172.17.0.1' }],
    eth0: [{ family: 'IPv4', internal: false, address: '198.51.100.7' }],
    eth1: [{ family: 'IPv4', internal: false, address: '10.0.0.7' }],
  } as never);
  t.same(
    found.map(({ address }) => address),
    ['10.0.0.7', '198.51.100.7'],
    'private ones first, no bridges of containers',
  );
});

t.test('disks, days and zones', async (t) => {
  const mounts =
    'none /proc proc rw 0 0\n/dev/a / ext4 rw 0 0\n/dev/b /usr ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n';
  t.match(disks(mounts), [{ point: '/' }], 'neither what is in memory nor where the system is');
  t.same(disks('/dev/a / ext4 ro 0 0\n'), [], 'nor what cannot be written');
  t.equal(folderOn('/'), '/var/lib/tapedeck');
  t.equal(folderOn('/var'), '/var/lib/tapedeck');
  t.equal(folderOn('/srv/calls'), '/srv/calls/tapedeck');
  t.equal(daysOf(70e9, 200), 1000);
  t.equal(lasting(70e9, 200), '2 years');
  t.equal(lasting(7e9, 200), '100 days');
  t.ok(isZone(timeZone()));
  t.notOk(isZone('Mars/Base'));
  t.same(wrapped('one two three', 8), ['one two', 'three']);
});
