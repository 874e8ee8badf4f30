import { readFileSync } from 'node:fs';
import { programFile } from '../../../ops/process/program-files.js';

/** The text of a snippet that comes with Tapedeck: `http.conf`, or `freepbx/http_custom.conf`. */
export const snippet = (name: string): string => readFileSync(programFile(`asterisk-conf/${name}`), 'utf8');

/** Returns a section of a snippet with the comments in it, from its heading on; with `secret` where one is to be filled in. */
export function snippetSection(text: string, name: string, secret = ''): string {
  const from = text.split('\n').indexOf(`[${name}]`);
  if (from < 0) throw new Error(`a snippet has no [${name}]`);
  const lines = text.split('\n').slice(from);
  const next = lines.findIndex((line, i) => i > 0 && line.startsWith('['));
  const own = next < 0 ? lines : lines.slice(0, next);
  // What comes right before the next section describes that one.
  while (next >= 0 && /^(;.*)?$/.test(own.at(-1) ?? 'end')) own.pop();
  return filled(own.join('\n'), secret).trimEnd();
}

/** Returns a whole snippet without the paragraph that says where it goes. */
export const snippetBody = (text: string, secret = ''): string =>
  filled(text.replace(/^(; Tapedeck: add th(?:is|ese)[^\n]*\n(?:;[^\n]*\n)*)\n?/, ''), secret).trim();

/** Returns the lines of a snippet that set these keys, with their comments, other values filled in. */
export function snippetLines(text: string, values: Record<string, string | null>): string[] {
  return Object.entries(values).map(([key, value]) => {
    const line = text.split('\n').find((one) => new RegExp(`^${key}\\s*=`).test(one));
    if (!line) throw new Error(`a snippet has no ${key}`);
    return value === null ? line : line.replace(/^([^=]+=>?\s*)[^;]*?(\s*;.*)?$/, `$1${value}$2`);
  });
}

const filled = (text: string, secret: string): string =>
  text.replace(/CHANGE-ME(\s*;[^\n]*)?/g, () => secret);
