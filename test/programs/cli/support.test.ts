import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { createMask, type Program } from '../../../daemon/cli/support/mask.js';
import { makePast } from '../../../scripts/lib/demo/past.js';
import { awayPbx, PBX_AWAY } from '../../support/box/away-pbx.js';
import { createApiClient, createRecorderLab } from '../../support/recorder.js';

const CALLER = { number: '+4930555017342', name: 'Zephyrine Quackenbush' };
const ADMIN = { name: 'Grace Hopper', password: 'correct horse battery 1' };
const PROMPTS = fileURLToPath(new URL('../../../prompts/en', import.meta.url));
const SPEECH = { in: join(PROMPTS, 'announce_refusal.wav'), out: join(PROMPTS, 'ask.wav') };
const SITE = 'Dunwoody & Partners';
const SMTP_PASSWORD = 'smtp-secret-4711-canary';

t.test('a support bundle has no secret, no number and no name, and still says what is wrong', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'smtp'), `${SMTP_PASSWORD}\n`, { mode: 0o600 });
  const lab = createRecorderLab({
    ...{ dir, pbx: awayPbx(dir), site: `time_zone = "Europe/Zagreb"\n` },
    extra: `[alerts]\nmail_to = ["theresa@dunwoody.example"]\nmail_from = "tapedeck@dunwoody.example"\nsmtp_host = "127.0.0.1"\nsmtp_port = 9\nsmtp_tls = "none"\n`,
  });
  writeFileSync(lab.config, readFileSync(lab.config, 'utf8').replace('"Laboratory"', `"${SITE}"`));
  t.teardown(() => lab.stop());
  await makePast({
    ...{ dataDir: lab.dataDir, masterKeyFile: join(dir, 'master.key'), speech: SPEECH, now: Date.now() },
    ...{ days: 10, every: 2, caller: () => CALLER },
  });
  await lab.startDaemon(PBX_AWAY);
  const { address, setupCode } = await lab.startWeb();
  const api = createApiClient(address);
  await api.setUp(setupCode!, ADMIN.name, ADMIN.password);
  const calls = await api.calls(`&q=${encodeURIComponent(CALLER.number)}`);
  t.ok(calls.length > 0);
  await createApiClient(address).ask('POST', '/session', {
    name: ADMIN.name,
    password: 'a wrong password of somebody',
  });

  const log = join(dir, 'log');
  const forged = [
    JSON.stringify({
      level: 30,
      msg: `Call of ${CALLER.name} from ${CALLER.number}`,
      caller: CALLER,
      [CALLER.name]: 1,
    }),
    JSON.stringify({
      level: 50,
      name: CALLER.number,
      part: 'Quackenbush',
      err: {
        message: CALLER.name,
        stack: `Error: ${CALLER.name}\n    at f (/opt/Quackenbush/dist/daemon/main.js:1:2)`,
      },
    }),
    `Not JSON: ${CALLER.name} ${CALLER.number}`,
  ];
  writeFileSync(
    log,
    [...['run', 'web'].map((name) => readFileSync(join(dir, `${name}.log`), 'utf8')), ...forged].join('\n'),
  );

  const file = join(dir, 'bundle.zip');
  const made = await lab.command(['support', file, '--log', log]);
  t.equal(made.code, 0, made.err);
  t.match(made.out, /README\.txt[\s\S]*log\.jsonl.*masked[\s\S]*Written to/, 'it says what is in it');
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal((await lab.command(['support', file, '--log', log])).code, 2, 'and writes over nothing');
  const inside = join(dir, 'inside');
  execFileSync('unzip', ['-q', file, '-d', inside]);
  const names = readdirSync(inside);
  t.match(names.toSorted(), [
    ...['README.txt', 'SHA256SUMS', 'configuration.json', 'databases.json', 'disks.json', 'doctor.json'],
    ...['log.jsonl', 'metrics.txt', 'status.json', 'units.json', 'versions.json'],
  ]);
  const all = names.map((name) => readFileSync(join(inside, name), 'utf8')).join('\n');
  const shown = (await lab.command(['support', '--show', '--log', log])).out;

  const canaries = [
    ...[
      '4930555017342',
      '30555017342',
      'Quackenbush',
      'Zephyrine',
      'Hopper',
      ADMIN.password,
      'wrong password of',
    ],
    ...['dunwoody', 'Dunwoody', 'theresa', SMTP_PASSWORD, 'Zagreb', setupCode!, dir, lab.dataDir],
    readFileSync(join(dir, 'master.key'), 'utf8').trim(),
  ];
  for (const { them, us } of calls)
    canaries.push(
      ...[them, us].flatMap(({ number, name }) => [number, name]).filter((text) => text.length > 3),
    );
  for (const { id } of calls) canaries.push(id);
  for (const where of [all, shown])
    t.same(
      canaries.filter((text) => where.includes(text)),
      [],
    );

  const read = (name: string) => JSON.parse(readFileSync(join(inside, name), 'utf8'));
  t.match(read('configuration.json'), {
    site: { name: '(set)', time_zone: '(set)' },
    alerts: { smtp_port: 9, smtp_tls: 'none', mail_to: '(1 entries)' },
    pbx: [{ ari_user: 'tapedeck' }],
  });
  t.match(
    read('doctor.json'),
    [{ check: 'PBX (ARI)', state: 'fail', says: /does not answer/ }],
    'findings can be read',
  );
  t.match(read('databases.json'), {
    catalogue: { version: Number, rows: { calls: Number } },
    keys: { version: Number },
  });
  t.ok(read('databases.json').catalogue.rows.calls > 0);
  t.match(read('versions.json'), { tapedeck: /^\d/, node: process.version });
  t.match(read('status.json'), { health: { level: /green|amber|red/ } });
  const lines = readFileSync(join(inside, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.ok(
    lines.some(({ msg }) => msg === 'the recorder is ready'),
    'what the program says can be read',
  );
  t.match(lines.at(-1), { other_lines: Number });
  t.same(lines.at(-2).err.stack, ['f dist/daemon/main.js:1:2']);
});

t.test('the same text has the same pseudonym in one bundle, and another one in the next', async (t) => {
  const program: Program = { has: () => false, words: new Set(['is', 'away']) };
  const [one, other] = [createMask(program), createMask(program)];
  t.equal(one.pseudonym('Smith'), one.pseudonym('Smith'));
  t.not(one.pseudonym('Smith'), other.pseudonym('Smith'));
  t.match(one.pseudonym('+49305550173'), /^~[a-p]{10}$/);
  t.equal(one.sentence('Smith is away (42).'), `${one.pseudonym('Smith')} is away (42).`);
  t.notMatch(one.sentence('call 020-7946-0018 is "Smith&Sons"'), /7946|Smith|Sons/);
});
