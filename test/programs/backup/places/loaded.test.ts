import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import { scratch } from '../../../support/recordings/sealed.js';

const loaded = (name: RegExp): string[] =>
  Object.keys(createRequire(import.meta.url).cache).filter((file) => name.test(file));
const S3 = /node_modules\/@(aws-sdk|smithy)\//;
const SFTP = /node_modules\/ssh2\//;

t.test('the packages of S3 and SFTP are loaded when a place of that kind is used, not before', async (t) => {
  const secret = join(scratch(t, { secret: 'secret' }), 'secret');
  await import('../../../../daemon/app.js');
  await import('../../../../daemon/cli/backup/backup.js');
  await import('../../../../web/main.js');
  const { openDestination } = await import('../../../../daemon/vault/backup/destination.js');
  const nobody = { host: '127.0.0.1', port: 1, user: 'nobody', path: '/', key_file: secret };
  const sftp = openDestination({ path: '', sftp: { ...nobody, host_key: 'ssh-ed25519 AAAA' } });
  const s3 = openDestination({
    path: '',
    s3: {
      ...{ endpoint: 'http://127.0.0.1:1', region: 'x', bucket: 'x', prefix: '', access_key_id: 'x' },
      ...{ secret_key_file: secret, ca_file: '' },
    },
  });
  t.same(loaded(S3), []);
  t.same(loaded(SFTP), []);
  await t.rejects(sftp.open('../x'), { code: 'internal' });
  await t.rejects(
    sftp.close().then(() => sftp.open('x')),
    { code: 'backup_denied' },
    'the key is none',
  );
  t.ok(loaded(SFTP).length > 0);
  t.same(loaded(S3), []);
  s3.list('sealed')
    [Symbol.asyncIterator]()
    .next()
    .catch(() => {});
  await s3.close();
  t.ok(loaded(S3).length > 0);
});
