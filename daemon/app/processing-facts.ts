import type { ProcessingFacts } from '../domain/report/processing.js';
import type { Config } from '../ops/config-schema.js';
import { tlsMode } from '../ops/tls-mode.js';

const TLS: Record<string, string> = {
  own: 'HTTPS, with a certificate of its own authority.',
  files: 'HTTPS, with a certificate of the site.',
  acme: 'HTTPS, with a certificate of an ACME server.',
  off: 'Plain HTTP to a proxy on this machine, which has to encrypt it.',
};

/** Where data goes and how it is protected, by the configuration in force: for the record of processing. */
export function processingFacts(config: Config): ProcessingFacts {
  const { alerts, archive, backup, keys, encode, audit, retention, scrub, web } = config;
  const recipients: ProcessingFacts['recipients'][number][] = [];
  const measures: ProcessingFacts['measures'][number][] = [];
  const goes = (item: string, says: string, section: string) =>
    recipients.push({ item, says, from: `tapedeck.toml [${section}]` });
  const is = (item: string, says: string, section: string | null) =>
    measures.push({ item, says, from: section ? `tapedeck.toml [${section}]` : 'fixed' });

  if (alerts.mail_to.length > 0)
    goes(
      'Alarms by email',
      `To ${alerts.mail_to.join(', ')}, over ${alerts.smtp_host}. An alarm can name the parties of a call.`,
      'alerts',
    );
  if (alerts.webhook_url)
    goes(
      'Alarms by webhook',
      `To ${new URL(alerts.webhook_url).host}. An alarm can name the parties of a call.`,
      'alerts',
    );
  if (archive.directory) goes('Archive', `Encrypted recordings, in ${archive.directory}.`, 'archive');
  if (backup.path)
    goes(
      'Backups',
      `Everything${backup.audio ? ', recordings included' : ' but recordings'}, encrypted, in ${backup.path}. Kept for ${backup.keep_days} days.`,
      'backup',
    );
  if (keys.recovery_recipient)
    goes(
      'Holder of the recovery identity',
      'Can open every recording made since it was set up, without this machine.',
      'keys',
    );

  is('Encryption of recordings', 'Each has a key of its own, under a master key.', null);
  is(
    'Erasure',
    `The key is destroyed before the file. Runs are due at "${retention.schedule}".`,
    'retention',
  );
  is(
    'Access',
    'By role and scope. Each playback, download and export is in the audit log before it begins.',
    null,
  );
  is(
    'Sessions',
    `End after ${web.session_idle_minutes} minutes without use, and after ${web.session_hours} hours.`,
    'web',
  );
  is('Encryption on the network', TLS[tlsMode(web)] ?? tlsMode(web), 'web');
  const away = [
    audit.checkpoint_file && 'a file on another machine',
    audit.checkpoint_syslog && 'syslog',
    audit.checkpoint_mail_to.length > 0 && 'email',
    audit.checkpoint_webhook_url && 'a webhook',
  ].filter(Boolean);
  is(
    'Audit log',
    `A chain of hashes that is signed every ${audit.checkpoint_minutes} minutes${away.length > 0 ? `, with copies by ${away.join(', ')}` : '; no copy leaves this machine'}.`,
    'audit',
  );
  is(
    'Integrity',
    `Recordings are signed, and all are read again within 30 days ("${scrub.schedule}").`,
    'scrub',
  );
  is(
    'Separation',
    `The dashboard cannot read keys or write the catalogue. ${encode.socket ? 'Audio is encoded by a user of its own.' : "Audio is encoded by the recorder's own user."}`,
    'encode',
  );
  is(
    'Availability',
    backup.path
      ? `Backups at "${backup.schedule || 'no time'}", checked at "${backup.check_schedule || 'no time'}".`
      : 'No backups are set up in Tapedeck.',
    'backup',
  );
  return { recipients, measures };
}
