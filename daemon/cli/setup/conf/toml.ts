import { HEADING } from '../../../ops/config-pbx.js';

/** A key of tapedeck.toml and its value. `pbx` is the first PBX, whether it is written [pbx] or [[pbx]]. */
export type TomlValue = [section: string, key: string, value: string | number | boolean | string[] | Table];
/** A table that is written in one line. */
type Table = Record<string, string>;

/** A value as TOML has it, which is the same as JSON: its bytes as latin1, like every text that setup changes. */
export const tomlText = (value: TomlValue[2]): string =>
  Buffer.from(written(value), 'utf8').toString('latin1');

const written = (value: TomlValue[2]): string =>
  typeof value === 'object' && !Array.isArray(value)
    ? `{ ${Object.entries(value)
        .map(([key, one]) => `${key} = ${JSON.stringify(one)}`)
        .join(', ')} }`
    : JSON.stringify(value);

const isHeading = (line: string): boolean => /^\s*\[/.test(line);
const headingOf = (line: string): string | undefined => HEADING.exec(line)?.[1];

/**
 * Returns a configuration with these values. A line that sets the key is replaced, or one is added below the heading of its
 * section; every other line stays as it is, comments too.
 */
export function withValues(text: string, values: readonly TomlValue[]): string {
  return values.reduce((all, [section, key, value]) => {
    const lines = all.split('\n');
    const head = lines.findIndex((line) => headingOf(line) === section);
    const set = `${key} = ${tomlText(value)}`;
    if (head < 0) return `${all.trimEnd()}${all.trim() === '' ? '' : '\n\n'}[${section}]\n${set}\n`;
    const next = lines.findIndex((line, i) => i > head && isHeading(line));
    const end = next < 0 ? lines.length : next;
    const at = lines.findIndex((line, i) => i > head && i < end && new RegExp(`^\\s*${key}\\s*=`).test(line));
    if (at < 0) lines.splice(head + 1, 0, set);
    else lines[at] = set;
    return lines.join('\n');
  }, text);
}

/** Returns a configuration without a key of a section, also where it is a table in one line or written with dots. */
export function withoutValue(text: string, section: string, key: string): string {
  let within = false;
  return text
    .split('\n')
    .filter((line) => {
      if (isHeading(line)) within = headingOf(line) === section;
      return !(within && new RegExp(`^\\s*${key}\\s*[=.]`).test(line));
    })
    .join('\n');
}

/** Returns a configuration without a table, its heading and all of its lines. */
export function withoutTable(text: string, name: string): string {
  let within = false;
  return text
    .split('\n')
    .filter((line) => {
      if (isHeading(line)) within = headingOf(line) === name;
      return !within;
    })
    .join('\n');
}
