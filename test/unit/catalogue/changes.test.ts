import t from 'tap';
import { entryOf, TAPEDECK } from '../../../daemon/domain/assurance/audit.js';
import { defaultPolicy } from '../../../daemon/domain/policy/policy.js';
import { opened } from '../../support/catalogue/opened.js';
import { aCall } from '../../support/recordings/a-call.js';
import { noted } from '../../support/words.js';

const looked = () => entryOf(TAPEDECK, Date.now(), 'view', { object: 'call', object_id: 'A' });

t.test('what a page may show is counted, once a transaction, and nothing else', async (t) => {
  const { catalogue: c } = await opened(t);
  await c.saveCall(aCall('A'));
  const by = async (write: () => Promise<unknown>): Promise<number> => {
    const before = await c.changeCount();
    await write();
    return (await c.changeCount()) - before;
  };
  const counted: Record<string, () => Promise<unknown>> = {
    call: () => c.saveCall(aCall('B')),
    coverage: () => c.decideCoverage('A', { status: 'not_recorded', why: null, rule: null, missingMs: 0 }),
    policy: () => c.savePolicy(defaultPolicy, 'ada', 5, 0),
    'monitoring gap': () => c.openBlindWindow(5, noted('Stopped.')),
    'its end': () => c.closeBlindWindow(9),
    'many in one turn': () =>
      Promise.all([c.saveCall(aCall('C')), c.saveCall(aCall('D')), c.audit(looked()), c.watched(8)]),
    'one of which fails': () =>
      Promise.all([c.saveCall(aCall('E')), c.savePolicy(defaultPolicy, 'bob', 6, 0).catch(() => {})]),
    'with an entry': () => c.audited(looked()).saveCall(aCall('F')),
  };
  for (const [what, write] of Object.entries(counted)) t.equal(await by(write), 1, what);
  const unseen: Record<string, () => Promise<unknown>> = {
    reading: () => c.calls({ limit: 5 }),
    entry: () => c.audit(looked()),
    entries: () => Promise.all([c.audit(looked()), c.audit(looked())]),
    beat: () => c.watched(10),
    'beat of the witness': () => c.witnessHeard(10),
    'nothing to close': () => c.closeBlindWindow(12),
    'use of a token': () => c.tokenUsed('none', 5, ''),
    'forgetting words': () => c.forgetWords(5),
    'check without news': () => c.checked('none', 5, null),
    'what is refused': () => c.savePolicy(defaultPolicy, 'bob', 6, 0).catch(() => {}),
  };
  for (const [what, write] of Object.entries(unseen)) t.equal(await by(write), 0, what);
});
