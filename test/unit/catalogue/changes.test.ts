import t from 'tap';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { FIRST } from '../../../daemon/domain/pbx.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const looked = () => entryOf(TAPEDECK, Date.now(), 'view', { object: 'call', object_id: 'A' });

t.test('what a page may show is counted, once a transaction, and nothing else', async (t) => {
  const { catalogue: c } = await opened(t);
  await c.calls.save(aCall('A'));
  const by = async (write: () => Promise<unknown>): Promise<number> => {
    const before = await c.changeCount();
    await write();
    return (await c.changeCount()) - before;
  };
  const counted: Record<string, () => Promise<unknown>> = {
    call: () => c.calls.save(aCall('B')),
    coverage: () =>
      c.calls.decideCoverage('A', { status: 'not_recorded', why: null, rule: null, missingMs: 0 }),
    policy: () => c.policy.save(defaultPolicy, 'ada', 5, 0),
    'monitoring gap': () => c.watch.open(FIRST, 5, noted('Stopped.')),
    'its end': () => c.watch.close(FIRST, 9),
    'many in one turn': () =>
      Promise.all([
        c.calls.save(aCall('C')),
        c.calls.save(aCall('D')),
        c.audit.append(looked()),
        c.watch.watched(FIRST, 8),
      ]),
    'one of which fails': () =>
      Promise.all([c.calls.save(aCall('E')), c.policy.save(defaultPolicy, 'bob', 6, 0).catch(() => {})]),
    'with an entry': () => c.audited(looked(), (c) => c.calls.save(aCall('F'))),
  };
  for (const [what, write] of Object.entries(counted)) t.equal(await by(write), 1, what);
  const unseen: Record<string, () => Promise<unknown>> = {
    reading: () => c.calls.list({ limit: 5 }),
    entry: () => c.audit.append(looked()),
    entries: () => Promise.all([c.audit.append(looked()), c.audit.append(looked())]),
    beat: () => c.watch.watched(FIRST, 10),
    'beat of the witness': () => c.listening.watched(FIRST, 10),
    'nothing to close': () => c.watch.close(FIRST, 12),
    'use of a token': () => c.tokens.used('none', 5, ''),
    'forgetting words': () => c.audit.forgetWords(5),
    'check without news': () => c.seals.checked('none', 5, null),
    'what is refused': () => c.policy.save(defaultPolicy, 'bob', 6, 0).catch(() => {}),
  };
  for (const [what, write] of Object.entries(unseen)) t.equal(await by(write), 0, what);
});
