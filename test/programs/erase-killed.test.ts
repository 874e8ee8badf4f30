import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { catalogueFile } from '../../daemon/domain/paths.js';
import { publicKeys } from '../../daemon/vault/signing-key.js';
import { inThisThread } from '../support/catalogue/in-this-thread.js';
import { fileOf, verified } from '../support/certificates/certifying.js';
import { NOW, openHouse } from '../support/recordings/erase-until-killed.js';
import { furnish, gone, whatIsLeft, whole } from '../support/recordings/four-recordings.js';
import { killedBeforeEach } from '../support/recordings/killed-at.js';
import { worded } from '../support/words.js';

type House = Awaited<ReturnType<typeof openHouse>>;

/** The recordings on all certificates that verify, in the order of their ids. */
async function certified({ catalogue }: House, dir: string): Promise<string[]> {
  const [pem] = publicKeys(dir).values();
  const found: string[] = [];
  for (let number = 1; number <= (await catalogue.certificates.count()); number++) {
    const { fault, statement, items } = await verified(await fileOf(catalogue, number, pem!));
    if (fault !== null) throw new Error(`Certificate ${number}: ${fault}`);
    if (statement.erasure.kind !== 'retention') throw new Error(`It is of a run: ${statement.erasure.kind}`);
    found.push(...items.map(({ recording }) => recording));
  }
  return found.sort();
}

const PROGRAM = 'erase-until-killed.ts';

t.test('killed before any step, an erasure comes to the same end', async (t) => {
  const base = t.testdir();
  const marks = await furnish(join(base, 'start'));
  const verbs: string[] = [];
  for await (const { dir, said, at, again } of killedBeforeEach(t, PROGRAM, join(base, 'start'))) {
    if (!again) verbs.push(said);
    const house = await openHouse(dir, undefined, inThisThread);
    await house.retain.recover();
    for (const id of ['R1', 'R2']) {
      const left = await whatIsLeft(house, dir, id);
      t.same(left, left.state === 'sealed' ? whole : gone, `${at}: ${id} is whole or gone`);
    }
    t.same(await house.catalogue.recordings.erasing(), [], `${at}: nothing half done`);
    await house.retain.run();
    const ends = { R1: gone, R2: gone, R3: whole, R4: whole };
    for (const [id, end] of Object.entries(ends))
      t.same(await whatIsLeft(house, dir, id), end, `${at}: the end of ${id}`);
    t.same(await certified(house, dir), ['R1', 'R2'], `${at}: each is on one certificate`);
    t.match(worded(await house.catalogue.calls.get('CR1')), {
      recording: { erasedAt: NOW, eraseReason: 'Short: Law' },
    });
    const bytes = ['', '-wal'].map((end) => readFileSync(`${catalogueFile(dir)}${end}`));
    for (const id of ['R1', 'R2'])
      t.notOk(
        bytes.some((b) => b.includes(marks.get(id)!)),
        `${at}: no trace of ${id}'s peaks`,
      );
    await house.close();
  }
  t.equal(verbs.at(-1), 'finished');
  for (const verb of ['begin', 'end', 'open', 'describe', 'issue'])
    t.ok(verbs.includes(`catalogue.certificates.${verb}`), `it was killed before certificates.${verb}`);
  t.equal(
    verbs.filter((v) => v === 'keys.destroyAll').length,
    1,
    'it was killed before the keys were destroyed',
  );
  const steps = ['catalogue.recordings.eraseIntended', 'store.remove'];
  for (const verb of [...steps, 'catalogue.recordings.erased'])
    t.equal(verbs.filter((v) => v === verb).length, 2, `it was killed before each ${verb}`);
});
