import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { GroupRule } from '../domain/people/directory.js';

const text = (description: string, value?: string, more = {}) =>
  Type.String({ description, default: value, minLength: 1, ...more });
const whole = (description: string, value: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: value, minimum, maximum });
const optional = (description: string, pattern?: string) =>
  Type.String({ description, default: '', ...(pattern ? { pattern: `^$|${pattern}` } : {}) });
/** A relative one is taken from the directory of the configuration file. */
const path = (description: string, value?: string, more = {}) =>
  text(description, value, { ...more, isPath: true });
const optionalPath = (description: string) => Type.String({ description, default: '', isPath: true });
const section = <Keys extends TProperties>(description: string, keys: Keys) =>
  Type.Object(keys, { description, default: {}, additionalProperties: false });

/** Said wherever a recovery recipient is set up. */
export const RECOVERY =
  'Whoever has its identity can open such a recording even after it was erased, from any copy of the file: erasing then destroys the file here and no more.';
const ATTRIBUTE = '^[A-Za-z][A-Za-z0-9-]{0,60}$';

/** Groups and what they make somebody. */
const rules = (group: string) =>
  Type.Optional(
    Type.Array(GroupRule, {
      description:
        'Groups and what they make of their members: roles, and as needed grants, every_call, extensions, queues, dids. Who is in none may not sign in.',
      examples: [[{ group, roles: ['reviewer'], every_call: true }]],
    }),
  );

/** Where Asterisk keeps its own records of calls. */
const CDR_SOURCES = {
  cdr_csv: Type.Optional(
    path("Asterisk's Master.csv, to know of calls that went on while Tapedeck did not run.", undefined, {
      examples: ['/var/log/asterisk/cdr-csv/Master.csv'],
    }),
  ),
  cdr_sqlite: Type.Optional(
    path('The same from the SQLite file of cdr_sqlite3_custom.', undefined, {
      examples: ['/var/log/asterisk/master.db'],
    }),
  ),
  cdr_mysql: Type.Optional(
    Type.Object(
      {
        host: text('Address of the server.', '127.0.0.1'),
        port: whole('Its port.', 3306, 1, 65_535),
        socket: Type.Optional(path('Its socket on this machine; used instead of the address.')),
        database: text('Name of the database.', 'asteriskcdrdb'),
        table: text('Name of the table.', 'cdr', { pattern: '^[A-Za-z0-9_]{1,64}$' }),
        user: text('A user that may only read that table.', 'tapedeck'),
        password_file: path('File that holds its password.', '/etc/tapedeck/cdr-password'),
      },
      {
        description: 'The same from MySQL or MariaDB, as FreePBX keeps it.',
        examples: [{ socket: '/run/mysqld/mysqld.sock' }],
      },
    ),
  ),
};

/** A place for backups that is no folder. */
const S3 = Type.Object(
  {
    endpoint: text('Address of the store; http:// is for this machine only.', undefined, {
      pattern: '^https?://[^/?#@]+/?$',
    }),
    region: text('Its region; most stores of your own take any.', 'us-east-1'),
    bucket: text('The bucket, which has to exist.', undefined, {
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$',
    }),
    prefix: Type.String({
      description: 'What the names of all objects begin with. Empty: nothing.',
      default: '',
      pattern: '^$|^[0-9A-Za-z][0-9A-Za-z._/-]{0,200}[0-9A-Za-z._-]$|^[0-9A-Za-z]$',
    }),
    access_key_id: text('Id of an access key that may list, read, write and delete there.'),
    secret_key_file: path('File that holds the secret access key.', '/etc/tapedeck/backup-s3-key'),
    ca_file: optionalPath(
      "PEM file of the authority that signed the store's certificate, if it is your own.",
    ),
  },
  {
    description: 'Instead of path: a bucket of an S3-compatible store.',
    examples: [{ endpoint: 'https://s3.example.com', bucket: 'tapedeck', access_key_id: 'AKIAEXAMPLE' }],
    additionalProperties: false,
  },
);
const SFTP = Type.Object(
  {
    host: text('The server.'),
    port: whole('Its port.', 22, 1, 65_535),
    user: text('The user there.'),
    path: text(
      'The folder there, which has to exist; from the home of the user if it does not begin with "/".',
    ),
    key_file: path('File that holds the private key, without a passphrase.', '/etc/tapedeck/backup-ssh-key'),
    host_key: text(
      'The public key of the server, as it is in its /etc/ssh/ssh_host_ed25519_key.pub. A server with another one is sent nothing.',
      undefined,
      { pattern: '^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,2}( .*)?$' },
    ),
  },
  {
    description: 'Instead of path: a folder of an SFTP server.',
    examples: [
      { host: 'nas.example.com', user: 'tapedeck', path: '/backups', host_key: 'ssh-ed25519 AAAA...' },
    ],
    additionalProperties: false,
  },
);

const code = (description: string) => Type.String({ description, default: '', pattern: '^[0-9*#A-D]{0,8}$' });

const ADDRESS = '^[^\\s@<>(),;:"]+@[^\\s@<>(),;:"]+$';

/**
 * What `tapedeck.toml` may say: where things are. What to record and how long to keep it is policy, and lives in the
 * catalogue. Types, checks, defaults and the commented example all come from here.
 */
export const ConfigSchema = Type.Object({
  site: section('The place where this appliance stands.', {
    name: text('Shown at the top of the dashboard.', 'Tapedeck', { maxLength: 60 }),
    time_zone: text('IANA zone in which times are shown.', 'UTC'),
    region: optional(
      'Country whose phone numbers are written here without a country code, as two letters (ISO 3166-1) such as "GB". Empty: the country of time_zone; with UTC none is assumed.',
      '^[A-Z]{2}$',
    ),
  }),
  data: section('Where Tapedeck keeps what it keeps.', {
    dir: path('Sealed recordings, catalogue and keys. Give it a disk with room.', '/var/lib/tapedeck'),
    reserve_mb: whole(
      'Room kept free there. Below it an alarm rises and what is not needed goes; below a quarter nothing new is begun. 512 MB are an hour of 46 calls.',
      512,
      8,
      1_048_576,
    ),
    when_full: Type.Array(Type.Enum(['archive', 'erase']), {
      description:
        'What is done, in this order, when that room is touched: "archive" moves the oldest recordings to the archive before their time, "erase" erases what is due before tonight. Neither touches what a legal hold or a minimum keeps. Leave one out and it is not done.',
      default: ['archive', 'erase'],
      uniqueItems: true,
    }),
  }),
  pbx: section(
    'The PBX: Asterisk 16 or newer, or FreePBX. For several PBXs write [[pbx]] instead, once for each: docs/start/several-pbxs.md.',
    {
      id: Type.String({
        description:
          "With several: identifies each but the first, which has none. Calls, rules and people's scopes have it, so never change it or give it to another PBX.",
        default: '',
      }),
      name: Type.String({
        description: 'What people read where several PBXs are told apart. Empty: its id.',
        default: '',
        maxLength: 60,
      }),
      ari_url: text("Address of Asterisk's HTTP server (http.conf).", 'http://127.0.0.1:8088', {
        pattern: '^https?://',
      }),
      ari_ca_file: optionalPath(
        'With https: PEM file of the authority of its certificate, if that is your own. The certificate is always verified.',
      ),
      ari_user: text('User in ari.conf.', 'tapedeck'),
      ari_password_file: path('File that holds its password.', '/etc/tapedeck/ari-password'),
      app: text('Name under which Tapedeck appears in ARI.', 'tapedeck', { pattern: '^[a-z0-9-]{1,40}$' }),
      ami_host: text('Address of the manager interface (manager.conf).', '127.0.0.1'),
      ami_port: whole('Its port.', 5038, 1, 65_535),
      ami_tls: Type.Boolean({
        description: 'Whether that port speaks TLS ("tlsenable" in manager.conf; 5039 is usual).',
        default: false,
      }),
      ami_ca_file: optionalPath(
        'With TLS: PEM file of the authority of its certificate, if that is your own.',
      ),
      ami_user: text('User in manager.conf.', 'tapedeck'),
      ami_secret_file: path('File that holds its secret.', '/etc/tapedeck/ami-secret'),
      spool: path(
        'Where Asterisk writes recordings, if this machine sees that directory. Otherwise they are fetched over ARI.',
        '/var/spool/asterisk/recording',
      ),
      fetch_mbit: Type.Number({
        description:
          'At most so many Mbit a second for recordings that are fetched over ARI. A call of an hour has 115 MB, or 230 MB in wideband. 0: no limit.',
        default: 0,
        minimum: 0,
        maximum: 10_000,
      }),
      spool_reserve_mb: whole(
        "The same for Asterisk's spool, added to the other if both are on one disk. 1024 MB are an hour of nine calls.",
        1024,
        8,
        1_048_576,
      ),
      trunk_contexts: Type.Array(Type.String({ pattern: '^[^*]+\\*?$' }), {
        description:
          'Dialplan contexts of lines to the outside. A channel that begins in one of them is an outside party. A "*" at the end stands for any ending.',
        default: [
          ...['from-trunk', 'from-trunk-sip-*', 'from-trunk-iax2-*'],
          ...['from-pstn', 'from-pstn-toheader', 'from-did-direct'],
        ],
      }),
      ...CDR_SOURCES,
    },
  ),
  web: section('The dashboard.', {
    address: text(
      "Address that the dashboard listens on. Use this machine's LAN address to serve the office.",
      '127.0.0.1',
    ),
    port: whole('Its port.', 8090, 0, 65_535),
    hosts: Type.Array(Type.String({ minLength: 1 }), {
      description: 'More names under which browsers may open it, such as "tapedeck.office.lan".',
      default: [],
    }),
    session_idle_minutes: whole('A session ends this many minutes after its last use.', 30, 1, 720),
    session_hours: whole('And this many hours after it began, whatever is done in it.', 12, 1, 24),
    tls: Type.Enum(['auto', 'own', 'files', 'acme', 'off'], {
      description:
        'HTTPS. own: by an authority of this box, see "tapedeck tls ca"; files: by your certificate; acme: by a server of yours; off: by a proxy on this machine, the only one that is served then. auto: own, and off if the address is loopback.',
      default: 'auto',
    }),
    tls_cert_file: optionalPath(
      'files: your certificate in PEM form, with those that lead to its authority.',
    ),
    tls_key_file: optionalPath('files: its key, mode 0640 or less. Both are read again when they change.'),
    acme_directory: optional(
      'acme: address of the directory of your ACME server. It asks for each of "hosts" at port 80 (http-01).',
      '^https://',
    ),
    acme_ca_file: optionalPath('acme: PEM file of the authority of that server, if it is your own.'),
    acme_email: optional('acme: whom that server may write to. Empty: nobody.', ADDRESS),
    http_port: whole(
      'A port that sends browsers on to HTTPS and answers the ACME server; 80 is usual. 0: none.',
      0,
      0,
      65_535,
    ),
  }),
  codes: section(
    'Keys that people press during a call, such as "*71", on any phone and without a change to the dialplan. Empty: none. While all are empty and no rule needs them, the PBX is not asked to tell any keys. Of [[pbx]], for all.',
    {
      mask: code('Our own side alone: from here on silence is recorded, as for a card number.'),
      resume: code('Our own side alone: sound again.'),
      keep: code('Our own side alone: keep the recording of this call, where it is recorded on demand.'),
      decline: code('Any party: this call is not to be recorded; what was recorded of it is destroyed.'),
      allow: code('Any party: it may be recorded after all.'),
    },
  ),
  masking: section('Masks that begin by themselves. Of [[pbx]], for all.', {
    card_numbers: Type.Boolean({
      description:
        'Mask a call when somebody types 13 digits in a row, as of a card number, from the first of them on. The PBX then has to tell every key; none is kept.',
      default: false,
    }),
  }),
  telling: section(
    'How people are told that calls are recorded is decided on the dashboard. Here is what has to be known before. Of [[pbx]], for all.',
    {
      from_the_start: Type.Boolean({
        description:
          'Whether a new box announces each call from its first one on. Asked at the first start only: after that the policy decides.',
        default: true,
      }),
      prompt_address: optional(
        'For a PBX on another machine, which fetches prompts from here: address and port of this machine as that PBX reaches it, such as "http://10.0.0.5:8090". Its unit needs SocketBindAllow=tcp:8090. Empty: none fetches any.',
        '^http://[A-Za-z0-9.:\\[\\]-]+:[0-9]{1,5}$',
      ),
      prompt_host: text('The address of this machine on which it listens then.', '0.0.0.0'),
    },
  ),
  ldap: section(
    'A directory whose people may sign in: LDAP, or Active Directory. Try it with "tapedeck doctor".',
    {
      url: optional('Its address: ldaps://, or ldap:// with starttls. Empty: there is none.', '^ldaps?://'),
      starttls: Type.Boolean({
        description:
          'Turn an ldap:// connection into TLS before anything is said. Without TLS no password is sent.',
        default: false,
      }),
      ca_file: optionalPath(
        "PEM file of the authority that signed the server's certificate, if it is your own.",
      ),
      bind_dn: optional('The account that searches; it needs to read people and groups only. Empty: none.'),
      bind_password_file: optionalPath('File that holds its password.'),
      base: optional('Below which entry people are searched, such as "ou=people,dc=example,dc=com".'),
      user_filter: text('What people have in common (RFC 4515).', '(objectClass=person)'),
      user_attribute: text('What they sign in with: uid, or sAMAccountName in Active Directory.', 'uid', {
        pattern: ATTRIBUTE,
      }),
      groups: Type.Enum(['attribute', 'search', 'nested'], {
        description:
          'How groups are found: an attribute of the person names them, they are searched, or searched with the groups in groups of Active Directory.',
        default: 'attribute',
      }),
      group_attribute: text('That attribute of a person.', 'memberOf', { pattern: ATTRIBUTE }),
      group_base: optional('Below which entry groups are searched. Empty: as people.'),
      group_filter: text('What groups have in common.', '(|(objectClass=groupOfNames)(objectClass=group))'),
      member_attribute: text('The attribute of a group that names its members.', 'member', {
        pattern: ATTRIBUTE,
      }),
      extension_attribute: optional("Where a person's own extension stands, such as ipPhone.", ATTRIBUTE),
      roles: rules('cn=recordings,ou=groups,dc=example,dc=com'),
    },
  ),
  oidc: section('An OpenID provider with which people may sign in.', {
    issuer: optional('Its address, as it calls itself. Empty: there is none.', '^https?://'),
    name: text('What the button says: "Sign in with ...".', 'your company account', { maxLength: 40 }),
    client_id: optional('Under which id it knows Tapedeck.'),
    client_secret_file: optionalPath('File that holds the secret that goes with it.'),
    ca_file: optionalPath('PEM file of the authority that signed its certificate, if it is your own.'),
    scopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' }), {
      description: 'What is asked of it.',
      default: ['openid', 'profile'],
    }),
    name_claim: text('Which claim is the name.', 'preferred_username'),
    groups_claim: text('Which claim names the groups.', 'groups'),
    extension_claim: optional("Which claim is a person's own extension."),
    trusted_amr: Type.Array(Type.String({ minLength: 1 }), {
      description:
        'Values of "amr" by which the provider says that it has asked for a second factor, such as "mfa".',
      default: [],
    }),
    trusted_acr: Type.Array(Type.String({ minLength: 1 }), {
      description: 'The same for "acr".',
      default: [],
    }),
    roles: rules('recordings'),
  }),
  keys: section('Encryption.', {
    master_key_file: path(
      'The key that wraps all others, in the clear, locked with a passphrase, or sealed by systemd. Made at the first start if absent; back it up apart from the data.',
      '/etc/tapedeck/master.key',
    ),
    recovery_recipient: optional(
      `An age recipient ("age1...") that can open every recording made from now on too, without this machine. Empty: nobody. ${RECOVERY}`,
      'age1[02-9ac-hj-np-z]{58}$',
    ),
  }),
  encode: section('How recordings are made.', {
    socket: optionalPath(
      "Socket of the encoder, a service that runs ffmpeg as a user of its own: /run/tapedeck-encoder/sock with the unit in systemd/. Empty: ffmpeg runs as the recorder's user.",
    ),
    ffmpeg: text('The ffmpeg program, where the recorder runs it itself.', 'ffmpeg'),
    bitrate_kbps: whole(
      'Opus bit rate for both sides together, half of it for each. 24 is at most about 11 MB an hour.',
      24,
      20,
      128,
    ),
    complexity: whole(
      'Opus effort: 0 is fastest, 10 is best. With 0 and 1, wideband calls take 26 kbit/s at least.',
      5,
      0,
      10,
    ),
    at_once: whole('How many recordings are made at a time, of each PBX.', 1, 1, 16),
  }),
  retention: section('When the rules of the policy are carried out.', {
    schedule: text('When what is due is erased, as a cron expression in the zone of the site.', '15 3 * * *'),
    breaker_percent: whole(
      'Safety limit: a run that would erase more than this share of the recordings waits for a confirmation.',
      20,
      1,
      100,
    ),
    breaker_count: whole(
      'Safety limit: so does a run that would erase more than this many. Set it above what your site records in three days.',
      10_000,
      1,
      100_000_000,
    ),
  }),
  archive: section(
    'A second place for recordings, such as a network storage. What is there is played as everything else.',
    {
      directory: optionalPath(
        'Where its storage is mounted. Empty: there is none. Mark it once with "tapedeck archive init".',
      ),
      after_days: whole('How many days after a recording was made it moves there.', 30, 0, 36_500),
      schedule: text('When, as a cron expression in the zone of the site.', '30 4 * * *'),
      reserve_mb: whole('Room kept free there: below it nothing moves.', 1024, 0, 100_000_000),
    },
  ),
  holds: section('Legal holds.', {
    release_cool_off_hours: whole(
      'How long the release of a legal hold waits from when it was asked for. It also needs a second person.',
      24,
      1,
      744,
    ),
  }),
  scrub: section('Recordings are read again, so that damage is found while there are backups.', {
    schedule: text(
      'When, as a cron expression in the zone of the site. All are read within 30 days.',
      '30 1 * * *',
    ),
    max_load: Type.Number({
      description: 'It waits while the load of the last minute is above this for each processor core.',
      default: 0.6,
      minimum: 0.05,
      maximum: 1_000,
    }),
  }),
  coverage: section(
    "Asterisk's own account of its calls, with which ours is compared. The CDRs named here are those of the first PBX.",
    {
      target_percent: Type.Number({
        description:
          'Share of the eligible calls that has to be recorded; the coverage page says when it is less.',
        default: 99.9,
        minimum: 0,
        maximum: 100,
      }),
      ...CDR_SOURCES,
    },
  ),
  test_calls: section('Test calls: a fault is known before a call is lost.', {
    enabled: Type.Boolean({
      description:
        'Calls of our own, from the PBX to what the dashboard plays. They need asterisk-conf/extensions.conf.',
      default: true,
    }),
    schedule: text('When, as a cron expression in the zone of the site.', '*/15 * * * *'),
    max_load: Type.Number({
      description: 'None is made while the load of the last minute is above this for each processor core.',
      default: 0.8,
      minimum: 0.1,
      maximum: 1_000,
    }),
  }),
  alerts: section('Whom Tapedeck tells when something is wrong. Try it with "tapedeck alert test".', {
    mail_to: Type.Array(Type.String({ pattern: ADDRESS, maxLength: 200 }), {
      description: 'Who gets a mail when something is wrong, and when it is over. Empty: nobody.',
      default: [],
    }),
    mail_from: optional('The address that these mails come from.', ADDRESS),
    smtp_host: optional('The mail server that takes them.'),
    smtp_port: whole('Its port: 587 for starttls, 465 for tls, 25 for none.', 587, 1, 65_535),
    smtp_tls: Type.Enum(['starttls', 'tls', 'none'], {
      description:
        'starttls, tls or none. Certificates are verified; none sends in the clear and takes no password.',
      default: 'starttls',
    }),
    smtp_ca_file: optionalPath(
      "PEM file of the authority that signed the server's certificate, if it is your own.",
    ),
    smtp_user: optional('User at the mail server. Empty: it asks for none.'),
    smtp_password_file: optionalPath('File that holds their password.'),
    webhook_url: optional(
      'Where alarms are also posted to as signed JSON: in words, and as a code with params ("why"). Empty: nowhere.',
      '^https?://',
    ),
    webhook_secret_file: optionalPath(
      'File with the secret that signs them (Standard Webhooks): any text, or "whsec_" and base64.',
    ),
    webhook_anywhere: Type.Boolean({
      description: 'Also post to link-local addresses and to the ports of ARI and AMI.',
      default: false,
    }),
    dashboard_url: optional(
      'Address under which people open the dashboard, for the links in messages. Empty: made from [web].',
      '^https?://',
    ),
  }),
  audit: section(
    'The log of who did what. What it comes to is signed regularly; a checkpoint that lies elsewhere proves that nothing was cut off since, or written anew.',
    {
      checkpoint_minutes: whole('How often a checkpoint is signed.', 60, 1, 60),
      checkpoint_file: optionalPath(
        'A file on another machine (a mount whose directory is there) to which each is added. Empty: none.',
      ),
      checkpoint_syslog: optional(
        'A syslog server that takes each over TLS (RFC 5425), such as "logs.office.lan:6514". Empty: none.',
        '^([A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\])(:\\d{1,5})?$',
      ),
      checkpoint_syslog_ca_file: optionalPath(
        "PEM file of the authority that signed that server's certificate, if it is your own.",
      ),
      checkpoint_mail_to: Type.Array(Type.String({ pattern: ADDRESS, maxLength: 200 }), {
        description: 'Who gets one a day by mail, over the mail server of [alerts]. Empty: nobody.',
        default: [],
      }),
      checkpoint_webhook_url: optional(
        'Where each is also posted to as signed JSON. Empty: nowhere.',
        '^https?://',
      ),
      checkpoint_webhook_secret_file: optionalPath(
        'File with the secret that signs them (Standard Webhooks): any text, or "whsec_" and base64.',
      ),
      words_days: whole(
        'How many days the words are kept that people searched for; after that only that they searched.',
        180,
        1,
        3650,
      ),
    },
  ),
  backup: section('Backups. Everything in them is encrypted; this machine cannot read them.', {
    path: optionalPath(
      'Folder for backups, of another disk or on a mount of another machine: it must be missing while that is not mounted. Empty: s3 or sftp, or no backups.',
    ),
    s3: Type.Optional(S3),
    sftp: Type.Optional(SFTP),
    recipient: optional(
      'The age recipient ("age1...") that they are encrypted to. Keep its identity apart from this machine: a restore needs it, and the master key.',
      '^age1[02-9ac-hj-np-z]{58}$',
    ),
    key_path: optionalPath(
      'Folder for the keys of backups: each has one, encrypted to the recipient, and it is destroyed after keep_days. Name one that is neither on this machine nor where backups go, and of which nobody makes copies or snapshots: then copies of old backups cannot be opened either. Empty: beside the backups.',
    ),
    audio: Type.Boolean({
      description:
        'Whether recordings are in them. One that is there already is not copied again. Without them, copy the folder "recordings" in another way.',
      default: true,
    }),
    schedule: Type.String({
      description: 'When one is made, as a cron expression in the zone of the site. Empty: only by command.',
      default: '0 5 * * *',
    }),
    check_schedule: Type.String({
      description:
        'When the newest one is read again and compared with its signed hashes. Empty: only by command.',
      default: '0 6 * * 0',
    }),
    drill_schedule: Type.String({
      description:
        'When a backup is made and restored for trial: into a folder of the data directory, where all of it is compared and recordings are opened, and which is removed again. Empty: only by command.',
      default: '30 2 1 * *',
    }),
    drill_overdue_days: whole(
      'An alarm is raised when no restore drill has succeeded for so long.',
      40,
      1,
      3_650,
    ),
    keep_days: whole(
      'How many days one is kept. What was erased is unreadable there after so many days too; the newest one is always kept.',
      30,
      1,
      3_650,
    ),
    overdue_hours: whole('An alarm is raised when none was made for so long.', 50, 1, 8_760),
  }),
  metrics: section('Figures for monitoring.', {
    allow: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Addresses that may read /metrics of the dashboard, which is for Prometheus.',
      default: ['127.0.0.1', '::1'],
    }),
    token_file: optionalPath(
      'File with a token for all others ("Authorization: Bearer ..."). Empty: no others.',
    ),
  }),
  log: section('What is written to the log.', {
    level: Type.Enum(['debug', 'info', 'warn', 'error'], {
      description: 'debug, info, warn or error.',
      default: 'info',
    }),
  }),
});
type Settings = Static<typeof ConfigSchema>;
/** One PBX. `id` is empty for the first; `name` never is. CDR sources of [coverage] are with the first. */
export type PbxConfig = Settings['pbx'];
export type Config = Omit<Settings, 'pbx' | 'coverage'> & {
  /** The first is the one without an id. */
  pbxes: readonly PbxConfig[];
  coverage: Omit<Settings['coverage'], keyof typeof CDR_SOURCES>;
  file: string;
};
export const cdrKeys = Object.keys(CDR_SOURCES) as (keyof typeof CDR_SOURCES)[];

/** A section, or a table within one: its keys and what they may be. */
export type Section = { description?: string; properties: Record<string, Setting> };
export type Setting = TSchema & {
  description?: string;
  default?: unknown;
  examples?: unknown[];
  isPath?: boolean;
  properties?: Record<string, Setting>;
};
export const sections = ConfigSchema.properties as unknown as Record<string, Section>;

/** The commented example, every key with its meaning and default. Kept in the repository as tapedeck.toml.example. */
export function exampleConfig(): string {
  const out = [
    '# Tapedeck: where things are. Every key may be left out; what stands here is the default.',
    '',
  ];
  for (const [name, { description, properties }] of Object.entries(sections)) {
    out.push(`# ${description}`, `[${name}]`);
    for (const [key, schema] of Object.entries(properties)) {
      out.push(`# ${schema.description}`);
      if (schema.default !== undefined) out.push(`${key} = ${toml(schema.default)}`);
      else out.push(`# Not set. For example: ${key} = ${toml(schema.examples?.[0])}`);
    }
    out.push('');
  }
  return out.join('\n');
}

function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([k, v]) => `${k} = ${toml(v)}`)
    .join(', ')} }`;
}
