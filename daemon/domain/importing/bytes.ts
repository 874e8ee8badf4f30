/** Bytes as text, one character each: nothing is lost, whatever they are. */
export const latin1 = (bytes: Uint8Array, from = 0, until = bytes.length): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(until, bytes.length)));

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Returns the name of a file for people, of its bytes in `latin1`: as UTF-8 where it is that, else with `\xNN` for what is no plain
 * ASCII. Line ends and other control characters are written as `\xNN` too: a name must not look like a line of a report.
 */
export function shownName(name: string): string {
  try {
    return UTF8.decode(Uint8Array.from(name, (char) => char.charCodeAt(0))).replace(/\p{Cc}/gu, escaped);
  } catch {
    return name.replace(/[^\x20-\x7e]/g, escaped);
  }
}

const escaped = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
