/** A key of tapedeck.toml and its value. `pbx` is the first PBX, whether it is written [pbx] or [[pbx]]. */
export type TomlValue = [section: string, key: string, value: string | number | boolean | string[]];

const isHeading = (line: string): boolean => /^\s*\[/.test(line);

/**
 * Returns a configuration with these values. A line that sets the key is replaced, or one is added below the heading of its
 * section; every other line stays as it is, comments too. What is written is the same as JSON.
 */
export function withValues(text: string, values: readonly TomlValue[]): string {
  return values.reduce((all, [section, key, value]) => {
    const lines = all.split('\n');
    const head = lines.findIndex((line) => new RegExp(`^\\s*\\[\\[?\\s*${section}\\s*\\]`).test(line));
    const set = `${key} = ${JSON.stringify(value)}`;
    if (head < 0) return `${all.trimEnd()}${all.trim() === '' ? '' : '\n\n'}[${section}]\n${set}\n`;
    const next = lines.findIndex((line, i) => i > head && isHeading(line));
    const end = next < 0 ? lines.length : next;
    const at = lines.findIndex((line, i) => i > head && i < end && new RegExp(`^\\s*${key}\\s*=`).test(line));
    if (at < 0) lines.splice(head + 1, 0, set);
    else lines[at] = set;
    return lines.join('\n');
  }, text);
}
