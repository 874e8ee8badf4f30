import { relative, resolve } from 'node:path';

/** The pattern of a line that includes files, as it is written, or undefined. */
export const includeOf = (line: string): string | undefined =>
  /^\s*#\s*(?:try)?include\s+(.*?)\s*$/i.exec(line)?.[1]?.replace(/^["<]|[">]$/g, '');

/**
 * Returns whether `#include` with this pattern reads a file, by its path from `etc`. Asterisk takes patterns from there too, and expands
 * them by glob(3), with braces.
 */
export function includedBy(pattern: string, etc: string): (file: string) => boolean {
  const like = new RegExp(
    `^${relative(etc, resolve(etc, pattern))
      .replace(/[.+^$()|\\]/g, '\\$&')
      .replace(/\*/g, '[^/]*')
      .replace(/\?/g, '[^/]')
      .replace(/\[!/g, '[^')
      .replace(/\{([^{}]*)\}/g, (_, list: string) => `(${list.replaceAll(',', '|')})`)
      .replace(/[{}]/g, '\\$&')}$`,
  );
  return (file) => like.test(file);
}
