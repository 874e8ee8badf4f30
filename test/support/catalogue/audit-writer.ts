import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { entryOf } from '../../../daemon/domain/assurance/audit.js';
import { aCall } from '../recordings/a-call.js';

/**
 * A process that writes into a catalogue until it is killed: entries of its own, entries with what they are about, and
 * verbs that fail beside them. Says the number of each entry when it is durable.
 */
const [path = '', name = ''] = process.argv.slice(2);
const catalogue = createSqliteCatalogue({ path });
await catalogue.start();
const by = { actor: 'person', actor_id: name, actor_name: name, address: '' } as const;
for (let n = 0; ; n++) {
  const entry = (what: string) => entryOf(by, Date.now(), 'view', { detail: { n, what } });
  const told = (seq: number) => process.stdout.write(`${name} ${seq}\n`);
  await Promise.all([
    catalogue.audit.append(entry('alone')).then(told),
    catalogue.audited(entry('with a call'), (c) => c.calls.save(aCall(`${name}-${n}`))),
    // Of the same turn, and so of the same commit, which has to be done again without it.
    ...(n % 5 === 0
      ? [catalogue.audited(entry('never'), (c) => c.recordings.erased('nobody', 1)).catch(() => {})]
      : []),
    catalogue.audit.append(entry('last')).then(told),
  ]);
}
