import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { site } from '../../support/cli-site.js';

t.test('a consent is entered, shown, given out and withdrawn on the command line', async (t) => {
  const { dir, tapedeck, catalogue } = site(t);
  t.match(await tapedeck('consents', 'show'), /There are no consents or objections/);
  const given = ['--given', '2026-01-03', '--how', 'e-mail'];
  const added = await tapedeck(
    'consents',
    'add',
    'objection',
    '+44 20 7946 0123',
    ...given,
    '--contact',
    '=Ann',
  );
  t.match(added, /The objection of \+44 20 7946 0123 has the id 1/);
  await t.rejects(tapedeck('consents', 'add', 'objection', 'Ann', ...given), {
    code: 'consent_invalid',
    message: /"Ann" is not a telephone number/,
  });
  await t.rejects(
    tapedeck('consents', 'add', 'consent', '12345', '--given', '2999-01-01', '--how', 'e-mail'),
    {
      message: /in the future/,
    },
  );
  const file = join(dir, 'consents.csv');
  writeFileSync(file, 'plain');
  await t.rejects(tapedeck('consents', 'add', 'consent', '12345', ...given, '--document', file), {
    code: 'document_invalid',
  });
  t.match(
    await tapedeck('consents', 'show'),
    /1 +objection +\+44 20 7946 0123 +=Ann +2026-01-03 +e-mail +until withdrawn/,
  );
  t.match(
    await tapedeck('policy', 'test', '--direction', 'in', '--number', '+442079460123'),
    /Objection +The other party's objection of 2026-01-03/,
  );

  writeFileSync(
    file,
    'kind,number,given,how,queues\nyes,1,2026-13-01,,\nconsent,020 7946 0999,2026-01-01,contract,a b\n',
  );
  await t.rejects(tapedeck('consents', 'import', file), {
    code: 'consent_invalid',
    message:
      /line 2: "yes" is neither[\s\S]*line 2: "1" is not a telephone[\s\S]*line 2: "2026-13-01" is not a day[\s\S]*line 2: It is not said how/,
  });
  writeFileSync(file, 'number\n1\n');
  await t.rejects(tapedeck('consents', 'import', file), { message: /kind, number, given, how are required/ });
  writeFileSync(
    file,
    'kind,number,given,how,queues,until\nconsent,44 20 7946 0999,2026-01-01,contract,a b,2099-01-31\n',
  );
  t.match(
    await tapedeck('consents', 'import', file, '--dry-run'),
    /1 entry could be imported. Nothing was changed/,
  );
  t.match(await tapedeck('consents', 'import', file), /1 entry was imported/);
  t.match(
    await tapedeck('consents', 'show', '--number', '0999'),
    /consent +44 20 7946 0999[\s\S]*until 2099-01-31/,
  );

  t.match(await tapedeck('consents', 'withdraw', '1'), /1 was withdrawn/);
  await t.rejects(tapedeck('consents', 'withdraw', '9'), { code: 'consent_unknown' });
  await t.rejects(tapedeck('consents', 'withdraw', 'x'), { code: 'consent_unknown' });
  const csv = (await tapedeck('consents', 'export')).split('\n');
  t.equal(
    csv[0],
    'kind,number,contact,extensions,queues,given,how,until,state,withdrawn,withdrawn_by,entered,entered_by,document_sha256,document_erased,erased,erased_by,erased_why',
  );
  t.match(csv[1], /^consent,44 20 7946 0999,,,a b,2026-01-01,contract,2099-01-31,in_force,/);
  t.match(csv[2], /^objection,'\+44 20 7946 0123,'=Ann,,,2026-01-03,e-mail,,withdrawn,20/);
  t.match(JSON.parse(await tapedeck('consents', 'show', '--json')), [
    { kind: 'consent', queues: ['a', 'b'], withdrawnAt: null },
    { kind: 'objection', givenAt: '2026-01-03T00:00:00.000Z' },
  ]);
  await t.rejects(tapedeck('consents', 'erase', '1', '--reason', ' '), { code: 'consent_reason' });
  await t.rejects(tapedeck('consents', 'erase', 'x', '--reason', 'Request'), { code: 'consent_unknown' });
  await t.rejects(
    tapedeck('consents', 'erase', '1', '--reason', 'Request'),
    { code: 'daemon_unreachable' },
    'its document is with the recorder',
  );
  const c = await catalogue();
  const entries = await c.audit.entries({
    actions: ['consent_add', 'consent_withdraw', 'export'],
    limit: 9,
  });
  t.match(
    entries.map(({ action, actor }) => `${actor} ${action}`),
    ['console export', 'console consent_withdraw', 'console consent_add', 'console consent_add'],
  );
});
