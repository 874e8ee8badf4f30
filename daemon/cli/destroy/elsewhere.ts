import type { Config } from '../../ops/config-schema.js';

/** Returns what this machine cannot destroy, one sentence each: an admin has to. */
export function elsewhere({ archive, backup, keys, alerts, audit }: Config): string[] {
  const places = [
    backup.path,
    backup.s3 && `${backup.s3.bucket} (S3)`,
    backup.sftp && `${backup.sftp.host} (SFTP)`,
  ].filter(Boolean);
  return [
    ...(places.length > 0
      ? [`Backups at ${places.join(', ')}: they can be restored with the backup identity and the master key.`]
      : ['Backups and snapshots of this machine that others have made.']),
    ...(archive.directory
      ? [`Sealed files in the archive ${archive.directory}: without their keys nobody can open them.`]
      : []),
    'Copies of the master key, with which copies of keys.db and recordings can be opened.',
    ...(keys.recovery_recipient
      ? ['The identity of [keys] recovery_recipient opens every copy of a recording.']
      : []),
    ...(alerts || audit
      ? ['Mails, webhooks and checkpoints of the audit log that were sent elsewhere.']
      : []),
    'What people have played, downloaded or exported, such as evidence packs.',
    'Recordings that Asterisk itself makes, and its own call records.',
    "Tapedeck's users in ari.conf and manager.conf, and its dialplan: apt purge says in which lines.",
    'Drop-ins of your own in /etc/systemd/system/tapedeck*.d.',
  ];
}
