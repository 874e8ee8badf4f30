import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Finding } from '../../../daemon/cli/doctor/finding.js';
import { auditCopies } from '../../../daemon/cli/doctor/off-box.js';
import { priority } from '../../../daemon/cli/doctor/pbx.js';
import { brokenUp } from '../../../daemon/cli/doctor/sound.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { loadConfig } from '../../../daemon/ops/config.js';
import { site } from '../../support/cli-site.js';
import { until } from '../../support/recorder.js';

t.test('the doctor goes on where something is broken, and says that a lost master key is lost', async (t) => {
  const { tapedeck, dir } = site(t, { recorded: false });
  const before = process.exitCode;
  t.teardown(() => {
    process.exitCode = before;
  });
  const examined = async (): Promise<Record<string, Finding>> => {
    const findings: Finding[] = JSON.parse(await tapedeck('doctor', '--json'));
    return Object.fromEntries(findings.map((f) => [f.check, f]));
  };
  const fresh = await examined();
  t.match(fresh, {
    'PBX (ARI)': { state: 'fail', says: /A secret cannot be read/ },
    keys: { state: 'warn', says: /does not exist/ },
    daemon: { state: 'warn', todo: /systemctl start tapedeck/ },
  });
  t.notOk(fresh.CDRs || fresh['test calls'], 'there is no catalogue to ask');
  t.notOk(existsSync(join(dir, 'data')), 'and none is made, nor the folder');
  mkdirSync(join(dir, 'data/keys'), { recursive: true });
  mkdirSync(join(dir, 'data/catalogue'));
  writeFileSync(keysFile(join(dir, 'data')), '');
  writeFileSync(catalogueFile(join(dir, 'data')), 'not a database'.repeat(99));
  t.match(await examined(), {
    keys: { state: 'fail', says: /The master key cannot be read/ },
    CDRs: { state: 'fail' },
    'test calls': { state: 'fail' },
    'CDR sources': { state: 'warn' },
  });
});

t.test('the doctor says what is open while no checkpoint leaves the machine, and names stay', async (t) => {
  const { tapedeck, dir, catalogue: opened } = site(t);
  const before = process.exitCode;
  t.teardown(() => {
    process.exitCode = before;
  });
  const catalogue = await opened();
  const found = async (check: string) =>
    (JSON.parse(await tapedeck('doctor', '--json')) as Finding[]).find((one) => one.check === check);
  t.match(await found('audit log copies'), { state: 'warn', says: /could cut off its end/ });
  t.match(await found('names'), { state: 'warn', says: /after the last recording of a person was erased/ });
  await catalogue.policy.save({ ...defaultPolicy, metadata_days: 30 }, 'ada', Date.now(), 0);
  const file = join(dir, 'tapedeck.toml');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n[audit]\ncheckpoint_file = "/mnt/other/checkpoints"\n`);
  t.match(await auditCopies(loadConfig(file)), [
    { state: 'ok', says: 'Checkpoints go to /mnt/other/checkpoints.' },
  ]);
  t.match(await found('names'), { state: 'ok', says: /30 days after/ });
  t.match(await found('voices'), { state: 'ok' });
});

t.test('the doctor names the phone or line whose voice breaks up most often, and no chance', async (t) => {
  const flags = { silent: 0, one_way: 0, quiet: 0, clipped: 0, noisy: 0, echo: 0 };
  const ear = (name: string, calls: number, lossy: number) => ({
    ...{ kind: 'line' as const, name, calls, flagged: lossy, flags: { ...flags, lossy } },
  });
  t.match(brokenUp([ear('a', 4, 4), ear('b', 100, 24)]), { state: 'ok' });
  t.match(brokenUp([ear('a', 40, 10)]), {
    state: 'warn',
    says: 'The voice of line a breaks up in 10 of 40 recordings of the last 7 days.',
    todo: /loses RTP packets/,
  });
  t.match(brokenUp([ear('a', 40, 10), ear('b', 8, 7)]), { says: /line b.*7 of 8.*those of 1 more/ });
});

t.test('the doctor says whether the Asterisk beside it goes before all else', async (t) => {
  const program = join(t.testdir({}), 'asterisk');
  copyFileSync('/usr/bin/sleep', program);
  const findingOf = async (wrapper: string[]) => {
    const [command, ...args] = [...wrapper, program, '60'];
    const child = spawn(command!, args, { stdio: 'ignore' });
    t.teardown(() => child.kill());
    const mine = async () => (await priority()).find((f) => f.says.includes(`process ${child.pid})`));
    return until('the process to be seen', mine);
  };
  t.match(await findingOf([]), { state: 'warn', todo: /highpriority = yes/ });
  const refused = spawnSync('chrt', ['--rr', '1', 'true']).status !== 0;
  if (refused) t.pass('one that does', { skip: 'This machine lets nobody go before all else.' });
  else t.match(await findingOf(['chrt', '--rr', '1']), { state: 'ok' });
});
