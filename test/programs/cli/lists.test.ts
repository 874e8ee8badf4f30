import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { site } from '../../support/cli-site.js';

t.test('a list is made, filled, given out, read again and removed on the command line', async (t) => {
  const { dir, tapedeck, catalogue } = site(t);
  t.match(await tapedeck('lists', 'show'), /There are no lists/);
  await tapedeck('lists', 'create', 'VIP', '--note', 'Board');
  await t.rejects(tapedeck('lists', 'create', 'VIP'), { code: 'list_exists' });
  t.match(await tapedeck('lists', 'add', 'VIP', '+44 20 7946 0123', '--until', '2099-01-31'), /is on "VIP"/);
  await t.rejects(tapedeck('lists', 'add', 'VIP', 'Ann'), {
    code: 'list_invalid',
    message: /"Ann" is not a telephone number/,
  });
  await t.rejects(tapedeck('lists', 'add', 'VIP', '00442079460123'), { message: /already/ });
  await t.rejects(tapedeck('lists', 'add', 'Other', '12345'), { code: 'list_unknown' });

  const file = join(dir, 'vip.csv');
  writeFileSync(file, 'number,note\n+44 161 496 0000,Ann\n0044 161 496 0000,again\nx,\n');
  await t.rejects(tapedeck('lists', 'import', 'VIP', file), {
    code: 'list_invalid',
    message:
      /line 3: "0044 161 496 0000" is the same number as in line 2[\s\S]*line 4: "x" is not a telephone number/,
  });
  writeFileSync(file, 'number,note\n+44 161 496 0000,=1+1\n');
  t.match(
    await tapedeck('lists', 'import', 'VIP', file, '--dry-run'),
    /1 number could be imported. Nothing was changed/,
  );
  t.match(await tapedeck('lists', 'import', 'VIP', file), /1 number was put on "VIP"/);
  await tapedeck('lists', 'create', 'Do not record');
  t.match(await tapedeck('lists', 'import', 'Do not record', file), /1 of these numbers is also on "VIP"/);
  const csv = await tapedeck('lists', 'export', 'VIP');
  t.equal(csv, "number,note,until\n'+44 20 7946 0123,,2099-01-31\n'+44 161 496 0000,'=1+1,");
  writeFileSync(file, csv);
  t.match(
    await tapedeck('lists', 'import', 'VIP', file, '--replace'),
    /2 numbers were put on "VIP", in place of 2/,
  );
  t.match(await tapedeck('lists', 'show', 'VIP'), /\+44 20 7946 0123 +2099-01-31/);
  t.match(await tapedeck('lists', 'remove', 'VIP', '+442079460123'), /is not on "VIP" any more/);
  t.match(await tapedeck('lists', 'remove', 'VIP', '+442079460123'), /is not on "VIP"/);
  t.match(await tapedeck('lists', 'show'), /Do not record +1[\s\S]*VIP +1/);

  const c = await catalogue();
  await tapedeck('lists', 'delete', 'Do not record');
  t.match(await tapedeck('lists', 'show', '--json'), /"name": "VIP"/);
  const entries = await c.audit.entries({ actions: ['policy_change', 'export'], limit: 3 });
  t.match(entries, [
    { detail: { changes: ['list "Do not record" is gone, with 1 number'] } },
    { detail: { changes: ['list "VIP" has 1 number less'] } },
    { detail: { changes: ['list "VIP" has 2 numbers in place of 2'] } },
  ]);
});

t.test(
  'versions are compared and brought back, and what is wrong with rules is said with its line',
  async (t) => {
    const { dir, tapedeck } = site(t);
    const file = join(dir, 'policy.toml');
    const rule = (name: string, outcome: string) =>
      `[[record]]\nname = "${name}"\nreason = ""\nwhen.queue = ["support"]\noutcome = "${outcome}"\n`;
    writeFileSync(
      file,
      `retention = []\nemergency_numbers = ["112"]\n${rule('A', 'skip')}${rule('B', 'record')}`,
    );
    t.match(
      await tapedeck('policy', 'import', file),
      /Warning: line 9: record rule 2 "B" has the conditions of "A" above it, which decides otherwise/,
    );
    writeFileSync(file, `retention = []\nemergency_numbers = ["112"]\n${rule('A', 'skip')}`);
    await tapedeck('policy', 'import', file);
    t.equal(await tapedeck('policy', 'diff', '1'), 'record: "B" is gone');
    t.equal(await tapedeck('policy', 'diff', '2', '1'), 'record: "B" is new');
    await t.rejects(tapedeck('policy', 'diff', '7'), { code: 'version_unknown' });
    t.match(await tapedeck('policy', 'restore', '1', '--dry-run'), /"B" is new\nNothing was changed/);
    t.match(await tapedeck('policy', 'restore', '1'), /Version 3 is in force, as version 1 was/);
    t.match(await tapedeck('policy', 'restore', '1'), /Version 3 says the same/);
    t.match(await tapedeck('policy', 'versions'), /^3 /m);
  },
);
