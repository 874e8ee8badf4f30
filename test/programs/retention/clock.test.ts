import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { catalogueFile, keysFile } from '../../../daemon/domain/paths.js';
import { createKeys } from '../../../daemon/vault/keys.js';
import { createMovableClock } from '../../support/clock.js';
import { ruled } from '../../support/recordings/retaining.js';
import { holdFor } from '../../support/recordings/retention-lab.js';
import { addRecording } from '../../support/web/dashboard.js';

const MAIN = resolve('dist/daemon/main.js');
const DAY = 86_400_000;

t.test('by a clock that jumped nothing is erased, and what is due by the right one is', async (t) => {
  const dir = t.testdir({
    'tapedeck.toml': '[data]\ndir = "data"\n[keys]\nmaster_key_file = "master.key"\n',
  });
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir, { mode: 0o750 });
  const masterKey = randomBytes(32);
  writeFileSync(join(dir, 'master.key'), masterKey.toString('base64'), { mode: 0o600 });
  const catalogue = createSqliteCatalogue({ path: catalogueFile(dataDir) });
  await catalogue.start();
  const keys = createKeys({ path: keysFile(dataDir), masterKey });
  keys.start();
  const now = Date.now();
  await catalogue.policy.save(ruled, 'test', now, 0);
  const keep = async (keepUntil: number) =>
    (
      await addRecording({ catalogue, keys, dataDir }, randomBytes(900), {
        recording: { keepUntil, keepRule: 'Short', sealedAt: now - 60_000 },
      })
    ).call;
  const [due, held, by_hand] = [
    await keep(now - 3 * DAY),
    await keep(now - DAY),
    await keep(now + 300 * DAY),
  ];
  for (let n = 0; n < 12; n++) await keep(now + 9 * DAY);
  await holdFor(catalogue, 'Smith v. Example', [held.recording!.id]);
  keys.stop();
  await catalogue.stop();

  const clock = createMovableClock(join(dir, 'clock'));
  const tapedeck = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [MAIN, '--config', 'tapedeck.toml', ...args],
      {
        ...{ cwd: dir, encoding: 'utf8', input: '', timeout: 60_000 },
        env: { ...process.env, NODE_OPTIONS: '', ...clock.env },
      },
    );
    return { code: status, out: stdout, err: stderr };
  };
  const run = (...args: string[]) => tapedeck('retention', 'run', ...args);

  clock.move(10 * DAY);
  t.match(run(), { code: 1, err: /clock may be wrong: it is 10 days ahead of the newest recording/ });
  t.match(run(), { code: 1, err: /clock may be wrong/ }, 'nor the next time');
  clock.move(-12 * DAY);
  t.match(run(), { code: 1, err: /clock may be wrong: it is \d+ days behind the newest recording/ });
  clock.move(-2 * DAY);
  t.match(
    run(),
    { code: 0, out: '0 erased, 0 failed, 0 left.\n' },
    'by a clock of four days ago nothing is due',
  );
  clock.move(4 * DAY);

  const plan = tapedeck('retention', 'plan');
  t.match(plan, { code: 0, out: /^15 recordings are kept, 0 of them for ever\./ });
  t.match(plan.out, /Short +15 +0 +2 +1\n/, 'by rule: kept, for ever, due, protected');
  t.match(plan.out, /Due now: 1\n/);
  t.match(
    plan.out,
    /Due but protected: 1 by a legal hold, 0 by a minimum\n[\s\S]*It is under legal hold: Smith v\./,
  );
  t.match(plan.out, /Safety limit: 20% of the kept recordings, and 10000 recordings\.$/m);
  const json = JSON.parse(tapedeck('retention', 'plan', '--json').out);
  t.match(json, {
    ...{ kept: 15, erasable: 1, due_total: 2, protected_total: { legal_hold: 1, minimum: 0 } },
    ...{
      due: [{ call_id: due.id }],
      protected: [{ call_id: held.id, protected_by: { why: { code: 'legal_hold' } } }],
    },
    breaker: { tripped: false, confirm: /^erase-1-[0-9a-f]{12}$/, why: null },
  });
  clock.move(10 * DAY);
  const [, word] = /--confirm (erase-\d+-[0-9a-f]{12})/.exec(tapedeck('retention', 'plan').out) ?? [];
  t.match(word, /^erase-13-/, 'what is due by that clock');
  clock.move(-10 * DAY);
  t.match(run(), { code: 0, out: '1 erased, 0 failed, 0 left.\n' });

  const erase = (...args: string[]) => tapedeck('erase', ...args, '--reason', 'Asked for');
  t.match(erase(by_hand.id), { code: 2, err: /Nothing was erased. To erase, add --confirm "erase 1"/ });
  t.match(erase(by_hand.id, held.id, '--confirm', 'erase 2'), {
    ...{
      code: 1,
      out: /^Nothing was erased\. Protected:\n[\s\S]*legal hold[\s\S]*Leave these out and try again\.\n$/,
    },
  });
  t.match(erase(by_hand.id, '--confirm', 'erase 1'), { code: 0, out: '1 erased, 0 failed, 0 left.\n' });
  t.match(erase(by_hand.id, '--confirm', 'erase 1'), { code: 1 }, 'it is gone');
  await catalogue.start();
  t.teardown(() => catalogue.stop());
  const open = await catalogue.certificates.open(0, 9);
  t.match(
    open.map(({ run }) => run),
    [
      { kind: 'retention', requestedBy: { actor: 'console' } },
      { kind: 'by_hand', requestedBy: { actor: 'console' }, reason: 'Asked for' },
    ],
    'no recorder ran, and its next start certifies both on the word of who had it done',
  );
});
