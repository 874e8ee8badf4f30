import { join } from 'node:path';
import t from 'tap';
import { inThisThread } from '../support/catalogue/in-this-thread.js';
import { openHouse } from '../support/recordings/erase-until-killed.js';
import { gone, whatIsLeft } from '../support/recordings/four-recordings.js';
import { furnishHolds, MATTERS, workOut } from '../support/recordings/hold-until-killed.js';
import { killedBeforeEach } from '../support/recordings/killed-at.js';

const PROGRAM = 'hold-until-killed.ts';
const ALL = ['R1', 'R2', 'R3', 'R4', 'R5'];
type House = Awaited<ReturnType<typeof openHouse>>;

/** Which recordings are held by which matters, and which have to be: those of calls that an open matter asks for. */
async function holdings({ catalogue }: House) {
  const open = (await catalogue.holds.list()).filter(({ state }) => state !== 'released');
  const held: Record<string, string[]> = {};
  const due: Record<string, string[]> = {};
  for (const id of ALL) {
    const call = await catalogue.calls.get(`C${id}`);
    if (call?.recording?.state !== 'sealed') continue;
    held[id] = (await catalogue.holds.of([id])).map(({ matter }) => matter);
    due[id] = open
      .filter((matter) => MATTERS[matter.id as keyof typeof MATTERS] === call.them.name)
      .map(({ id }) => id);
  }
  return { held, due };
}

t.test('killed before any write, a restart holds exactly what the queries ask for', async (t) => {
  const base = t.testdir();
  await furnishHolds(join(base, 'start'));
  const before: string[] = [];
  for await (const { dir, said, at, again } of killedBeforeEach(t, PROGRAM, join(base, 'start'))) {
    if (!again) before.push(said);
    const house = await openHouse(dir, undefined, inThisThread);
    await house.retain.recover();
    await workOut(house);
    const { held, due } = await holdings(house);
    t.same(held, due, `${at}: what is held`);
    const sealed = Object.keys(held);
    await house.retain.run();
    for (const id of sealed) {
      const left = await whatIsLeft(house, dir, id);
      if (due[id]!.length === 0) t.same(left, gone, `${at}: ${id} is erased, nothing holds it`);
      else t.match(left, { state: 'sealed', key: true, file: true }, `${at}: ${id} is held, and whole`);
    }
    // What the program did before it was killed was on record: whatever was erased by then had nothing to hold it.
    for (const id of ALL.filter((id) => !sealed.includes(id))) {
      const call = await house.catalogue.calls.get(`C${id}`);
      if (!call?.recording) continue;
      const { name } = call.them;
      t.ok(name === 'Bob' || name === 'Dora' || name === 'Ada', `${at}: ${id} of ${name} could be erased`);
    }
    await house.close();
  }
  t.equal(before.at(-1), 'finished');
  const was = (sql: RegExp) => before.some((said) => sql.test(said));
  t.ok(was(/^INSERT INTO hold_items/), 'killed between a seal and its hold');
  t.ok(was(/^COMMIT/), 'killed before a commit');
  t.ok(was(/^UPDATE matters SET applied_at/), 'killed between the pages of a matter');
  t.ok(was(/^DELETE FROM hold_items/), 'killed in the middle of a release');
  t.ok(was(/^UPDATE hold_releases/), 'killed at the end of a page of a release');
});
