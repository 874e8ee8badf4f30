import { createSqliteCatalogue } from '../../../daemon/catalogue/sqlite/catalogue.js';
import { FOUNDER } from '../../../daemon/domain/people/person.js';

/** A process that opens a catalogue at a given moment, claims the set-up and prints whether it won. */
const [path, name, at] = process.argv.slice(2) as [string, string, string];
const catalogue = createSqliteCatalogue({ path });
while (Date.now() < Number(at));
await catalogue.start();
const won = await catalogue.people.claimSetup('the-hash', {
  ...FOUNDER,
  id: name,
  name,
  passwordHash: 'x',
  createdAt: 1,
});
await catalogue.stop();
process.stdout.write(won ? 'won' : 'lost');
