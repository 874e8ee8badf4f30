import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createKeysApart } from '../../../daemon/app/keys-apart.js';
import { keysFile } from '../../../daemon/domain/paths.js';
import { startThread } from '../../../daemon/ops/process/thread.js';
import { type AnyKeys, countKeys, createKeys } from '../../../daemon/vault/keys.js';
import { createMasterKey, loadMasterKey, openMasterKeys } from '../../../daemon/vault/master-key.js';
import { lock } from '../../../daemon/vault/passphrase.js';
import { finishRotation, prepareNext } from '../../../daemon/vault/rotation.js';

const entry = (recordingId: string) => ({
  recordingId,
  plainSha256: 'a'.repeat(64),
  sealedSha256: 'b'.repeat(64),
  manifestSha256: null,
});

/** A data directory with a master key, maybe locked with this passphrase. */
function house(t: Test, passphrase?: string) {
  const dataDir = t.testdir({});
  const masterKeyFile = join(dataDir, 'master.key');
  const key = createMasterKey(masterKeyFile);
  if (passphrase)
    writeFileSync(masterKeyFile, lock(key, passphrase, { memory_kib: 64, passes: 1, lanes: 1 }).text);
  const master = () => openMasterKeys(masterKeyFile, passphrase);
  return { dataDir, masterKeyFile, master, path: keysFile(dataDir) };
}
type House = ReturnType<typeof house>;

const here = ({ path, master }: House) => {
  const { current: masterKey, reread } = master();
  return createKeys({ path, masterKey, reread });
};
const lost: Error[] = [];
const apart = ({ dataDir, masterKeyFile, master }: House, begin?: typeof startThread) =>
  createKeysApart(
    { dataDir, masterKeyFile, by: master().unlocked ?? undefined },
    (why) => void lost.push(why),
    begin,
  );

async function opened<K extends AnyKeys>(t: Test, keys: K): Promise<K> {
  await keys.start();
  t.teardown(() => keys.stop());
  return keys;
}

/** What holds wherever the keys are. */
for (const [where, make] of Object.entries<(at: House) => AnyKeys>({
  here,
  apart: (at: House) => apart(at),
})) {
  t.test(`keys that are ${where} do what they promise`, async (t) => {
    const at = house(t);
    const keys = await opened(t, make(at));
    const made = await keys.create('R');
    t.match(made, { identity: /^AGE-SECRET-KEY-1/, recipient: /^age1/ });
    t.same(await keys.create('R'), made);
    t.equal(await keys.identity('R'), made.identity);
    t.equal(await keys.has('R'), true);
    t.equal(await keys.destroy('R'), true);
    t.equal(await keys.destroy('R'), false);
    t.equal(await keys.has('R'), false);
    await t.rejects(keys.identity('R'), { name: 'TapedeckError', code: 'key_missing', detail: /destroyed/ });
    await t.rejects(keys.create('R'), { code: 'key_missing', detail: /Recording R|recording R/ });
    await t.rejects(keys.create(''), { code: 'internal', detail: /without an id/ });
    t.same((await keys.masterKeys()).map(Buffer.from), [Buffer.from(at.master().current)]);

    const register = keys.register();
    await register.seal(entry('R'));
    t.same(await register.unsettled(), ['R']);
    await register.settle('R');
    await t.rejects(async () => register.seal(entry('R')), { code: 'internal', detail: /sealed before/ });
    await register.takeIn([entry('OLD')], 1);
    await register.signed('R', 'm');
    t.match(await register.find('R'), { manifestSha256: 'm', settled: true });
    t.equal(await register.find('NONE'), null);
    t.equal(await register.isComplete(), false);
    await register.complete();
    t.equal(await register.isComplete(), true);

    const inTheWay = `${at.path}-journal`;
    symlinkSync('/dev/full', inTheWay); // SQLite does not write through a link
    await t.rejects(keys.create('LATER'), { name: 'TapedeckError', code: 'disk_failed', detail: /SQLITE/ });
    await t.rejects(async () => register.seal(entry('LATER')), { code: 'disk_failed' });
    rmSync(inTheWay);
    t.equal(await keys.has('LATER'), false);
    t.ok(await keys.create('LATER'), 'as soon as it can be written');

    await keys.stop();
    await keys.stop();
    await t.rejects(async () => keys.has('R'), { code: 'internal', detail: /not open/ });
  });

  t.test(`the master key may change while keys that are ${where} are open`, async (t) => {
    const at = house(t, 'a passphrase');
    const keys = await opened(t, make(at));
    const made = await keys.create('R');
    prepareNext(at.master(), 'auto');
    t.match(await finishRotation(at.dataDir, at.master()), { rows: 1, retired: true });
    t.equal(await keys.identity('R'), made.identity);
    await keys.create('NEW');
    t.same(Buffer.from((await keys.masterKeys())[0]!), Buffer.from(at.master().current));
    const fresh = await opened(t, here(at));
    t.equal(fresh.has('NEW'), true);
  });

  t.test(`keys that are ${where} are not opened with another master key`, async (t) => {
    const at = house(t);
    (await opened(t, here(at))).stop();
    rmSync(at.masterKeyFile);
    createMasterKey(at.masterKeyFile);
    const wrong = make(at);
    await t.rejects(async () => wrong.start(), { name: 'TapedeckError', code: 'master_key_wrong' });
    await wrong.stop();
  });
}

t.test('while another process has the file locked, this thread goes on', async (t) => {
  const at = house(t);
  const keys = await opened(t, apart(at));
  const db = new Database(at.path);
  db.exec('BEGIN EXCLUSIVE');
  const asked = Promise.all([keys.has('R'), keys.create('R'), keys.has('R')]);
  await setImmediate();
  db.exec('ROLLBACK');
  db.close();
  t.match(await asked, [false, {}, true], 'what was asked is answered in order');
});

t.test('a stop waits for what was asked before', async (t) => {
  const at = house(t);
  const keys = await opened(t, apart(at));
  const made = Array.from({ length: 20 }, (_, n) => keys.create(`R${n}`));
  await keys.stop();
  t.equal((await Promise.all(made)).length, 20);
  t.same(countKeys(at.path), { live: 20, destroyed: 0 });
});

t.test('a thread that ends fails what was asked of it, and the next is asked of another', async (t) => {
  const at = house(t);
  const threads: Worker[] = [];
  const begin: typeof startThread = (...given) => {
    threads.push(startThread(...given));
    return threads.at(-1)!;
  };
  const keys = await opened(t, apart(at, begin));
  await keys.create('R');
  const db = new Database(at.path);
  db.exec('BEGIN IMMEDIATE'); // what is asked cannot be done before the thread has ended
  const asked = keys.destroy('R');
  const ended = threads[0]!.terminate();
  await setImmediate();
  db.exec('ROLLBACK');
  db.close();
  await t.rejects(asked, { code: 'internal', detail: /has ended/ });
  await ended;
  t.match(lost, [{ code: 'internal' }], 'the recorder is told');
  t.ok(await keys.create('S'));
  t.equal(threads.length, 2);
});

t.test('a change of the master key goes on there, and may be interrupted again', async (t) => {
  const at = house(t);
  const before = await opened(t, here(at));
  const made = await before.create('R');
  before.stop();
  prepareNext(at.master(), 'auto');
  const { current, next } = at.master();

  const first = await opened(t, apart(at));
  const [interrupted] = await Promise.all([first.rotation.finish(), first.rotation.end()]);
  t.equal(interrupted.retired, false);
  await first.stop();
  t.same(loadMasterKey(at.masterKeyFile), current);

  const second = await opened(t, apart(at));
  t.match(await second.rotation.finish(), { retired: true });
  t.equal(await second.identity('R'), made.identity);
  t.same(loadMasterKey(at.masterKeyFile), next);
});
