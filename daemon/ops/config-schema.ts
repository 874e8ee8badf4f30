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
  'The holder of its identity can open a copy of such a recording even after it was erased: erasing then only removes the file on this machine.';
/** Contexts in which calls from trunks begin on FreePBX. */
export const TRUNK_CONTEXTS = [
  ...['from-trunk', 'from-trunk-sip-*', 'from-trunk-iax2-*'],
  ...['from-pstn', 'from-pstn-toheader', 'from-did-direct'],
];
const ATTRIBUTE = '^[A-Za-z][A-Za-z0-9-]{0,60}$';

/** Groups and what they make somebody. */
const rules = (group: string) =>
  Type.Optional(
    Type.Array(GroupRule, {
      description:
        'Groups and the rights of their members: roles, and optionally grants, every_call, extensions, queues and dids. Users in none of these groups cannot sign in.',
      examples: [[{ group, roles: ['reviewer'], every_call: true }]],
    }),
  );

/** Where Asterisk keeps its own records of calls. */
const CDR_SOURCES = {
  cdr_csv: Type.Optional(
    path(
      "Path of Asterisk's Master.csv, from which Tapedeck learns of calls that took place while it was not running.",
      undefined,
      {
        examples: ['/var/log/asterisk/cdr-csv/Master.csv'],
      },
    ),
  ),
  cdr_sqlite: Type.Optional(
    path('Path of the SQLite file of cdr_sqlite3_custom, for the same purpose.', undefined, {
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
        password_file: path('File with its password.', '/etc/tapedeck/cdr-password'),
      },
      {
        description: 'CDR table in MySQL or MariaDB, as FreePBX has it, for the same purpose.',
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
    region: text('Region; most self-hosted stores accept any.', 'us-east-1'),
    bucket: text('Name of the bucket, which must exist.', undefined, {
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$',
    }),
    prefix: Type.String({
      description: 'Prefix of the names of all objects.',
      default: '',
      pattern: '^$|^[0-9A-Za-z][0-9A-Za-z._/-]{0,200}[0-9A-Za-z._-]$|^[0-9A-Za-z]$',
    }),
    access_key_id: text('Id of an access key that may list, read, write and delete in the bucket.'),
    secret_key_file: path('File with the secret access key.', '/etc/tapedeck/backup-s3-key'),
    ca_file: optionalPath("PEM file of the store's certificate authority, if it is your own."),
  },
  {
    description: 'Instead of path: a bucket of an S3-compatible store.',
    examples: [{ endpoint: 'https://s3.example.com', bucket: 'tapedeck', access_key_id: 'AKIAEXAMPLE' }],
    additionalProperties: false,
  },
);
const SFTP = Type.Object(
  {
    host: text('Address of the server.'),
    port: whole('Its port.', 22, 1, 65_535),
    user: text('User on the server.'),
    path: text(
      'Folder on the server, which must exist; relative to the user\'s home unless it begins with "/".',
    ),
    key_file: path('File with the private key, without a passphrase.', '/etc/tapedeck/backup-ssh-key'),
    host_key: text(
      'Public host key of the server, from its /etc/ssh/ssh_host_ed25519_key.pub. Nothing is sent to a server with another key.',
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
  site: section('The site where Tapedeck runs.', {
    name: text('Name shown at the top of the dashboard.', 'Tapedeck', { maxLength: 60 }),
    time_zone: text('IANA time zone in which times are shown.', 'UTC'),
    region: optional(
      'Country whose phone numbers are written here without a country code, as two letters (ISO 3166-1) such as "GB". Empty: the country of time_zone; with UTC none is assumed.',
      '^[A-Z]{2}$',
    ),
  }),
  data: section('Where Tapedeck stores its data.', {
    dir: path(
      'Folder for sealed recordings, the catalogue and keys. Choose a disk with enough free space.',
      '/var/lib/tapedeck',
    ),
    reserve_mb: whole(
      'Free space to keep there, in MB. Below it, Tapedeck raises an alarm and frees space as when_full says; below a quarter of it, no new work is started. 512 MB hold one hour of 46 simultaneous calls.',
      512,
      8,
      1_048_576,
    ),
    when_full: Type.Array(Type.Enum(['archive', 'erase']), {
      description:
        'What Tapedeck does, in this order, when free space falls below reserve_mb: "archive" moves the oldest recordings to the archive before their time, "erase" erases what is due before tonight. Neither touches recordings under a legal hold or within their minimum retention. Leave one out to disable it.',
      default: ['archive', 'erase'],
      uniqueItems: true,
    }),
  }),
  pbx: section(
    'The PBX: Asterisk 16 or newer, or FreePBX. For several PBXs write [[pbx]] instead, once for each: docs/start/several-pbxs.md.',
    {
      id: Type.String({
        description:
          "With several PBXs, the id of each one except the first, which has none. Calls, rules and people's scopes refer to it: never change it or reuse it for another PBX.",
        default: '',
      }),
      name: Type.String({
        description: 'Name shown to people where there are several PBXs. Empty: the id.',
        default: '',
        maxLength: 60,
      }),
      region: optional(
        'Country in which this PBX stands, as two letters such as "DE", if it is another than that of the site: its law holds for the calls there, and numbers without a country code are of it.',
        '^[A-Z]{2}$',
      ),
      state: optional(
        'With region: its state or province (ISO 3166-2 without the country), such as "TX".',
        '^[A-Z0-9]{1,3}$',
      ),
      ari_url: text("Address of Asterisk's HTTP server (http.conf).", 'http://127.0.0.1:8088', {
        pattern: '^https?://',
      }),
      ari_ca_file: optionalPath(
        'With https: PEM file of the certificate authority, if it is your own. The certificate is always verified.',
      ),
      ari_user: text('User in ari.conf.', 'tapedeck'),
      ari_password_file: path('File with its password.', '/etc/tapedeck/ari-password'),
      app: text("Name of Tapedeck's ARI application.", 'tapedeck', { pattern: '^[a-z0-9-]{1,40}$' }),
      ami_host: text("Address of Asterisk's manager interface, AMI (manager.conf).", '127.0.0.1'),
      ami_port: whole('Its port.', 5038, 1, 65_535),
      ami_tls: Type.Boolean({
        description: 'Connect to that port with TLS ("tlsenable" in manager.conf; the usual port is 5039).',
        default: false,
      }),
      ami_ca_file: optionalPath(
        'With ami_tls: PEM file of the certificate authority, if it is your own. The certificate is always verified.',
      ),
      ami_user: text('User in manager.conf.', 'tapedeck'),
      ami_secret_file: path('File with its secret.', '/etc/tapedeck/ami-secret'),
      spool: path(
        'Folder in which Asterisk writes recordings. If it does not exist on this machine, recordings are fetched over ARI.',
        '/var/spool/asterisk/recording',
      ),
      fetch_mbit: Type.Number({
        description:
          'Bandwidth limit for fetching recordings over ARI, in Mbit/s. One hour of a call is 115 MB, or 230 MB in wideband. 0: no limit.',
        default: 0,
        minimum: 0,
        maximum: 10_000,
      }),
      spool_reserve_mb: whole(
        "Free space to keep in Asterisk's spool, in MB; below it, no new capture is started. It is added to [data] reserve_mb if both are on one disk. 1024 MB hold one hour of nine simultaneous calls.",
        1024,
        8,
        1_048_576,
      ),
      trunk_contexts: Type.Array(Type.String({ pattern: '^[^*]+\\*?$' }), {
        description:
          'Dialplan contexts in which calls from trunks arrive. A channel that starts in one of them is an outside party. A "*" at the end matches any ending.',
        default: TRUNK_CONTEXTS,
      }),
      ...CDR_SOURCES,
    },
  ),
  web: section('The dashboard.', {
    address: text(
      "Address on which the dashboard listens. Use this machine's LAN address to serve the office.",
      '127.0.0.1',
    ),
    port: whole('Its port.', 8090, 0, 65_535),
    hosts: Type.Array(Type.String({ minLength: 1 }), {
      description:
        'Further host names under which browsers may open the dashboard, such as "tapedeck.office.lan".',
      default: [],
    }),
    session_idle_minutes: whole('Minutes of inactivity after which a session ends.', 30, 1, 720),
    session_hours: whole('Hours after which a session ends regardless of activity.', 12, 1, 24),
    tls: Type.Enum(['auto', 'own', 'files', 'acme', 'off'], {
      description:
        'Where the HTTPS certificate comes from. own: Tapedeck\'s own certificate authority, see "tapedeck tls ca"; files: your certificate; acme: your ACME server; off: plain HTTP for a reverse proxy on this machine, and for nobody else; auto: off if the address is loopback, otherwise own.',
      default: 'auto',
    }),
    tls_cert_file: optionalPath('files: PEM file of your certificate, with the intermediate certificates.'),
    tls_key_file: optionalPath(
      'files: PEM file of its private key, mode 0640 or stricter. Both files are read again when they change.',
    ),
    acme_directory: optional(
      'acme: directory URL of your ACME server. It validates each of "hosts" on port 80 (http-01).',
      '^https://',
    ),
    acme_ca_file: optionalPath("acme: PEM file of that server's certificate authority, if it is your own."),
    acme_email: optional('acme: contact address given to that server. Empty: none.', ADDRESS),
    http_port: whole(
      'Port that redirects browsers to HTTPS and answers the ACME server, usually 80. 0: none.',
      0,
      0,
      65_535,
    ),
  }),
  codes: section(
    'Feature codes that people press during a call, such as "*71", on any phone and without a change to the dialplan. Empty: none. Tapedeck subscribes to key presses only if a code is set or a rule needs them. With [[pbx]], they apply to all PBXs.',
    {
      mask: code('Our side only: mask the recording from here on, for example for a card number.'),
      resume: code('Our side only: end the mask.'),
      keep: code('Our side only: keep the recording of this call, where calls are recorded on demand.'),
      decline: code('Any party: do not record this call, and destroy what was recorded of it.'),
      allow: code('Any party: allow recording again.'),
    },
  ),
  masking: section('Automatic masks. With [[pbx]], they apply to all PBXs.', {
    card_numbers: Type.Boolean({
      description:
        'Mask a call when somebody types 13 digits in a row, such as a card number, starting with the first digit. Tapedeck then subscribes to all key presses; it stores none of them.',
      default: false,
    }),
  }),
  telling: section(
    'Announcements are configured on the dashboard; these settings are needed before that. With [[pbx]], they apply to all PBXs.',
    {
      from_the_start: Type.Boolean({
        description:
          'Announce every call on a new installation. Read at the first start only; after that the policy decides.',
        default: true,
      }),
      prompt_address: optional(
        'For a PBX on another machine, which fetches prompts from Tapedeck: address and port at which that PBX reaches this machine, such as "http://10.0.0.5:8090". The recorder\'s unit needs SocketBindAllow=tcp:8090. Empty: prompts are not served.',
        '^http://[A-Za-z0-9.:\\[\\]-]+:[0-9]{1,5}$',
      ),
      prompt_host: text('Address on which the recorder listens for prompt_address.', '0.0.0.0'),
    },
  ),
  ldap: section(
    'LDAP directory or Active Directory whose users may sign in. Test it with "tapedeck doctor".',
    {
      url: optional(
        'Address of the directory: ldaps://, or ldap:// with starttls. Empty: no directory.',
        '^ldaps?://',
      ),
      starttls: Type.Boolean({
        description:
          'Upgrade an ldap:// connection to TLS before anything else. Passwords are never sent without TLS.',
        default: false,
      }),
      ca_file: optionalPath("PEM file of the server's certificate authority, if it is your own."),
      bind_dn: optional(
        'Account used for searches; it only needs to read users and groups. Empty: anonymous.',
      ),
      bind_password_file: optionalPath('File with its password.'),
      base: optional('Entry below which users are searched, such as "ou=people,dc=example,dc=com".'),
      user_filter: text('Filter for users (RFC 4515).', '(objectClass=person)'),
      user_attribute: text(
        'Attribute with the name that users sign in with: uid, or sAMAccountName in Active Directory.',
        'uid',
        {
          pattern: ATTRIBUTE,
        },
      ),
      groups: Type.Enum(['attribute', 'search', 'nested'], {
        description:
          'How the groups of a user are found: by an attribute of the user, by a search, or by a search including nested groups of Active Directory.',
        default: 'attribute',
      }),
      group_attribute: text('Attribute of a user that names their groups.', 'memberOf', {
        pattern: ATTRIBUTE,
      }),
      group_base: optional('Entry below which groups are searched. Empty: the same as for users.'),
      group_filter: text('Filter for groups.', '(|(objectClass=groupOfNames)(objectClass=group))'),
      member_attribute: text('Attribute of a group that names its members.', 'member', {
        pattern: ATTRIBUTE,
      }),
      extension_attribute: optional("Attribute with the user's own extension, such as ipPhone.", ATTRIBUTE),
      roles: rules('cn=recordings,ou=groups,dc=example,dc=com'),
    },
  ),
  oidc: section('OpenID provider whose users may sign in.', {
    issuer: optional(
      'Issuer URL of the provider, exactly as it publishes it. Empty: no provider.',
      '^https?://',
    ),
    name: text('Name on the button: "Sign in with ...".', 'your company account', { maxLength: 40 }),
    client_id: optional("Tapedeck's client id at the provider."),
    client_secret_file: optionalPath('File with the client secret.'),
    ca_file: optionalPath("PEM file of the provider's certificate authority, if it is your own."),
    scopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$' }), {
      description: 'Scopes requested from the provider.',
      default: ['openid', 'profile'],
    }),
    name_claim: text('Claim with the name of the user.', 'preferred_username'),
    groups_claim: text('Claim with the groups of the user.', 'groups'),
    extension_claim: optional("Claim with the user's own extension."),
    trusted_amr: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Values of the claim "amr" that count as a second factor, such as "mfa".',
      default: [],
    }),
    trusted_acr: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Values of the claim "acr" that count as a second factor.',
      default: [],
    }),
    roles: rules('recordings'),
  }),
  keys: section('Encryption.', {
    master_key_file: path(
      'File with the master key, which encrypts all other keys: in the clear, locked with a passphrase, or sealed by systemd. Created at the first start if absent; keep a copy apart from the data.',
      '/etc/tapedeck/master.key',
    ),
    recovery_recipient: optional(
      `An age recipient ("age1...") that can also open every recording made from now on, without this machine. Empty: none. ${RECOVERY}`,
      'age1[02-9ac-hj-np-z]{58}$',
    ),
  }),
  encode: section('How recordings are encoded.', {
    socket: optionalPath(
      "Socket of the encoder, a service that runs ffmpeg as a separate user: /run/tapedeck-encoder/sock with Tapedeck's units. Empty: ffmpeg runs as the recorder's user.",
    ),
    ffmpeg: text('The ffmpeg program, if there is no encoder socket.', 'ffmpeg'),
    bitrate_kbps: whole(
      'Opus bit rate in kbit/s, both sides together. 24 makes at most about 11 MB an hour.',
      24,
      20,
      128,
    ),
    complexity: whole(
      'Opus complexity: 0 is fastest, 10 is best. With 0 or 1, wideband calls need at least 26 kbit/s.',
      3,
      0,
      10,
    ),
    at_once: whole('Number of recordings encoded at the same time, for each PBX.', 1, 1, 16),
    during_calls: whole(
      'Number of calls encoded while they go on, the longest first, so that they can be played right after the hang-up. Each takes about 15 MB of memory. 0: none.',
      8,
      0,
      32,
    ),
  }),
  processor: section('What happens while processor time is short.', {
    calls_first: Type.Boolean({
      description:
        'Recordings, imports and checks wait while capturing calls needs the processor, a recording for two hours at most.',
      default: true,
    }),
  }),
  retention: section('When retention rules are carried out.', {
    schedule: text(
      "When due recordings are erased, as a cron expression in the site's time zone.",
      '15 3 * * *',
    ),
    breaker_percent: whole(
      'Safety limit: a run that would erase more than this share of the recordings waits for a confirmation.',
      20,
      1,
      100,
    ),
    breaker_count: whole(
      'Safety limit: a run that would erase more recordings than this also waits. Set it above the number that your site records in three days.',
      10_000,
      1,
      100_000_000,
    ),
  }),
  archive: section(
    'A second place for recordings, such as network storage. Archived recordings play like all others.',
    {
      directory: optionalPath(
        'Folder at which the storage is mounted. Empty: no archive. Initialize it once with "tapedeck archive init".',
      ),
      after_days: whole('Age in days at which a recording moves to the archive.', 30, 0, 36_500),
      schedule: text("When, as a cron expression in the site's time zone.", '30 4 * * *'),
      reserve_mb: whole(
        'Free space to keep in the archive, in MB; below it, nothing moves there.',
        1024,
        0,
        100_000_000,
      ),
    },
  ),
  holds: section('Legal holds.', {
    release_cool_off_hours: whole(
      'Hours between requesting and completing the release of a legal hold. It also needs a second person.',
      24,
      1,
      744,
    ),
  }),
  approvals: section('Two-person control.', {
    passkeys_only: Type.Boolean({
      description:
        'Approve by passkey only, and only by one that was added under a name in [web] hosts. Codes of authenticator apps do not count then: whoever has taken over the dashboard sees them typed. At least two people who can approve need such a passkey; "tapedeck doctor" counts them.',
      default: false,
    }),
  }),
  scrub: section('Recordings are read again regularly, so that damage is found while backups still exist.', {
    schedule: text(
      "When recordings are read, as a cron expression in the site's time zone. Each is read within 30 days.",
      '30 1 * * *',
    ),
    max_load: Type.Number({
      description:
        'Reading pauses while the load average of the last minute, per processor core, is above this.',
      default: 0.6,
      minimum: 0.05,
      maximum: 1_000,
    }),
  }),
  coverage: section(
    "Asterisk's own call records (CDRs), with which Tapedeck compares its recordings. The CDRs named here are those of the first PBX.",
    {
      target_percent: Type.Number({
        description:
          'Target share of eligible calls that are recorded, in percent; the coverage page warns when it is missed.',
        default: 99.9,
        minimum: 0,
        maximum: 100,
      }),
      ...CDR_SOURCES,
    },
  ),
  test_calls: section('Test calls, which find faults before a call is lost.', {
    enabled: Type.Boolean({
      description:
        'Make test calls, from the PBX to playback on the dashboard. They need asterisk-conf/extensions.conf.',
      default: true,
    }),
    schedule: text("When, as a cron expression in the site's time zone.", '*/15 * * * *'),
    max_load: Type.Number({
      description:
        'No test call is made while the load average of the last minute, per processor core, is above this.',
      default: 0.8,
      minimum: 0.1,
      maximum: 1_000,
    }),
  }),
  alerts: section('Who is alerted when something is wrong. Test it with "tapedeck alert test".', {
    mail_to: Type.Array(Type.String({ pattern: ADDRESS, maxLength: 200 }), {
      description: 'Recipients of mail when an alarm is raised and when it clears. Empty: nobody.',
      default: [],
    }),
    mail_from: optional('Sender address of these mails.', ADDRESS),
    smtp_host: optional('Mail server (SMTP).'),
    smtp_port: whole('Its port: 587 for starttls, 465 for tls, 25 for none.', 587, 1, 65_535),
    smtp_tls: Type.Enum(['starttls', 'tls', 'none'], {
      description:
        'starttls, tls or none. Certificates are verified; none sends in the clear and takes no password.',
      default: 'starttls',
    }),
    smtp_ca_file: optionalPath("PEM file of the server's certificate authority, if it is your own."),
    smtp_user: optional('User at the mail server. Empty: no authentication.'),
    smtp_password_file: optionalPath('File with their password.'),
    webhook_url: optional(
      'URL to which alarms are also posted as signed JSON: in words, and as a code with parameters ("why"). Empty: none.',
      '^https?://',
    ),
    webhook_secret_file: optionalPath(
      'File with the secret that signs these requests (Standard Webhooks): any text, or "whsec_" and base64.',
    ),
    webhook_anywhere: Type.Boolean({
      description: 'Allow webhook_url to be a link-local address or a port of ARI or AMI.',
      default: false,
    }),
    dashboard_url: optional(
      'Address at which people open the dashboard, for links in messages. Empty: derived from [web].',
      '^https?://',
    ),
  }),
  audit: section(
    'The audit log. Tapedeck signs checkpoints of it regularly; a checkpoint stored elsewhere proves that no entry before it was removed or rewritten.',
    {
      checkpoint_minutes: whole('Minutes between checkpoints.', 60, 1, 60),
      checkpoint_file: optionalPath(
        'File on a mount of another machine to which each checkpoint is appended. Empty: none.',
      ),
      checkpoint_syslog: optional(
        'Syslog server that receives each checkpoint over TLS (RFC 5425), such as "logs.office.lan:6514". Empty: none.',
        '^([A-Za-z0-9.-]+|\\[[0-9a-fA-F:.]+\\])(:\\d{1,5})?$',
      ),
      checkpoint_syslog_ca_file: optionalPath(
        "PEM file of that server's certificate authority, if it is your own.",
      ),
      checkpoint_mail_to: Type.Array(Type.String({ pattern: ADDRESS, maxLength: 200 }), {
        description:
          'Recipients of one checkpoint a day by mail, through the mail server of [alerts]. Empty: nobody.',
        default: [],
      }),
      checkpoint_webhook_url: optional(
        'URL to which each checkpoint is also posted as signed JSON. Empty: none.',
        '^https?://',
      ),
      checkpoint_webhook_secret_file: optionalPath(
        'File with the secret that signs these requests (Standard Webhooks): any text, or "whsec_" and base64.',
      ),
      words_days: whole(
        'Days for which search terms are kept; after that, the log only says that somebody searched.',
        180,
        1,
        3650,
      ),
    },
  ),
  backup: section('Backups. They are encrypted; this machine cannot read them.', {
    path: optionalPath(
      'Folder for backups on another disk or on a mount of another machine. It must not exist while that is not mounted. Empty: s3 or sftp, or no backups.',
    ),
    s3: Type.Optional(S3),
    sftp: Type.Optional(SFTP),
    recipient: optional(
      'The age recipient ("age1...") to which backups are encrypted. Keep its identity apart from this machine: a restore needs both the identity and the master key.',
      '^age1[02-9ac-hj-np-z]{58}$',
    ),
    key_path: optionalPath(
      'Folder for the keys of backups. Each backup has its own key, encrypted to the recipient and destroyed after keep_days. Choose a folder that is neither on this machine nor with the backups, and that nobody copies or snapshots: copies of old backups then become unreadable too. Empty: beside the backups.',
    ),
    audio: Type.Boolean({
      description:
        'Include recordings. A recording that was copied before is not copied again. If false, copy the folder "recordings" in another way.',
      default: true,
    }),
    schedule: Type.String({
      description:
        "When a backup is made, as a cron expression in the site's time zone. Empty: only by command.",
      default: '0 5 * * *',
    }),
    check_schedule: Type.String({
      description:
        'When the newest backup is read again and compared with its signed hashes. Empty: only by command.',
      default: '0 6 * * 0',
    }),
    drill_schedule: Type.String({
      description:
        'When a restore drill runs: a backup is restored into a temporary folder of the data directory, compared completely, and recordings are opened. Empty: only by command.',
      default: '30 2 1 * *',
    }),
    drill_overdue_days: whole(
      'Days without a successful restore drill after which an alarm is raised.',
      40,
      1,
      3_650,
    ),
    keep_days: whole(
      'Days for which a backup is kept. After that, erased recordings are unreadable in backups too. The newest backup is always kept.',
      30,
      1,
      3_650,
    ),
    overdue_hours: whole('Hours without a backup after which an alarm is raised.', 50, 1, 8_760),
  }),
  metrics: section('Monitoring.', {
    allow: Type.Array(Type.String({ minLength: 1 }), {
      description: 'Addresses that may read /metrics of the dashboard (Prometheus format).',
      default: ['127.0.0.1', '::1'],
    }),
    token_file: optionalPath(
      'File with a token for all other addresses ("Authorization: Bearer ..."). Empty: no others may read it.',
    ),
  }),
  log: section('Logging.', {
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
