import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { TapedeckError } from '../../../../daemon/domain/error.js';
import { createSftpTarget } from '../../../../daemon/vault/backup/sftp.js';
import { contentOf, namesOf } from '../../../contract/backup-target.js';
import { REFUSED } from '../../../support/peers/free-port.js';
import { cutLine, keyPair, startSshd } from '../../../support/peers/sftp.js';
import { mountSmall } from '../../../support/small-disk.js';

const SOON = [20, 40, 80, 160];
const NOBODY = 65534;

t.test('a line that is cut in mid-transfer: writing and reading continue where they were', async (t) => {
  const { place, port, fileOf } = await startSshd(t);
  const line = await cutLine(t, port, { after: 1_500_000, times: 6 });
  const target = createSftpTarget({ ...place, port: line.port }, SOON);
  t.teardown(target.close);
  const bytes = randomBytes(6_000_000);
  let taken = 0;
  async function* once() {
    for (let at = 0; at < bytes.length; at += 100_000) {
      taken += 1;
      yield bytes.subarray(at, at + 100_000);
    }
  }
  t.equal(await target.put('sealed/aa/long', once()), bytes.length);
  t.equal(taken, 60, 'the source was read once');
  const written = line.cuts();
  t.ok(written >= 2, `${written} cuts`);
  t.ok(readFileSync(fileOf('sealed/aa/long')).equals(bytes));
  t.ok((await contentOf(target, 'sealed/aa/long')).equals(bytes));
  t.ok(line.cuts() > written, `${line.cuts()} cuts`);
});

t.test('a line that never lasts: no half object is taken for whole, and a later try succeeds', async (t) => {
  const { place, port } = await startSshd(t);
  const line = await cutLine(t, port, { after: 900_000, times: Number.POSITIVE_INFINITY });
  const bad = createSftpTarget({ ...place, port: line.port }, SOON);
  t.teardown(bad.close);
  const bytes = randomBytes(3_000_000);
  await bad.put('sealed/aa/before', Buffer.from('as it was'));
  for (const name of ['sealed/aa/before', 'sealed/aa/long'])
    await t.rejects(bad.put(name, bytes), { code: 'backup_unreachable' });
  t.equal(await bad.size('sealed/aa/long'), null);
  t.equal(String(await contentOf(bad, 'sealed/aa/before')), 'as it was');
  const good = createSftpTarget(place);
  t.teardown(good.close);
  await good.put('sealed/aa/long', bytes);
  t.ok((await contentOf(good, 'sealed/aa/long')).equals(bytes));
});

t.test('nobody who listens, a wrong key, and a host that is not the one', async (t) => {
  const { place, dir } = await startSshd(t);
  const trying = async (change: Partial<typeof place>): Promise<TapedeckError> => {
    const target = createSftpTarget({ ...place, ...change }, []);
    t.teardown(target.close);
    return target.ready().then(
      () => t.fail('it was used'),
      (e) => e,
    );
  };
  t.match(await trying({ port: REFUSED }), { code: 'backup_unreachable', detail: /ECONNREFUSED/ });
  const other = join(dir, 'other');
  const otherKey = keyPair(other);
  t.match(await trying({ key_file: other }), { code: 'backup_denied', detail: /sftp:\/\/.*authentication/i });
  t.match(await trying({ user: 'nobody-at-all' }), { code: 'backup_denied' });
  copyFileSync(other, `${other}-locked`);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'a passphrase', '-f', `${other}-locked`], {
    stdio: 'ignore',
  });
  t.match(await trying({ key_file: `${other}-locked` }), {
    code: 'backup_denied',
    detail: /without a passphrase/,
  });
  t.throws(() => createSftpTarget({ ...place, key_file: join(dir, 'none') }), { code: 'secret_missing' });
  t.match(await trying({ path: '/nowhere' }), { code: 'backup_target', detail: /\/nowhere is not a folder/ });

  const wrong = await trying({ host_key: otherKey });
  const shown = (file: string) =>
    execFileSync('ssh-keygen', ['-lf', `${file}.pub`], { encoding: 'utf8' }).split(' ')[1]!;
  t.equal(wrong.code, 'backup_host_key');
  t.match(
    wrong.detail,
    `It has ${shown(join(dir, 'host'))}; host_key is ${shown(other)}.`,
    'as ssh-keygen shows them',
  );
  t.match(wrong.hint, /ssh_host_ed25519_key\.pub/);
  t.match(await trying({ host_key: keyPair(join(dir, 'rsa'), 'rsa') }), {
    ...{ code: 'backup_host_key', detail: /It has none of type ssh-rsa/ },
  });
});

t.test('a server that allows no deleting, or no writing, says so', async (t) => {
  const { place, fileOf } = await startSshd(t);
  const target = createSftpTarget(place, []);
  t.teardown(target.close);
  await target.put('sealed/aa/kept', Buffer.from('x'));
  const folder = join(fileOf('sealed'), 'aa');
  chmodSync(folder, 0o500);
  await t.rejects(target.remove('sealed/aa/kept'), { code: 'backup_locked' });
  await t.rejects(target.put('sealed/aa/more', Buffer.from('x')), { code: 'backup_denied' });
  t.equal(await target.size('sealed/aa/kept'), 1);
  chmodSync(folder, 0o700);

  const reading = await startSshd(t, ['ForceCommand internal-sftp -R']);
  const only = createSftpTarget(reading.place, []);
  t.teardown(only.close);
  await only.ready();
  await t.rejects(only.put('lists/newest.json', Buffer.from('x')), { code: 'backup_denied' });
});

t.test('a server that knows the protocol alone, without the extensions of OpenSSH', async (t) => {
  const { place } = await startSshd(t, ['ForceCommand internal-sftp -P posix-rename,fsync,statvfs']);
  const target = createSftpTarget(place, []);
  t.teardown(target.close);
  const bytes = randomBytes(2_000_000);
  await target.put('lists/newest.json', Buffer.from('one'));
  await target.put('lists/newest.json', bytes);
  t.ok((await contentOf(target, 'lists/newest.json')).equals(bytes));
  t.same(await namesOf(target, 'lists'), ['lists/newest.json']);
});

t.test('a full server ends an upload and harms nothing before it', async (t) => {
  const { place, fileOf } = await startSshd(t);
  const at = fileOf('small');
  mkdirSync(at);
  const small = mountSmall(t, { mb: 8, at });
  if (small.refused) return void t.pass('on a disk of its own', { skip: small.refused });
  chownSync(at, NOBODY, NOBODY);
  const target = createSftpTarget({ ...place, path: at }, []);
  t.teardown(target.close);
  await target.put('sealed/aa/one', randomBytes(100_000));
  await t.rejects(target.put('sealed/aa/two', randomBytes(20_000_000)), { code: 'backup_full' });
  t.same(await namesOf(target, 'sealed'), ['sealed/aa/one'], 'nor is what was written of it left');
  t.equal((await contentOf(target, 'sealed/aa/one')).length, 100_000);
});

t.test('names that a hostile server makes up lead nowhere', async (t) => {
  const { place, fileOf } = await startSshd(t);
  const target = createSftpTarget(place, []);
  t.teardown(target.close);
  await target.put('sealed/aa/one', Buffer.from('x'));
  execFileSync('ln', ['-s', '/etc', join(fileOf('sealed'), 'link')]);
  const found: unknown[] = [];
  for await (const one of target.list('sealed')) found.push(one);
  t.same(
    found.sort((a, b) => ((a as { name: string }).name < (b as { name: string }).name ? -1 : 1)),
    [
      { name: 'sealed/aa/one', bytes: 1 },
      { name: 'sealed/link', bytes: null },
    ],
  );
  t.equal(await target.size('sealed/link'), null);
  await t.rejects(target.open('sealed/link'), { code: 'backup_damaged' });
  rmSync(join(fileOf('sealed'), 'link'));
  t.ok(existsSync('/etc/passwd'));
});
