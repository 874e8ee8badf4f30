import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { fail } from '../../domain/error.js';
import { loadConfig } from '../../ops/config.js';
import type { Config } from '../../ops/config-schema.js';
import { readSecretFile } from '../../ops/secrets/secret.js';
import { ask } from '../common/ask.js';
import { type TomlValue, withValues } from '../setup/conf/toml.js';
import { type SectionOptions, setUpSection } from '../setup/section.js';
import { createTerminal, type Terminal } from '../setup/talk/terminal.js';

type Tls = Config['alerts']['smtp_tls'];
type Options = SectionOptions & {
  mailTo?: string[];
  mailFrom?: string;
  smtpHost?: string;
  smtpPort?: number;
  smtpTls?: Tls;
  smtpCaFile?: string;
  smtpUser?: string;
  smtpPasswordFile?: string;
  webhookUrl?: string;
  webhookSecretFile?: string;
};
/** Secrets that were typed. */
type Typed = { password?: string; secret?: string };

const PORTS: Record<Tls, number> = { starttls: 587, tls: 465, none: 25 };
const WEBHOOK_SECRET_BYTES = 32;

const port = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number)) throw new InvalidArgumentError('It is not a number.');
  return number;
};
const tls = (text: string): Tls => {
  if (text in PORTS) return text as Tls;
  throw new InvalidArgumentError('It is starttls, tls or none.');
};

/** `tapedeck alert setup`. */
export function addAlertSetup(command: Command, program: Command): void {
  command
    .command('setup')
    .description('set up who is alerted: ask, write the configuration, and send a test message')
    .option('--mail-to <address...>', 'recipients of mail; "none": nobody')
    .option('--mail-from <address>', 'sender address')
    .option('--smtp-host <name>', 'mail server')
    .option('--smtp-port <number>', 'its port; default: 587 for starttls, 465 for tls, 25 for none', port)
    .option('--smtp-tls <how>', 'starttls, tls or none', tls)
    .option('--smtp-ca-file <file>', "PEM file of the server's certificate authority, if it is your own")
    .option('--smtp-user <name>', 'user at the mail server; "none": no authentication')
    .option('--smtp-password-file <file>', 'file with their password')
    .option('--webhook-url <url>', 'URL to which alarms are posted; "none": none')
    .option(
      '--webhook-secret-file <file>',
      'file with the secret that signs them; default: a new one is made',
    )
    .option('--yes', 'apply the changes without asking')
    .option('--keep', 'keep the new configuration even where the test message is refused')
    .option('--dry-run', 'show what would change, and change nothing')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      if (!(await setUp(program.opts<{ config: string }>().config, options))) process.exitCode = 1;
    });
}

const HELP = `
Asks for what no option names; without a terminal what is left out stays as it is. Secrets are read from files or typed, and kept in
/etc/tapedeck, mode 0600. A test message is sent over every channel. Then the recorder is restarted and sends another one. Where
somebody refuses it, the configuration becomes what it was before, unless --keep is given.

Examples:
  tapedeck alert setup
  tapedeck alert setup --mail-to admin@example.com --mail-from tapedeck@example.com --smtp-host mail.example.com --smtp-user tapedeck --smtp-password-file password --yes
  tapedeck alert setup --webhook-url https://hooks.example.com/tapedeck --yes

Exit codes: 0 when every channel accepted the test message; 1 when one did not.`;

async function setUp(file: string, given: Options): Promise<boolean> {
  const terminal = createTerminal();
  const configFile = resolve(file);
  const { alerts } = loadConfig(configFile);
  const asked: Options & Typed = terminal.tty ? await askMissing(terminal, alerts, given) : given;
  const { values, secrets, madeSecret } = wanted(dirname(configFile), alerts, asked);
  const mails = values.find(([, key]) => key === 'mail_to')?.[2] ?? alerts.mail_to;
  const posts = values.find(([, key]) => key === 'webhook_url')?.[2] ?? alerts.webhook_url;
  if ((mails as readonly string[]).length === 0 && posts === '')
    throw fail('request_invalid', 'Nobody would be alerted: give --mail-to or --webhook-url.');
  const done = await setUpSection(
    terminal,
    configFile,
    {
      name: 'alerts',
      edit: (text) => withValues(text, values),
      secrets,
      before: [{ step: 'Test message', words: ['alert', 'test', '--here'] }],
      after: [{ step: 'Sent by the recorder', words: ['alert', 'test'] }],
    },
    given,
  );
  terminal.answered();
  if (!done || given.dryRun) return done;
  terminal.title('What now');
  terminal.note('1. See that the test message arrived: a mail server may accept what it later drops.');
  if (madeSecret !== null)
    terminal.note(
      `2. Give the receiver of the webhook the secret in ${madeSecret}, by which it knows who posts.`,
    );
  terminal.note(
    'The recorder sends alerts, so nobody is alerted while it does not run: have a monitor watch it too.',
  );
  return true;
}

const secretIn = (file: string | undefined) => (file === undefined ? undefined : readSecretFile(file));

/** Returns the settings and the secrets of what was asked. */
function wanted(etc: string, alerts: Config['alerts'], asked: Options & Typed) {
  const values: TomlValue[] = [];
  const secrets: Record<string, string> = {};
  let madeSecret: string | null = null;
  const set = (key: string, value: TomlValue[2] | undefined) => {
    if (value !== undefined) values.push(['alerts', key, value]);
  };
  const orNone = (text: string | undefined) => (text === 'none' ? '' : text);
  if (asked.mailTo)
    set(
      'mail_to',
      asked.mailTo.filter((one) => one !== 'none'),
    );
  set('mail_from', asked.mailFrom);
  set('smtp_host', asked.smtpHost);
  set('smtp_tls', asked.smtpTls);
  set('smtp_port', asked.smtpPort ?? (asked.smtpTls && PORTS[asked.smtpTls]));
  if (asked.smtpCaFile !== undefined) set('smtp_ca_file', resolve(asked.smtpCaFile));
  set('smtp_user', orNone(asked.smtpUser));
  const password = asked.password ?? secretIn(asked.smtpPasswordFile);
  if (password !== undefined) {
    const to = alerts.smtp_password_file || join(etc, 'smtp-password');
    secrets[to] = password;
    set('smtp_password_file', to);
  }
  set('webhook_url', orNone(asked.webhookUrl));
  const to = alerts.webhook_secret_file || join(etc, 'webhook-secret');
  let secret = asked.secret ?? secretIn(asked.webhookSecretFile);
  if (secret === undefined && asked.webhookUrl && asked.webhookUrl !== 'none' && !existsSync(to)) {
    secret = `whsec_${randomBytes(WEBHOOK_SECRET_BYTES).toString('base64')}`;
    madeSecret = to;
  }
  if (secret !== undefined) secrets[to] = secret;
  if (asked.webhookUrl && asked.webhookUrl !== 'none') set('webhook_secret_file', to);
  return { values, secrets, madeSecret };
}

/** Asks for what no option names. What is configured is the default. */
async function askMissing(
  terminal: Terminal,
  alerts: Config['alerts'],
  given: Options,
): Promise<Options & Typed> {
  const asked: Options & Typed = { ...given };
  terminal.title('1 of 2  Mail');
  terminal.note(
    'Who gets a mail when something is wrong, and when it is over. Several addresses are separated by commas.',
  );
  terminal.say();
  asked.mailTo ??= (await terminal.ask('Recipients, or none', alerts.mail_to.join(', ') || 'none'))
    .split(/[\s,]+/)
    .filter(Boolean);
  if (asked.mailTo.some((one) => one !== 'none')) {
    while (!asked.smtpHost) asked.smtpHost = await terminal.ask('Mail server', alerts.smtp_host);
    while (!asked.mailFrom) asked.mailFrom = await terminal.ask('Sender address', alerts.mail_from);
    while (!asked.smtpTls) {
      const typed = await terminal.ask('Encryption: starttls, tls or none', alerts.smtp_tls);
      if (typed in PORTS) asked.smtpTls = typed as Tls;
    }
    const usual = asked.smtpTls === alerts.smtp_tls ? alerts.smtp_port : PORTS[asked.smtpTls];
    while (!asked.smtpPort) asked.smtpPort = Number(await terminal.ask('Port', String(usual))) || 0;
    if (asked.smtpTls !== 'none')
      asked.smtpUser ??= await terminal.ask('User, or none', alerts.smtp_user || 'none');
    else asked.smtpUser ??= 'none';
    if (asked.smtpUser !== 'none' && !asked.smtpPasswordFile) {
      terminal.answered();
      const kept = alerts.smtp_password_file !== '' && existsSync(alerts.smtp_password_file);
      const typed = await ask(`  Password${kept ? ' [as it is]' : ''}: `);
      if (typed !== '') asked.password = typed;
    }
  }
  terminal.title('2 of 2  Webhook');
  terminal.note('A URL to which alarms are posted as signed JSON, such as that of a chat or of a monitor.');
  terminal.say();
  asked.webhookUrl ??= await terminal.ask('URL, or none', alerts.webhook_url || 'none');
  if (asked.webhookUrl !== 'none' && !asked.webhookSecretFile) {
    terminal.answered();
    const kept = alerts.webhook_secret_file !== '' && existsSync(alerts.webhook_secret_file);
    const typed = await ask(`  Secret that signs them [${kept ? 'as it is' : 'a new one'}]: `);
    if (typed !== '') asked.secret = typed;
  }
  return asked;
}
