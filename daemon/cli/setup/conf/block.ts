/*
 * Not ";--": Asterisk takes that for the beginning of a block comment. FreePBX reads some of these files itself, and knows
 * comments that begin with ";" too.
 */
const BEGIN = '; BEGIN Tapedeck: written by "tapedeck setup". "tapedeck setup --undo" removes it.';
const END = '; END Tapedeck';
const BLOCK = /^; BEGIN Tapedeck[^\n]*\n[\s\S]*?^; END Tapedeck\r?\n?/m;

/** Whether a file has lines of ours. */
export const hasBlock = (text: string): boolean => BLOCK.test(text);

/** Returns a file with our lines at its end, or where they were. Nothing else of it changes. */
export function withBlock(text: string, lines: string): string {
  const block = `${BEGIN}\n${lines.trim()}\n${END}\n`;
  if (hasBlock(text)) return text.replace(BLOCK, () => block);
  return `${text}${text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n'}${block}`;
}

/** Returns a file without our lines, and without the empty line before them. */
export function withoutBlock(text: string): string {
  const found = BLOCK.exec(text);
  if (!found) return text;
  const before = text.slice(0, found.index);
  return `${before.endsWith('\n\n') ? before.slice(0, -1) : before}${text.slice(found.index + found[0].length)}`;
}
