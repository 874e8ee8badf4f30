import { join } from 'node:path';
import t from 'tap';
import { ulid } from 'ulid';
import { DAY_MS, digestOfShown } from '../../../daemon/domain/approval/approval.js';
import { startRecorder } from '../../support/cli-recorder.js';
import { site } from '../../support/cli-site.js';

t.test('approvals are listed and withdrawn on the command line, and never given', async (t) => {
  const { dir, tapedeck } = site(t, { short: true });
  await tapedeck('calls');
  const recorder = await startRecorder(join(dir, 'data'));
  t.teardown(recorder.stop);
  const { catalogue } = recorder;
  t.equal(await tapedeck('approvals'), 'No approvals have been requested.');
  const id = ulid();
  const shown = { recordings: ['01JDK3V7Q8ZM5T4R2XW9YB6C1E'] };
  const at = Date.now();
  await catalogue.approvals.ask({
    ...{ id, act: 'erase', object: 'by hand', digest: digestOfShown(shown), shown, alone: false },
    ...{ reason: 'The caller asked for it.', askedBy: { id: 'P1', name: 'Anna Berg' }, askedAt: at },
    ...{ expiresAt: at + DAY_MS, notBefore: at },
  });
  for (const argv of [['approvals'], ['approvals', 'list']])
    t.match(
      await tapedeck(...argv),
      new RegExp(`${id}.*Anna Berg.*waiting.*The caller asked for it\\.`, 's'),
      argv.join(' '),
    );
  for (const argv of [
    ['approvals', '--json'],
    ['approvals', 'list', '--json'],
  ])
    t.match(JSON.parse(await tapedeck(...argv)), { open: [{ id, state: 'waiting', shown }], over: [] });
  await t.rejects(tapedeck('approvals', 'approve', id), { code: /^commander\./ });
  await t.rejects(tapedeck('approvals', 'withdraw', 'x'), { code: 'approval_unknown' });
  await t.rejects(tapedeck('approvals', 'withdraw', ulid()), { code: 'approval_unknown' });
  t.equal(await tapedeck('approvals', 'withdraw', id.toLowerCase()), `Withdrew ${id}.`);
  t.match(JSON.parse(await tapedeck('approvals', '--json')), {
    open: [],
    over: [{ id, state: 'withdrawn' }],
  });
  const [entry] = await catalogue.audit.entries({ actions: ['approval_withdraw'], limit: 1 });
  t.match(entry, { actor: 'console', object_id: id });
});
