/** How wide a piece of text is, in points. */
export type Measure = (text: string) => number;
/** A piece of a line and where it begins, in points from the left. */
export type Piece = { text: string; x: number };

const RTL = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const LETTER = /\p{L}/u;

/** Breaks text into lines of at most this width: at spaces, and within a word that is longer than a line. */
export function wrap(text: string, width: number, measure: Measure): string[] {
  return text.split(/\r?\n/).flatMap((paragraph) => wrapped(paragraph, width, measure));
}

function wrapped(paragraph: string, width: number, measure: Measure): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.split(/[ \t]+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measure(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (measure(line) > width) {
      const fits = fitting(line, width, measure);
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  lines.push(line);
  return lines;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How many UTF-16 units of a word fit into a line: whole graphemes, and at least one. */
function fitting(word: string, width: number, measure: Measure): number {
  let fits = 0;
  for (const { index, segment } of graphemes.segment(word)) {
    const end = index + segment.length;
    if (fits > 0 && measure(word.slice(0, end)) > width) return fits;
    fits = end;
  }
  return fits;
}

/** Whether a text is read from right to left: as its first letter is. */
export function isRightToLeft(text: string): boolean {
  const first = [...text].find((sign) => LETTER.test(sign));
  return first !== undefined && RTL.test(first);
}

/**
 * Returns the words of a line in the order in which they stand on paper, and where. Within a word the font orders the letters;
 * words of one direction keep together, and numbers go with those before them.
 */
export function placed(line: string, width: number, measure: Measure): Piece[] {
  if (!RTL.test(line)) return line === '' ? [] : [{ text: line, x: 0 }];
  const base = isRightToLeft(line);
  const runs: { rtl: boolean; words: string[] }[] = [];
  for (const word of line.split(/ +/).filter(Boolean)) {
    const last = runs.at(-1);
    const rtl = LETTER.test(word) ? isRightToLeft(word) : (last?.rtl ?? base);
    if (last?.rtl === rtl) last.words.push(word);
    else runs.push({ rtl, words: [word] });
  }
  const ordered = (base ? runs.toReversed() : runs).flatMap(({ rtl, words }) =>
    rtl ? words.toReversed() : words,
  );
  const space = measure(' ');
  const total = ordered.reduce((sum, word) => sum + measure(word), space * (ordered.length - 1));
  let x = base ? Math.max(0, width - total) : 0;
  return ordered.map((text) => {
    const piece = { text, x };
    x += measure(text) + space;
    return piece;
  });
}
