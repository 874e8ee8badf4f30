import { credentialFile } from '../../ops/secrets/secret.js';
import { createFolderTarget } from './folder.js';
import { createS3Target, S3_CREDENTIAL, type S3Place } from './s3.js';
import { createSftpTarget } from './sftp.js';
import { SFTP_CREDENTIAL, type SftpPlace } from './sftp-session.js';
import type { BackupTarget } from './target.js';

/** Where backups go, as [backup] has it: a folder, or one of the others. */
export type Destination = { path: string; s3?: S3Place | undefined; sftp?: SftpPlace | undefined };

export const hasDestination = ({ path, s3, sftp }: Destination): boolean =>
  path !== '' || s3 !== undefined || sftp !== undefined;

/** The same for a process that has no credentials of systemd: it reads their files. */
export const withSecretFiles = ({ path, s3, sftp }: Destination): Destination => ({
  path,
  s3: s3 && { ...s3, secret_key_file: credentialFile(S3_CREDENTIAL) ?? s3.secret_key_file },
  sftp: sftp && { ...sftp, key_file: credentialFile(SFTP_CREDENTIAL) ?? sftp.key_file },
});

/** Throws `secret_missing`. */
export function openDestination({ path, s3, sftp }: Destination): BackupTarget {
  if (s3) return createS3Target(s3);
  return sftp ? createSftpTarget(sftp) : createFolderTarget(path);
}
