import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { fail } from '../domain/error.js';

export const DEFAULT_CONFIG = '/etc/tapedeck/tapedeck.toml';

/** Tapedeck's own version, from package.json. */
export function version(): string {
  for (const up of ['../..', '../../..']) {
    try {
      const found = JSON.parse(readFileSync(new URL(`${up}/package.json`, import.meta.url), 'utf8'));
      if (found.name === 'tapedeck') return found.version;
    } catch {
      // one level further up: the build has one folder more
    }
  }
  return '0.0.0';
}

/**
 * `tapedeck.toml`: where things are. What to record and how long to keep it is policy, and lives in the catalogue.
 * Types, checks, defaults and the commented example all come from this schema.
 */
const text = (description: string, value?: string, more = {}) =>
  Type.String({ description, default: value, minLength: 1, ...more });
const whole = (description: string, value: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: value, minimum, maximum });
const closed = { additionalProperties: false } as const;

export const ConfigSchema = Type.Object(
  {
    site: Type.Object(
      {
        name: text('Shown at the top of the dashboard.', 'Tapedeck', { maxLength: 60 }),
        time_zone: text('IANA zone in which times are shown.', 'UTC'),
      },
      { ...closed, description: 'The place where this appliance stands.' },
    ),
    data: Type.Object(
      { dir: text('Sealed recordings, catalogue and keys. Give it a disk with room.', '/var/lib/tapedeck') },
      { ...closed, description: 'Where Tapedeck keeps what it keeps.' },
    ),
    pbx: Type.Object(
      {
        ari_url: text("Address of Asterisk's HTTP server (http.conf).", 'http://127.0.0.1:8088', {
          pattern: '^https?://',
        }),
        ari_user: text('User in ari.conf.', 'tapedeck'),
        ari_password_file: text('File that holds its password.', '/etc/tapedeck/ari-password'),
        app: text('Name under which Tapedeck appears in ARI.', 'tapedeck', { pattern: '^[a-z0-9-]{1,40}$' }),
        ami_host: text('Address of the manager interface (manager.conf).', '127.0.0.1'),
        ami_port: whole('Its port.', 5038, 1, 65_535),
        ami_user: text('User in manager.conf.', 'tapedeck'),
        ami_secret_file: text('File that holds its secret.', '/etc/tapedeck/ami-secret'),
        spool: text(
          'Where Asterisk writes recordings, if this machine sees that directory. Otherwise they are fetched over ARI.',
          '/var/spool/asterisk/recording',
        ),
        trunk_contexts: Type.Array(Type.String({ minLength: 1 }), {
          description:
            'Dialplan contexts of lines to the outside. A channel that begins in one of them is an outside party.',
          default: ['from-trunk', 'from-pstn', 'from-pstn-toheader', 'from-did-direct'],
        }),
      },
      { ...closed, description: 'The PBX: Asterisk 16 or newer, or FreePBX.' },
    ),
    web: Type.Object(
      {
        address: text(
          "Address that the dashboard listens on. Use this machine's LAN address to serve the office.",
          '127.0.0.1',
        ),
        port: whole('Its port.', 8090, 0, 65_535),
        hosts: Type.Array(Type.String({ minLength: 1 }), {
          description: 'More names under which browsers may open it, such as "tapedeck.office.lan".',
          default: [],
        }),
      },
      { ...closed, description: 'The dashboard.' },
    ),
    keys: Type.Object(
      {
        master_key_file: text(
          'The key that wraps all others. Made at the first start if absent; back it up apart from the data.',
          '/etc/tapedeck/master.key',
        ),
      },
      { ...closed, description: 'Encryption.' },
    ),
    encode: Type.Object(
      {
        ffmpeg: text('The ffmpeg program.', 'ffmpeg'),
        bitrate_kbps: whole('Opus bit rate for both sides together. 24 is about 11 MB an hour.', 24, 20, 128),
        complexity: whole('Opus effort: 0 is fastest, 10 is best.', 5, 0, 10),
        at_once: whole('How many recordings are made at a time.', 1, 1, 16),
      },
      { ...closed, description: 'How recordings are made.' },
    ),
    retention: Type.Object(
      {
        schedule: text(
          'When what is due is erased, as a cron expression in the zone of the site.',
          '15 3 * * *',
        ),
        breaker_percent: whole('A run that would erase more than this share asks first.', 20, 1, 100),
      },
      { ...closed, description: 'When the rules of the policy are carried out.' },
    ),
    log: Type.Object(
      {
        level: Type.Union(
          (['debug', 'info', 'warn', 'error'] as const).map((l) => Type.Literal(l)),
          { description: 'debug, info, warn or error.', default: 'info' },
        ),
      },
      { ...closed, description: 'What is written to the log.' },
    ),
  },
  closed,
);
export type Config = Static<typeof ConfigSchema> & { file: string };

type Section = {
  description?: string;
  properties: Record<string, TSchema & { description?: string; default?: unknown }>;
};
const sections = Object.entries(ConfigSchema.properties) as unknown as [string, Section][];

/**
 * Reads and checks a configuration file. Relative paths are taken from the file's directory.
 * Throws `config_missing`, or `config_invalid` whose detail has one line a fault: name, line and what to do.
 */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  let source: string;
  try {
    source = readFileSync(path, 'utf8');
  } catch (e) {
    throw fail('config_missing', `${path}: ${(e as Error).message}`, e);
  }
  let raw: Record<string, unknown>;
  try {
    raw = parse(source) as Record<string, unknown>;
  } catch (e) {
    if (!(e instanceof TomlError)) throw e;
    throw fail('config_invalid', `line ${e.line}: this is not TOML: ${e.message.split('\n')[0]}`, e);
  }
  const faults = check(raw, source);
  if (faults.length > 0) throw fail('config_invalid', `\n${faults.join('\n')}`);
  const config = Value.Default(ConfigSchema, withSections(raw)) as Static<typeof ConfigSchema>;
  const base = resolve(path, '..');
  const place = (p: string) => (isAbsolute(p) ? p : resolve(base, p));
  return deepFreeze({
    ...config,
    file: path,
    data: { dir: place(config.data.dir) },
    keys: { master_key_file: place(config.keys.master_key_file) },
    pbx: {
      ...config.pbx,
      spool: place(config.pbx.spool),
      ari_password_file: place(config.pbx.ari_password_file),
      ami_secret_file: place(config.pbx.ami_secret_file),
    },
  });
}

function withSections(raw: Record<string, unknown>): Record<string, unknown> {
  return { ...Object.fromEntries(sections.map(([name]) => [name, {}])), ...raw };
}

function check(raw: Record<string, unknown>, source: string): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const section = sections.find(([s]) => s === name)?.[1];
    if (!section) {
      faults.push(
        `${at(source, null, name)}: unknown section "${name}". Known: ${sections.map(([s]) => s).join(', ')}.`,
      );
    } else if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      faults.push(`${at(source, null, name)}: "${name}" is a section; write [${name}] on a line of its own.`);
    } else {
      faults.push(...checkSection(name, section, value as Record<string, unknown>, source));
    }
  }
  const zone = (raw.site as { time_zone?: unknown } | undefined)?.time_zone;
  if (typeof zone === 'string' && !isZone(zone))
    faults.push(
      `${at(source, 'site', 'time_zone')}: "${zone}" is not an IANA zone. Write one such as "Europe/Berlin".`,
    );
  return faults;
}

function checkSection(
  name: string,
  section: Section,
  values: Record<string, unknown>,
  source: string,
): string[] {
  const faults: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const schema = Object.hasOwn(section.properties, key) ? section.properties[key] : undefined;
    const where = at(source, name, key);
    if (!schema) {
      faults.push(`${where}: unknown key "${name}.${key}".${nearest(key, Object.keys(section.properties))}`);
    } else if (!Value.Check(schema, value)) {
      const [problem] = Value.Errors(schema, value);
      faults.push(
        `${where}: "${name}.${key}" ${problem?.message ?? 'is not valid'}. ${schema.description ?? ''}`.trim(),
      );
    }
  }
  return faults;
}

function nearest(key: string, known: string[]): string {
  const close = known.find(
    (k) => k.replace(/_/g, '') === key.replace(/[_-]/g, '').toLowerCase() || k.startsWith(key.slice(0, 4)),
  );
  return close ? ` Did you mean "${close}"?` : ` Known: ${known.join(', ')}.`;
}

function at(source: string, section: string | null, key: string): string {
  let current: string | null = null;
  const lines = source.split('\n');
  for (const [i, line] of lines.entries()) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line);
    if (header) current = header[1]!;
    if (
      section === null
        ? current === key
        : current === section && new RegExp(`^\\s*"?${literal(key)}"?\\s*=`).test(line)
    )
      return `line ${i + 1}`;
  }
  return `line ?`;
}

const literal = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const v of Object.values(value)) deepFreeze(v);
    Object.freeze(value);
  }
  return value;
}

/** The commented example, every key with its meaning and default. Kept in the repository as tapedeck.toml.example. */
export function exampleConfig(): string {
  const out = [
    '# Tapedeck: where things are. Every key may be left out; what stands here is the default.',
    '',
  ];
  for (const [name, section] of sections) {
    out.push(`# ${section.description}`, `[${name}]`);
    for (const [key, schema] of Object.entries(section.properties)) {
      out.push(`# ${schema.description}`, `${key} = ${JSON.stringify(schema.default)}`);
    }
    out.push('');
  }
  return out.join('\n');
}

/**
 * A secret from the file that the configuration names, or from a systemd credential called like that file
 * (LoadCredential=ari-password:...). Throws `secret_missing`. The value is never logged.
 */
export function readSecret(file: string, credential: string): string {
  const dir = process.env.CREDENTIALS_DIRECTORY;
  const path = dir && exists(`${dir}/${credential}`) ? `${dir}/${credential}` : file;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (e) {
    throw fail('secret_missing', `${path}: ${(e as Error).message}`, e);
  }
}

function exists(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
