import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asNobody } from '../../support/as-nobody.js';
import { until } from '../../support/recorder.js';
import { preserveLab, toneWav as wav } from '../../support/recordings/preserve-lab.js';
import { worded } from '../../support/words.js';

/** A spool that the recorder's user may not read, or not write: file modes count, so nothing here runs as root. */
const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

t.test('a call in a spool that cannot be read waits, and is sealed when it can', async (t) => {
  const lab = await preserveLab(t, { retries: [50], again: 600_000 });
  await lab.add(id, [{ in: wav(3), out: wav(3) }]);
  const spool = join(lab.dir, 'spool');
  await asNobody(lab.dir, spool, async (asRoot) => {
    asRoot(() => chmodSync(spool, 0o700));
    lab.preserver.enqueue('', id);
    await until('the alarm', () => lab.standing.size > 0);
    t.match(
      [...lab.standing.values()],
      [{ severity: 'critical', message: new RegExp(`${spool}.*chmod 2770`), hint: /2770/ }],
    );
    const coverage = async () => (await lab.catalogue.calls.get(id))!.coverage;
    await until('its row to say why', async () => (await coverage()).why);
    t.match(worded(await coverage()), { status: 'pending', reason: /EACCES/ });
    t.match(await lab.catalogue.segments.of(id), [{ state: 'captured' }]);
    asRoot(() => chmodSync(spool, 0o777));
    await until('the recording', async () => (await lab.catalogue.calls.get(id))!.recording);
    t.match((await lab.catalogue.calls.get(id))!.coverage, { status: 'recorded' });
    await until('the end of the alarm', () => lab.standing.size === 0);
    t.same(lab.spool(), []);
  });
});

t.test('a sealed file that cannot be removed is named by an alarm, and goes when it can', async (t) => {
  const lab = await preserveLab(t);
  await lab.add(id, [{ in: wav(3), out: wav(3) }]);
  const spool = join(lab.dir, 'spool');
  await asNobody(lab.dir, spool, async (asRoot) => {
    asRoot(() => chmodSync(spool, 0o755));
    const call = await lab.run(id);
    t.match(call.coverage, { status: 'recorded' });
    t.match(
      [...lab.standing.values()],
      [{ message: /tapedeck-01ARZ3NDEKTSV4RRFFQ69G5FAV.*chmod 2770/, hint: /2770/ }],
    );
    asRoot(() => chmodSync(spool, 0o777));
    await until('the removal', () => lab.spool().length === 0);
    await until('the end of the alarm', () => lab.standing.size === 0);
  });
});
