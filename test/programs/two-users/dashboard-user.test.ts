import t from 'tap';
import { NEEDS_ROOT } from '../../support/box/box.js';
import { createSeized } from '../../support/box/seized.js';

/** `npm run pentest -- owner` tries the same for longer. */
t.test(
  'whoever takes the dashboard over can do what SECURITY.md names, and nothing else',
  { skip: NEEDS_ROOT },
  async (t) => {
    const seized = await createSeized();
    t.teardown(seized.stop);
    const tries = await seized.tryAll({ guesses: 60 });
    t.ok(tries.length > 100, `${tries.length} tries`);
    t.same(await seized.findings(tries), []);
  },
);
