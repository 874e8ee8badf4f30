import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { Value } from 'typebox/value';
import { type Codes, clashes } from '../domain/call/codes.js';
import type { Site } from '../domain/days.js';
import { fail } from '../domain/error.js';
import { isRegion, regionOfZone } from '../domain/phone.js';
import { isZone } from '../domain/zone-times.js';
import { checkApart, checkIds, checkSources, HEADING, onlyPbx, withSources } from './config-pbx.js';
import { type Config, ConfigSchema, type PbxConfig, type Section, sections } from './config-schema.js';
import { isLoopback } from './tls-mode.js';

export const DEFAULT_CONFIG = '/etc/tapedeck/tapedeck.toml';

type Table = Record<string, unknown>;

/**
 * Reads and checks a configuration file. Relative paths are taken from the file's directory.
 * Throws `config_missing`, `path_unusable` where rights are missing, or `config_invalid` whose detail has one line a fault: name, line and what to do.
 */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (e) {
    const { code, message } = e as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw fail('config_missing', `${path}: ${message}`, e);
    // Its folder is closed too once the package is installed, so that nobody but root can tell whether there is one.
    const there = existsSync(path) ? '' : ' It says then whether "tapedeck setup" comes first.';
    throw fail(
      'path_unusable',
      `${path}: ${message}. Run the command as root, such as with sudo.${there}`,
      e,
    );
  }
  return parseConfig(source, path);
}

/** The same of a text; `path` is the file that it is in, or will be. Throws `config_invalid`. */
export function parseConfig(source: string, path: string): Config {
  let raw: Table;
  try {
    raw = parse(source);
  } catch (e) {
    if (!(e instanceof TomlError)) throw e;
    throw fail('config_invalid', `line ${e.line}: this is not TOML: ${e.message.split('\n')[0]}`, e);
  }
  const refuse = (faults: string[]) => {
    if (faults.length > 0) throw fail('config_invalid', `\n${faults.join('\n')}`);
  };
  refuse(check(raw, source));
  const { pbx, ...others } = raw;
  const whole = Value.Default(ConfigSchema, others) as Table;
  const { pbx: _, coverage, ...rest } = placed({ properties: sections }, whole, dirname(path));
  const given = pbxTables(pbx).map((one) => {
    const all = Value.Default(ConfigSchema.properties.pbx, one) as Table;
    return placed(sections.pbx!, all, dirname(path)) as PbxConfig;
  });
  const { pbxes, ...parts } = withSources(given, coverage as Table);
  refuse(checkApart(pbxes, (n, key) => lineOf(source, n, key)));
  return deepFreeze({ ...rest, ...parts, pbxes, file: path } as unknown as Config);
}

/** The same with every path absolute. An empty one stays empty. */
function placed(section: Section, values: Table, base: string): Table {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const { properties, isPath } = section.properties[key]!;
      if (properties) return [key, placed({ properties }, value as Table, base)];
      return [key, isPath && value !== '' ? resolve(base, value as string) : value];
    }),
  );
}

function check(raw: Table, source: string): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const where = at(source, null, name);
    const section = Object.hasOwn(sections, name) ? sections[name] : undefined;
    if (!section)
      faults.push(`${where}: unknown section "${name}". Known: ${Object.keys(sections).join(', ')}.`);
    else if (name === 'pbx' && Array.isArray(value)) faults.push(...checkPbxes(value, source, section));
    else if (!isTable(value))
      faults.push(`${where}: "${name}" is a section; write [${name}] on a line of its own.`);
    else faults.push(...checkTable(name, section, value, source, where));
  }
  faults.push(...checkIds(pbxTables(raw.pbx), (n) => lineOf(source, n, 'id')));
  faults.push(...checkSources(pbxTables(raw.pbx)[0], raw.coverage, (key) => at(source, 'coverage', key)));
  const zone = isTable(raw.site) ? raw.site.time_zone : undefined;
  if (typeof zone === 'string' && !isZone(zone))
    faults.push(
      `${at(source, 'site', 'time_zone')}: "${zone}" is not an IANA zone. Write one such as "Europe/Berlin".`,
    );
  const noCountry = (region: unknown) =>
    typeof region === 'string' && /^[A-Z]{2}$/.test(region) && !isRegion(region);
  const place = (region: unknown, where: string) =>
    noCountry(region)
      ? [`${where}: "${region}" is not a country with phone numbers. Write its two letters, such as "GB".`]
      : [];
  if (isTable(raw.site)) faults.push(...place(raw.site.region, at(source, 'site', 'region')));
  for (const [n, { region = '', state = '' }] of pbxTables(raw.pbx).entries()) {
    faults.push(...place(region, lineOf(source, n, 'region')));
    if (state !== '' && region === '')
      faults.push(
        `${lineOf(source, n, 'state')}: "pbx.state" needs its country. Write "pbx.region" too, such as region = "US".`,
      );
  }
  return [
    ...faults,
    ...checkWeb(raw.web, source),
    ...checkAlerts(raw.alerts, source),
    ...checkAudit(raw.audit, raw.alerts, source),
    ...checkBackup(raw.backup, source),
    ...checkOutside(raw, source),
    ...checkCodes(raw.codes, source),
  ];
}

/** [[pbx]]: each is checked as if it were the only one. */
function checkPbxes(list: unknown[], source: string, section: Section): string[] {
  const where = at(source, null, 'pbx');
  if (list.length === 0) return [`${where}: "pbx" is empty. Write [pbx], or [[pbx]] for each PBX.`];
  return list.flatMap((one, n) => {
    const alone = onlyPbx(source, n);
    if (!isTable(one)) return [`${where}: "pbx" is a section; write [[pbx]] on a line of its own for each.`];
    return checkTable('pbx', section, one, alone, at(alone, null, 'pbx', where));
  });
}

/** What one key of [web] asks of another. */
function checkWeb(w: unknown, source: string): string[] {
  if (!isTable(w)) return [];
  const faults: string[] = [];
  const add = (key: string, text: string) => faults.push(`${at(source, 'web', key)}: ${text}`);
  if (w.tls === 'off' && !isLoopback(String(w.address ?? '127.0.0.1')))
    add(
      'tls',
      'without TLS the dashboard serves this machine only. Take "web.tls" away, or set "web.address" to 127.0.0.1 and put a proxy with TLS before it.',
    );
  if (w.tls === 'files' && (!w.tls_cert_file || !w.tls_key_file))
    add('tls', '"web.tls_cert_file" and "web.tls_key_file" are needed.');
  if (w.tls === 'acme') {
    if (!w.acme_directory) add('tls', '"web.acme_directory" is needed.');
    if (!Array.isArray(w.hosts) || w.hosts.length === 0)
      add('tls', '"web.hosts" is needed: the names that the certificate is for.');
    if (!w.http_port)
      add('tls', '"web.http_port" is needed: the ACME server asks there (at port 80, or what leads to it).');
  }
  if (w.http_port && w.http_port === (w.port ?? 8090))
    add('http_port', 'it has to be another than "web.port".');
  return faults;
}

/** What one key of [alerts] asks of another. */
function checkAlerts(a: unknown, source: string): string[] {
  if (!isTable(a)) return [];
  const faults: string[] = [];
  const add = (key: string, text: string) => faults.push(`${at(source, 'alerts', key)}: ${text}`);
  if (Array.isArray(a.mail_to) && a.mail_to.length > 0) {
    if (!a.smtp_host) add('mail_to', '"alerts.smtp_host" is needed to send mail.');
    if (!a.mail_from) add('mail_to', '"alerts.mail_from" is needed to send mail.');
  }
  if (a.smtp_user && !a.smtp_password_file)
    add('smtp_user', '"alerts.smtp_password_file" is needed with a user.');
  if (a.smtp_user && a.smtp_tls === 'none')
    add('smtp_tls', 'a password is not sent in the clear: use starttls or tls, or no "alerts.smtp_user".');
  if (a.webhook_url && !a.webhook_secret_file)
    add('webhook_url', '"alerts.webhook_secret_file" is needed, so that the receiver knows who posts.');
  return faults;
}

/** What one key of [ldap] and [oidc] asks of another. */
function checkOutside({ ldap, oidc }: Table, source: string): string[] {
  const faults: string[] = [];
  const need = (section: string, table: Table, of: string, keys: string[]) => {
    for (const key of keys)
      if (!table[key] || (Array.isArray(table[key]) && table[key].length === 0))
        faults.push(`${at(source, section, of)}: "${section}.${key}" is needed too.`);
  };
  if (isTable(ldap) && ldap.url) {
    need('ldap', ldap, 'url', ['base', 'roles']);
    if (ldap.bind_dn) need('ldap', ldap, 'bind_dn', ['bind_password_file']);
    if (String(ldap.url).startsWith('ldap:') && ldap.starttls !== true)
      faults.push(
        `${at(source, 'ldap', 'url')}: a password is not sent in the clear: use ldaps://, or "ldap.starttls" = true.`,
      );
  }
  if (isTable(oidc) && oidc.issuer) {
    need('oidc', oidc, 'issuer', ['client_id', 'client_secret_file', 'roles']);
    if (isInTheClear(oidc.issuer))
      faults.push(`${at(source, 'oidc', 'issuer')}: use https://; http:// is for this machine only.`);
  }
  return faults;
}

/** What one key of [audit] asks of another, or of [alerts]. */
function checkAudit(audit: unknown, alerts: unknown, source: string): string[] {
  if (!isTable(audit)) return [];
  const mail = isTable(alerts) ? alerts : {};
  const faults: string[] = [];
  const add = (key: string, text: string) => faults.push(`${at(source, 'audit', key)}: ${text}`);
  if (Array.isArray(audit.checkpoint_mail_to) && audit.checkpoint_mail_to.length > 0)
    for (const key of ['smtp_host', 'mail_from'])
      if (!mail[key]) add('checkpoint_mail_to', `"alerts.${key}" is needed to send mail.`);
  if (audit.checkpoint_webhook_url && !audit.checkpoint_webhook_secret_file)
    add(
      'checkpoint_webhook_url',
      '"audit.checkpoint_webhook_secret_file" is needed, so that the receiver knows who posts.',
    );
  return faults;
}

/** Nothing leaves this machine that it could read there; and what a folder is copied with dies with no key. */
function checkBackup(backup: unknown, source: string): string[] {
  if (!isTable(backup)) return [];
  const faults: string[] = [];
  const add = (key: string, text: string) => faults.push(`${at(source, 'backup', key)}: ${text}`);
  const places = ['path', 's3', 'sftp'].filter((key) => backup[key]);
  if (places.length > 1)
    add(places[1]!, `"backup.${places[0]}" is set too; backups go to one place: keep one of them.`);
  if (places.length > 0 && !backup.recipient)
    add(places[0]!, '"backup.recipient" is needed too: backups are always encrypted.');
  const { s3, sftp } = backup;
  const need = (name: string, table: Table, keys: string[]) => {
    for (const key of keys) if (!table[key]) add(name, `"backup.${name}.${key}" is needed too.`);
  };
  if (isTable(s3)) {
    need('s3', s3, ['endpoint', 'bucket', 'access_key_id']);
    if (isInTheClear(s3.endpoint)) add('s3', 'use https://; http:// is for this machine only.');
  }
  if (isTable(sftp)) need('sftp', sftp, ['host', 'user', 'path', 'host_key']);
  const { path, key_path: keys } = backup;
  if (typeof path === 'string' && typeof keys === 'string' && path && keys && within(keys, path))
    add(
      'key_path',
      '"backup.key_path" and "backup.path" must not lie in one another: a copy of the backups would have their keys.',
    );
  return faults;
}

/** Whether one of two folders is in the other. */
function within(one: string, other: string): boolean {
  const [a, b] = [`${resolve(one)}/`, `${resolve(other)}/`];
  return a.startsWith(b) || b.startsWith(a);
}

/** Of two codes of which one is in the other only one would ever be heard. */
function checkCodes(codes: unknown, source: string): string[] {
  if (!isTable(codes)) return [];
  const texts = Object.fromEntries(Object.entries(codes).filter(([, code]) => typeof code === 'string'));
  return clashes(texts as Codes).map(
    ([one, other]) =>
      `${at(source, 'codes', other)}: "codes.${other}" and "codes.${one}" cannot be told apart: neither may contain the other.`,
  );
}

/** Only what is written is checked: whatever may be left out has its default. `around` is where the table stands. */
function checkTable(name: string, section: Section, values: Table, source: string, around: string): string[] {
  const known = section.properties;
  return Object.entries(values).flatMap(([key, value]) => {
    const schema = Object.hasOwn(known, key) ? known[key] : undefined;
    const where = at(source, name, key, around);
    const full = `${name}.${key}`;
    if (!schema) return [`${where}: unknown key "${full}".${nearest(key, Object.keys(known))}`];
    const { properties, description = '' } = schema;
    if (properties && isTable(value)) return checkTable(full, { properties }, value, source, where);
    const [problem] = Value.Errors(schema, value);
    return problem ? [`${where}: "${full}" ${problem.message}. ${description}`.trim()] : [];
  });
}

function nearest(key: string, known: string[]): string {
  const close = known.find(
    (k) => k.replace(/_/g, '') === key.replace(/[_-]/g, '').toLowerCase() || k.startsWith(key.slice(0, 4)),
  );
  return close ? ` Did you mean "${close}"?` : ` Known: ${known.join(', ')}.`;
}

/** The line of a key of the nth PBX, or of its heading. */
function lineOf(source: string, n: number, key: string): string {
  const alone = onlyPbx(source, n);
  return at(alone, 'pbx', key, at(alone, null, 'pbx'));
}

/** The line of a key in its section, or of its own heading; of a section when `section` is null. */
function at(source: string, section: string | null, key: string, otherwise = 'line ?'): string {
  const heading = section === null ? key : `${section}.${key}`;
  const assigned = new RegExp(`^\\s*"?${literal(key)}"?\\s*=`);
  let current: string | null = null;
  for (const [i, line] of source.split('\n').entries()) {
    const header = HEADING.exec(line);
    if (header) current = header[1]!;
    if (header ? current === heading : current === section && assigned.test(line)) return `line ${i + 1}`;
  }
  return otherwise;
}

/** The tables of [pbx] or [[pbx]]; one without keys where there is none. */
const pbxTables = (pbx: unknown): Table[] => (Array.isArray(pbx) ? pbx : [pbx ?? {}]).filter(isTable);

const literal = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether an address sends in the clear to another machine. */
const isInTheClear = (url: unknown): boolean =>
  /^http:\/\/(?!(localhost|127\.0\.0\.1|\[::1\])(:|\/|$))/.test(String(url));

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Returns the region whose numbers are written without a country code here, or ''. */
export const siteRegion = ({ site }: Pick<Config, 'site'>): string =>
  site.region || regionOfZone(site.time_zone);

/** Returns where the installation is, and which of its PBXs are elsewhere. */
export function siteOf(config: Pick<Config, 'site' | 'pbxes'>): Site {
  const own = config.pbxes.filter(({ region }) => region !== '');
  const elsewhere = new Map(
    own.map(({ id, region, state }) => [id, { region, subdivision: state }] as const),
  );
  return { timeZone: config.site.time_zone, region: siteRegion(config), elsewhere };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const v of Object.values(value)) deepFreeze(v);
    Object.freeze(value);
  }
  return value;
}
