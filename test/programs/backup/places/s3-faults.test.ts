import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { makeBackup } from '../../../../daemon/app/backup/make.js';
import type { TapedeckError } from '../../../../daemon/domain/error.js';
import { createS3Target, type S3Place } from '../../../../daemon/vault/backup/s3.js';
import { contentOf, namesOf } from '../../../contract/backup-target.js';
import { orderIn } from '../../../support/backup/box.js';
import { furnished } from '../../../support/backup/lost.js';
import { createMovableClock } from '../../../support/clock.js';
import { REFUSED } from '../../../support/peers/free-port.js';
import { makeCertificates } from '../../../support/peers/mail-server.js';
import { before, startS3 } from '../../../support/peers/s3.js';
import { cutLine } from '../../../support/peers/sftp.js';
import { scratch } from '../../../support/recordings/sealed.js';

const SOON = [20, 40, 80, 160];
const through = (place: S3Place, port: number): S3Place => ({
  ...place,
  endpoint: `http://localhost:${port}`,
});

t.test('a line that is cut in mid-transfer: parts are sent and read again', async (t) => {
  const { place, port } = await startS3(t);
  const line = await cutLine(t, port, { after: 5_000_000, times: 3 });
  const target = createS3Target(through(place, line.port), SOON);
  t.teardown(target.close);
  const bytes = randomBytes(30_000_000);
  let taken = 0;
  async function* source() {
    for (let at = 0; at < bytes.length; at += 500_000) {
      taken += 1;
      yield bytes.subarray(at, at + 500_000);
    }
  }
  t.equal(await target.put('sealed/aa/long', source()), bytes.length);
  t.equal(taken, 60, 'the source was read once');
  t.equal(line.cuts(), 3);
  t.ok((await contentOf(target, 'sealed/aa/long')).equals(bytes));
});

t.test('a line that never lasts: no half object is taken for whole, and a later try succeeds', async (t) => {
  const { place, port } = await startS3(t);
  const line = await cutLine(t, port, { after: 3_000_000, times: Number.POSITIVE_INFINITY });
  const bad = createS3Target(through(place, line.port), SOON);
  t.teardown(bad.close);
  const bytes = randomBytes(20_000_000);
  await bad.put('sealed/aa/before', Buffer.from('as it was'));
  for (const name of ['sealed/aa/before', 'sealed/aa/long'])
    await t.rejects(bad.put(name, bytes), { code: 'backup_unreachable' });
  t.equal(await bad.size('sealed/aa/long'), null);
  t.equal(String(await contentOf(bad, 'sealed/aa/before')), 'as it was');
  const good = createS3Target(place);
  t.teardown(good.close);
  await good.put('sealed/aa/long', bytes);
  t.ok((await contentOf(good, 'sealed/aa/long')).equals(bytes));
});

t.test('what an admin has set wrong is named, and the secret is not', async (t) => {
  const { place, port, dir } = await startS3(t);
  const trying = async (change: Partial<S3Place>): Promise<TapedeckError> => {
    const target = createS3Target({ ...place, ...change }, []);
    t.teardown(target.close);
    const e = await target.ready().then(
      () => t.fail('it was used'),
      (e) => e,
    );
    t.notMatch(JSON.stringify([e.message, e.detail, e.hint, e.stack]), /wrong-secret/);
    return e;
  };
  t.match(await trying({ access_key_id: 'NOBODY' }), { code: 'backup_denied', detail: /InvalidAccessKeyId/ });
  // The server of the tests does not compare signatures; others answer this.
  writeFileSync(join(dir, 'wrong'), 'wrong-secret-of-this-test');
  const strict = await before(t, port, () => ({ status: 403, code: 'SignatureDoesNotMatch' }));
  const wrong = { ...through(place, strict), secret_key_file: join(dir, 'wrong') };
  t.match(await trying(wrong), { code: 'backup_denied', detail: /SignatureDoesNotMatch/ });
  t.throws(() => createS3Target({ ...place, secret_key_file: join(dir, 'none') }), {
    code: 'secret_missing',
  });
  t.match(await trying({ bucket: 'other' }), { code: 'backup_target', detail: /NoSuchBucket/ });
  t.match(await trying({ endpoint: `http://localhost:${REFUSED}` }), {
    ...{ code: 'backup_unreachable', detail: /ECONNREFUSED/ },
  });
  t.match(await trying({ endpoint: 'http://no-such-host.invalid' }), { code: 'backup_unreachable' });
});

t.test('a certificate of an authority of your own', async (t) => {
  const certificates = scratch(t);
  const { ca } = makeCertificates(certificates);
  const tls = { key: join(certificates, 'server.key'), cert: join(certificates, 'server.pem') };
  const { place } = await startS3(t, { tls });
  const target = createS3Target({ ...place, ca_file: ca });
  t.teardown(target.close);
  await target.ready();
  await target.put('lists/newest.json', Buffer.from('over TLS'));
  t.equal(String(await contentOf(target, 'lists/newest.json')), 'over TLS');
  const without = createS3Target(place, []);
  t.teardown(without.close);
  await t.rejects(without.ready(), {
    code: 'backup_unreachable',
    detail: /certificate was not accepted: set ca_file/,
  });
});

t.test(
  'clocks that differ by hours are allowed for; a store that insists is told from other faults',
  async (t) => {
    const clock = createMovableClock(join(scratch(t), 'clock'));
    clock.move(3 * 3_600_000);
    const ahead = await startS3(t, { clock });
    const target = createS3Target(ahead.place);
    t.teardown(target.close);
    await target.ready();
    await target.put('lists/newest.json', Buffer.from('x'));
    const port = await before(t, ahead.port, () => ({ status: 403, code: 'RequestTimeTooSkewed' }));
    const other = createS3Target(through(ahead.place, port), []);
    t.teardown(other.close);
    await t.rejects(other.ready(), { code: 'backup_clock', hint: /timedatectl/ });
  },
);

t.test('a full store', async (t) => {
  const { place, port } = await startS3(t);
  for (const [status, code] of [
    [507, 'XMinioStorageFull'],
    [403, 'QuotaExceeded'],
    [400, 'XMinioAdminBucketQuotaExceeded'],
  ] as const) {
    const full = await before(t, port, ({ method }) => (method === 'PUT' ? { status, code } : null));
    const target = createS3Target(through(place, full), []);
    t.teardown(target.close);
    await target.ready();
    await t.rejects(target.put('lists/newest.json', Buffer.from('x')), {
      code: 'backup_full',
      detail: new RegExp(code),
    });
  }
});

t.test('a listing of more than a thousand objects has all of them', async (t) => {
  const { place } = await startS3(t);
  const target = createS3Target(place);
  t.teardown(target.close);
  for (let n = 0; n < 1_100; n += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        target.put(`sealed/${String(n + i).padStart(4, '0')}`, Buffer.from('x')),
      ),
    );
  const names = await namesOf(target, 'sealed');
  t.equal(names.length, 1_100);
  t.equal(new Set(names).size, 1_100);
});

t.test('a store that refuses to delete: the backup is made, and says so', async (t) => {
  const { site, box } = await furnished(t);
  const { place, port } = await startS3(t);
  const locked = await before(t, port, ({ method }) =>
    method === 'DELETE' ? { status: 403, code: 'AccessDenied' } : null,
  );
  const target = createS3Target(through(place, locked), []);
  t.teardown(target.close);
  const at = Date.now() - 40 * 86_400_000;
  t.match(await makeBackup(target, orderIn(site, { at }), box.signer), { removed: 0, refused: null });
  await box.erase(1); // so that the list is another one
  const second = await makeBackup(target, orderIn(site), box.signer);
  t.match(second, { removed: 0, refused: /AccessDenied/, copied: 0 });
  const free = createS3Target(place);
  t.teardown(free.close);
  t.match(await makeBackup(free, orderIn(site, { at: Date.now() + 1 }), box.signer), {
    removed: 1,
    refused: null,
  });
  await box.close();
});

t.test('an object that is changed while it is read is damage, not another object', async (t) => {
  const { place, port } = await startS3(t);
  let changed = false;
  const line = await before(t, port, ({ method, headers }) =>
    changed && method === 'GET' && headers.range ? { status: 412, code: 'PreconditionFailed' } : null,
  );
  const target = createS3Target(through(place, line), []);
  t.teardown(target.close);
  await target.put('sealed/aa/long', randomBytes(12_000_000));
  const file = await target.open('sealed/aa/long');
  t.equal((await file.read(0, 1_000)).length, 1_000);
  changed = true;
  await t.rejects(
    async () => {
      for (let at = 0; at < file.size; at += 1_000_000) await file.read(at, 1_000_000);
    },
    { code: 'backup_damaged' },
  );
  await file.close();
});
