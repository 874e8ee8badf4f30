import { type FileEntry, file, holds, table } from './entry.js';

/** Every column of keys.db. */
export const KEYS = [
  table(
    'key',
    'slot recording_id',
    holds('wrapped', 'key', [
      'audio',
      'Overwritten with zeros in its place before the file of the recording is deleted. The row stays, so that the key is not made again.',
    ]),
  ),
  table(
    'meta',
    'name',
    holds('value', 'key', [
      'stays',
      'A fixed word under the master key, by which a wrong one is told; wrapped anew when the master key changes.',
    ]),
  ),
  table('sealed', 'recording_id plain_sha256 sealed_sha256 manifest_sha256 settled taken_in_at'),
];

const SESSION = ['time', 'When the session ends.'] as const;

/** Every column of web.db. */
export const DASHBOARD = [
  table(
    'devices',
    'seen_at',
    holds('user_id', 'user', ['time', '180 days after the last sign-in, or after 20 newer browsers.']),
    holds('device_hash', 'key', ['time', '180 days after the last sign-in, or after 20 newer browsers.']),
  ),
  table('known', 'pair at'),
  table(
    'sessions',
    'epoch gains created_at seen_at expires_at proofs proved_at failed_before failed_at',
    holds('id user_id address agent', 'user', SESSION),
  ),
  table('source', 'id lost'),
  table(
    'telling',
    'seq',
    holds('entry', 'number name text user', ['time', 'Seconds later, once the recorder has it.']),
  ),
  table('tokens', 'session_id good_until', holds('hash', 'key', SESSION)),
  table('tries', 'key remaining at full_at'),
];

const nothing = ['stays', 'Holds nothing personal.'] as const;

/** Every file of the data directory, and those outside of it that Tapedeck writes. */
export const FILES: readonly FileEntry[] = [
  file(
    'catalogue/catalogue.db',
    /^catalogue\/catalogue\.db(\.new-[0-9a-f]+)?$/,
    'number name text user audio',
    ['stays', 'By column, as above. What is deleted is overwritten with zeros (`secure_delete`).'],
  ),
  file(
    'catalogue/catalogue.db-wal',
    /^catalogue\/catalogue\.db(\.new-[0-9a-f]+)?-(wal|shm)$/,
    'number name text user audio',
    [
      'time',
      'Emptied after each run that has erased something. While another process reads, it keeps what was deleted until the next run.',
    ],
  ),
  file(
    'catalogue/catalogue.db.restoring',
    /^catalogue\/catalogue\.db\.restoring([.-]\w+)?$/,
    'number name text user audio',
    ['time', 'When the restore ends. What was erased since the backup is removed from it first.'],
  ),
  file('keys/keys.db', /^keys\/keys\.db$/, 'key', ['audio', 'By column, as above.']),
  file('keys/keys.db-journal', /^keys\/keys\.db-journal$/, 'key', ['time', 'Deleted with each commit.']),
  file('web/web.db', /^web\/web\.db$/, 'number name text user key', ['time', 'By column, as above.']),
  file('web/web.db-wal', /^web\/web\.db-(wal|shm)$/, 'number name text user key', [
    'time',
    'Overwritten as it is used, and emptied when the dashboard stops. Until then it may keep what somebody searched for.',
  ]),
  file('web/web.db.<time>', /^web\/web\.db\.[-\dTZ]+(-wal|-shm)?$/, 'number name text user key', [
    'person',
    'A damaged file that an earlier version put aside. Somebody has to delete it.',
  ]),
  file('recordings/<day>/<id>.age', /^recordings\/[\w/.-]+$/, 'audio', [
    'audio',
    'Its key is destroyed, then it is deleted.',
  ]),
  file('<archive>/recordings/<day>/<id>.age', /^<archive>\/.+$/, 'audio', [
    'audio',
    'Its key is destroyed, then it is deleted, or once the archive can be reached. The certificate and the audit log say when.',
  ]),
  file('documents/<id>.age', /^documents\/[\w.-]+$/, 'name number text', [
    'person',
    'When somebody erases the document, or the consent that it belongs to: its key is destroyed, then it is deleted.',
  ]),
  file('prompts/', /^prompts\/[\w.-]+$/, '', nothing),
  file('signing/key', /^signing\/key[\w.-]*$/, 'key', [
    'stays',
    'Under the master key. Changed by `tapedeck keys rotate`.',
  ]),
  file('signing/', /^signing\/[\w.-]+$/, '', nothing),
  file('control/, owner/', /^(control|owner)\/sock$/, '', nothing),
  file('recorder/cdrs.jsonl', /^recorder\/cdrs(-[\w-]+)?\.jsonl$/, 'number name', [
    'time',
    'Seconds later, once the catalogue has the CDRs.',
  ]),
  file('recorder/aside/', /^recorder\/aside\/.+$/, 'number name text audio key', [
    'person',
    "Files that were not Tapedeck's. An alarm names them, and somebody has to delete them.",
  ]),
  file('recorder/backup.db', /^recorder\/backup\.db(-\w+)?$/, 'number name text user audio', [
    'time',
    'When the backup is made, or when the recorder starts again.',
  ]),
  file('recorder/drill/', /^recorder\/drill\/.+$/, 'number name text user audio', [
    'time',
    'When the restore drill ends, or when the recorder starts again.',
  ]),
  file('catalogue/upgrade.json', /^catalogue\/upgrade\.json$/, '', nothing),
  file('recorder/interim.db', /^recorder\/interim\.db[\w.-]*$/, 'number name text', [
    'time',
    'When the upgrade is finished: it has the calls in progress and the lists of numbers.',
  ]),
  file('recorder/upgrade.journal', /^recorder\/upgrade\.journal$/, 'number name text', [
    'time',
    'When the upgrade is finished and the catalogue has what is in it.',
  ]),
  file('upgrade/', /^upgrade\/.+$/, 'number name text user audio key', [
    'time',
    '7 days after the upgrade, or with the next one. Keys of recordings that are erased are destroyed in it at once.',
  ]),
  file('recorder/restored-tapedeck.toml', /^recorder\/restored-tapedeck\.toml$/, 'user', [
    'person',
    'Delete it once you have compared it with the configuration of this machine.',
  ]),
  file('recorder/', /^recorder\/[\w.-]+$/, '', nothing),
  file('work/', /^work\/.+$/, 'audio', ['time', 'When the recording is sealed.']),
  file('tls/*.key', /^tls\/[\w.-]+$/, 'key', ['time', 'When the certificate is replaced.']),
  file('<spool of Asterisk>', /^<spool>\/.+$/, 'audio', [
    'time',
    'When the recording is sealed or not kept. Captures that cannot be used stay, and an alarm names them. Those of no known call go 30 days after it.',
  ]),
  file('<log of the services>', /^<log>$/, 'user', [
    'time',
    'As long as the journal keeps it. Lines name calls by id; names and numbers of parties are not written.',
  ]),
  file(
    '<packs, tables and certificates that were given out>',
    /^<given out>$/,
    'number name text user audio',
    ['stays', 'Not in reach of Tapedeck. The audit log and the certificate list what left.'],
  ),
  file('<target of backups>', /^<target>\/.+$/, 'number name text user audio key', [
    'time',
    'After `[backup] keep_days`, the newest backup aside. All but sealed recordings is encrypted to the key of the backup.',
  ]),
  file('<folder of the keys of backups>', /^<backup keys>\/.+$/, 'key', [
    'time',
    'After `[backup] keep_days`, that of the newest backup aside: overwritten. Each is encrypted to the recipient.',
  ]),
  file('<temporary folder>/tapedeck-drill-<random>/', /^<temporary>\/.+$/, 'number name text user audio', [
    'time',
    'When `tapedeck backup drill` ends. If it is killed, delete it.',
  ]),
  file("<other backups, and Asterisk's own records>", /^<others>$/, 'number name text user audio key', [
    'stays',
    'Not in reach of Tapedeck.',
  ]),
];
