import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createStrangers } from '../../../daemon/assurance/strangers.js';
import { tlsFolder } from '../../../daemon/domain/paths.js';
import { createLog } from '../../../daemon/ops/log.js';
import { strangersIn } from '../../../daemon/vault/strangers.js';
import { shown } from '../../support/alarm-board.js';
import { until } from '../../support/recorder.js';

t.test(
  'what lies in the folder that the dashboard writes and is not ours is named, and nothing else',
  async (t) => {
    const data = t.testdir({ tls: {}, victim: 'precious' });
    t.same(strangersIn(join(data, 'nowhere')), []);
    const tls = (name: string) => join(tlsFolder(data), name);
    for (const name of ['served.crt', 'served.crt.tmp', 'ca.key', 'acme-account.json'])
      writeFileSync(tls(name), '');
    t.same(strangersIn(data), []);

    const put: [as: string, make: (path: string) => void, why: RegExp][] = [
      [tls('served.crt-journal'), (to) => writeFileSync(to, 'x'), /not a name/],
      [tls('else'), (to) => mkdirSync(to), /not a name/],
      [tls('served.crt'), (to) => symlinkSync(join(data, 'victim'), to), /not a plain file/],
      [tls('ca.key'), (to) => execFileSync('mkfifo', [to]), /not a plain file/],
      [tls('own.crt'), (to) => mkdirSync(to), /not a plain file/],
      [tls('own.key'), (to) => linkSync(join(data, 'victim'), to), /not a plain file/],
    ];
    for (const [as, make, why] of put) {
      rmSync(as, { force: true });
      make(as);
      const [found, ...more] = strangersIn(data);
      t.ok(found?.startsWith(as) && why.test(found), `${found}`);
      t.same(more, []);
      rmSync(as, { recursive: true });
    }
  },
);

t.test('an alarm names what is there, for as long as it is there', async (t) => {
  const raised: string[] = [];
  let there: string[] = [];
  const strangers = createStrangers({
    dir: '/data',
    found: ['/data/old (now elsewhere)'],
    look: () => there,
    alarms: {
      raise: (_key, alarm) => void raised.push(shown(alarm).message),
      clear: (key) => void raised.push(`clear ${key}`),
    },
    log: createLog('silent', 'test'),
    everyMs: 5,
  });
  strangers.start();
  t.teardown(() => strangers.stop());
  t.match(raised[0], /\/data\/old \(now elsewhere\)/, 'at once');
  there = ['/data/tls/served.crt (not a plain file)'];
  await until('the alarm', () => /old.*served\.crt/.test(raised.at(-1)!));
  there = [];
  await until('it is over', () => !/served\.crt/.test(raised.at(-1)!));
  t.match(raised.at(-1), /old/, 'what was found at the start is named until the next one');
  strangers.emptied({ liveKeys: 3, hasCalls: false });
  strangers.emptied({ liveKeys: 3, hasCalls: true });
  t.match(
    raised.filter((said) => !/old/.test(said)),
    [/keys of 3 recordings/, 'clear catalogue_empty'],
  );
});

t.test('that the keys were open is told until it is written down', async (t) => {
  const said: string[] = [];
  const strangers = createStrangers({
    ...{ dir: '/data', found: [], look: () => [], log: createLog('silent', 'test') },
    keysWereOpen: true,
    keysTold: () => void said.push('told'),
    alarms: { raise: (key) => void said.push(key), clear: () => {} },
    everyMs: 5,
  });
  await strangers.stop();
  t.same(said, [], 'nothing was raised before the start');
  strangers.start();
  t.same(said, ['keys_were_open']);
  await until('the next look', () => said.length > 1);
  await strangers.stop();
  t.same(said, ['keys_were_open', 'told']);
});
