import { join } from 'node:path';
import t from 'tap';
import { createFolderTarget } from '../../../../daemon/vault/backup/folder.js';
import { createS3Target } from '../../../../daemon/vault/backup/s3.js';
import { createSftpTarget } from '../../../../daemon/vault/backup/sftp.js';
import { targetContract } from '../../../contract/backup-target.js';
import { spoilFile, startS3 } from '../../../support/peers/s3.js';
import { startSshd } from '../../../support/peers/sftp.js';
import { scratch } from '../../../support/recordings/sealed.js';

t.test('a folder', (t) =>
  targetContract(t, async (t) => {
    const dir = scratch(t);
    return { target: createFolderTarget(dir), spoil: (name) => spoilFile(join(dir, name)) };
  }),
);

t.test('an S3-compatible store', (t) =>
  targetContract(t, async (t) => {
    const { place, spoil } = await startS3(t);
    const target = createS3Target(place);
    t.teardown(target.close);
    return { target, spoil };
  }),
);

t.test('an SFTP server', (t) =>
  targetContract(t, async (t) => {
    const { place, spoil } = await startSshd(t);
    const target = createSftpTarget(place);
    t.teardown(target.close);
    return { target, spoil };
  }),
);
