import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import Database from 'better-sqlite3';
import { Value } from 'typebox/value';
import { catalogueFile, keysFile } from '../../domain/paths.js';
import { type Config, ConfigSchema, type Section, type Setting, sections } from '../../ops/config-schema.js';
import { ask } from '../../ops/control-client.js';
import { outputOf } from '../../ops/process/run-program.js';
import { version } from '../../ops/process/version.js';
import type { Finding } from '../doctor/finding.js';
import { originalsUnits } from '../doctor/units.js';
import type { Mask, Program } from './mask.js';

export const UNITS = ['tapedeck', 'tapedeck-web', 'tapedeck-encoder', 'tapedeck-web-restart'];
const UNIT_PROPERTIES = [
  ...['LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'Result', 'ExecMainStatus', 'NRestarts'],
  ...['MemoryCurrent', 'MemoryPeak', 'TasksCurrent', 'CPUUsageNSec', 'ActiveEnterTimestampMonotonic'],
];

const said = async (program: string, ...args: string[]): Promise<string> =>
  (await outputOf(program, args, 30_000)) ?? '';

/** Versions of Tapedeck, of what it runs on, and of the system. */
export async function versions(config: Config): Promise<object> {
  const release = textOf('/etc/os-release');
  const ffmpeg = /^ffmpeg version (\d[\w.]*)/.exec(await said(config.encode.ffmpeg || 'ffmpeg', '-version'));
  return {
    tapedeck: version(),
    node: process.version,
    sqlite: new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get(),
    ffmpeg: ffmpeg?.[1] ?? null,
    systemd: /^systemd (\d+)/.exec(await said('systemctl', '--version'))?.[1] ?? null,
    system: /^PRETTY_NAME="([\w ./()-]*)"$/m.exec(release)?.[1] ?? null,
    kernel: /^Linux version (\d[\w.]*)/.exec(textOf('/proc/version'))?.[1] ?? null,
    arch: process.arch,
    processors: availableParallelism(),
  };
}

/**
 * The configuration as far as it names nobody: values that are the default, numbers, yes and no, and choices of which the schema
 * has a list. Of other texts only that they are set, of lists how long they are.
 */
export function configuration(config: Config): object {
  const whole = Value.Default(ConfigSchema, {}) as Record<string, Record<string, unknown>>;
  const section = (
    of: Section,
    values: Record<string, unknown>,
    defaults: Record<string, unknown> = {},
  ): object =>
    Object.fromEntries(
      Object.entries(of.properties).map(([key, schema]) => [
        key,
        shown(schema, values?.[key], defaults[key]),
      ]),
    );
  function shown(schema: Setting, value: unknown, byDefault: unknown): unknown {
    if (value === undefined) return '(not set)';
    if (typeof value === 'boolean' || typeof value === 'number') return value;
    if (JSON.stringify(value) === JSON.stringify(byDefault)) return value;
    if (typeof value === 'string') {
      const choices = schema as { enum?: unknown[]; anyOf?: { const?: unknown }[] };
      const listed = choices.enum ?? choices.anyOf?.map((one) => one.const) ?? [];
      if (listed.includes(value)) return value;
      return value === '' ? '' : '(set)';
    }
    if (Array.isArray(value)) return `(${value.length} entries)`;
    if (schema.properties && typeof value === 'object' && value !== null)
      return section({ properties: schema.properties } as Section, value as Record<string, unknown>);
    return value === null ? null : '(set)';
  }
  const { pbxes, ...parts } = config as unknown as Record<string, Record<string, unknown>> & {
    pbxes: Record<string, unknown>[];
  };
  const named = Object.entries(sections).filter(([name]) => name !== 'pbx' && parts[name]);
  return {
    ...Object.fromEntries(named.map(([name, of]) => [name, section(of, parts[name]!, whole[name])])),
    pbx: pbxes.map((pbx) => section(sections.pbx!, pbx, whole.pbx)),
  };
}

/** State of the units, in words and numbers of systemd's. Those that open originals are numbered: their names come from folders. */
export async function units(originals: () => Promise<string[]> = originalsUnits): Promise<object> {
  const ofImports = (await originals()).map((unit, n) => [unit, `tapedeck-originals-${n + 1}`] as const);
  const shown = await Promise.all(
    [...UNITS.map((unit) => [unit, unit] as const), ...ofImports].map(async ([unit, name]) => {
      const text = await said(
        'systemctl',
        'show',
        unit,
        ...UNIT_PROPERTIES.map((name) => `--property=${name}`),
      );
      const lines = [...text.matchAll(/^(\w+)=([\w[\] -]{0,40})$/gm)].map(([, key, value]) => [key!, value!]);
      return [name, Object.fromEntries(lines)] as const;
    }),
  );
  return Object.fromEntries(shown);
}

/** Sizes and kinds of the disks, without their paths. */
export async function disks({ data, pbxes }: Config): Promise<object> {
  const of = (dir: string) =>
    statfs(dir).then(
      ({ type, bsize, blocks, bavail, files, ffree }) => ({
        type: `0x${type.toString(16)}`,
        ...{ total_bytes: blocks * bsize, free_bytes: bavail * bsize, inodes: files, inodes_free: ffree },
      }),
      (e: NodeJS.ErrnoException) => ({ code: e.code ?? 'unknown' }),
    );
  return { data: await of(data.dir), spools: await Promise.all(pbxes.map((pbx) => of(pbx.spool))) };
}

/** Versions of the databases, and how many rows each table has. */
export function databases(dataDir: string): object {
  const of = (path: string) => {
    try {
      const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5_000 });
      try {
        const tables = db
          .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%\\_fts%' ESCAPE '\\'",
          )
          .pluck()
          .all() as string[];
        const known = tables.filter((name) => /^[a-z_]{1,40}$/.test(name));
        const count = (name: string) => db.prepare(`SELECT count(*) FROM "${name}"`).pluck().get();
        return {
          version: db.pragma('user_version', { simple: true }),
          rows: Object.fromEntries(known.map((name) => [name, count(name)])),
        };
      } finally {
        db.close();
      }
    } catch (e) {
      return { code: (e as { code?: string }).code ?? 'unknown' };
    }
  };
  return { catalogue: of(catalogueFile(dataDir)), keys: of(keysFile(dataDir)) };
}

/** What the recorder says of itself: without calls in progress, and everything that is no code, number or time masked. */
export async function status(dataDir: string, mask: Mask): Promise<unknown> {
  const now = await ask(dataDir, 'status').catch((e) => ({ err: { code: (e as { code?: string }).code } }));
  const { calls: _, ...rest } = now as Record<string, unknown>;
  return mask.value(rest);
}

/** Its figures, as a monitor reads them. */
export async function metrics(dataDir: string, mask: Mask, program: Program): Promise<string> {
  const text = await ask(dataDir, 'metrics').catch(() => '');
  return text
    .split('\n')
    .filter((line) => /^[a-z]/.test(line))
    .map((line) =>
      line.replace(/="((?:[^"\\]|\\.)*)"/g, (_, label: string) =>
        /^[\d.+Inf]+$/.test(label) || program.has(label) ? `="${label}"` : `="${mask.pseudonym(label)}"`,
      ),
    )
    .join('\n');
}

/** What the doctor found. */
export const findings = (found: readonly Finding[], mask: Mask): object[] =>
  found.map(({ check, state, says, todo }) => ({
    check: mask.sentence(check),
    state,
    says: mask.sentence(says),
    todo: mask.sentence(todo),
  }));

/** The last lines of the services' log, from systemd's journal or from a file; root reads the journal. */
export async function logLines(count: number, file: string | undefined): Promise<string[]> {
  const text =
    file === undefined
      ? await said(
          'journalctl',
          ...UNITS.flatMap((unit) => ['-u', unit]),
          ...['-n', String(count), '-o', 'cat', '--no-pager', '-q'],
        )
      : readFileSync(file, 'utf8');
  return text.split('\n').filter(Boolean).slice(-count);
}

/** The log with everything masked that the program does not say by itself. Lines that are not the program's are only counted. */
export function log(lines: readonly string[], mask: Mask): string {
  let others = 0;
  const kept = lines.flatMap((line) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      parsed = null;
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      others += 1;
      return [];
    }
    return [JSON.stringify(mask.value(parsed))];
  });
  return [...kept, JSON.stringify({ other_lines: others }), ''].join('\n');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
