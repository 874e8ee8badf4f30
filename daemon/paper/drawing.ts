import { printable } from '../domain/printable.js';
import { type Measure, placed, wrap } from './lines.js';

export type Font = 'plain' | 'bold' | 'mono';
export type Column = { head: string; width: number; font?: Font };

export const MARGIN = 56;
export const WIDTH = 595.28 - 2 * MARGIN;
const LABEL = 118;
const INK = '#16181d';
export const QUIET = '#555b66';
export const LINE = '#c9cdd4';
const GAP = 1.5;
/** In a table. */
const CELL = { size: 7, pad: 4, gap: 1 };
/** A chart of bars, and so many names under them at most. */
const CHART = { height: 90, labels: 10, color: '#0b5c73' };
/** So many rows of a table are tagged cell by cell; what is longer would be held in memory until the end. */
const MOST_TAGGED = 500;
/** For what the font has no sign for: never a wrong one. */
export const NO_SIGN = '\u25a1';

export type Doc = PDFKit.PDFDocument;
type Struct = PDFKit.PDFStructureElement;

/** What is drawn on a document, from top to bottom. `flow` resolves once what was drawn has gone on. */
export function paperOn(doc: Doc, root: Struct, flow: () => Promise<void>) {
  let lacking = false;
  const bottom = () => doc.page.height - doc.page.margins.bottom;
  const widths = new Map<string, number>();

  /** The text as far as a font has signs for it. */
  function shown(text: string, font: Font): string {
    doc.font(font);
    const { font: signs } = (
      doc as unknown as { _font: { font: { hasGlyphForCodePoint(cp: number): boolean } } }
    )._font;
    return [...printable(text)]
      .map((sign) => {
        if (sign === '\n' || signs.hasGlyphForCodePoint(sign.codePointAt(0)!)) return sign;
        lacking = true;
        return NO_SIGN;
      })
      .join('');
  }

  const measuring =
    (font: Font, size: number): Measure =>
    (text) => {
      const key = `${font} ${text}`;
      let width = widths.get(key);
      if (width === undefined) {
        if (widths.size > 20_000) widths.clear();
        width = doc.font(font).fontSize(1_000).widthOfString(text) / 1_000;
        widths.set(key, width);
      }
      return width * size;
    };
  const linesOf = (text: string, font: Font, size: number, width: number): string[] =>
    wrap(shown(text, font), width, measuring(font, size));
  const heightOf = (size: number, gap = GAP): number => size * 1.164 + gap;

  type Look = { font: Font; size: number; color: string; x: number; width: number };
  function drawLine(line: string, y: number, { font, size, color, x, width }: Look): void {
    for (const piece of placed(line, width, measuring(font, size))) {
      doc.font(font).fontSize(size).fillColor(color);
      doc.text(piece.text, x + piece.x, y, { lineBreak: false });
    }
  }
  /** Begins a new page where so much room is not left. */
  function need(height: number): void {
    if (doc.y + height > bottom()) doc.addPage();
  }

  /** Writes text as an element of the document's structure, from where the page is. */
  function say(parent: Struct, tag: string, text: string, look: Look): void {
    const { font, size, width } = look;
    const height = heightOf(size);
    const lines = linesOf(text, font, size, width);
    need(height * Math.min(lines.length, 2));
    const element = doc.struct(tag);
    parent.add(element);
    for (let at = 0; at < lines.length; ) {
      need(height);
      const fits = Math.max(1, Math.floor((bottom() - doc.y) / height));
      const some = lines.slice(at, at + fits);
      const { y } = doc;
      element.add(
        doc.struct('Span', {}, () => {
          for (const [n, line] of some.entries()) drawLine(line, y + n * height, look);
        }),
      );
      doc.y = y + some.length * height;
      at += some.length;
    }
    element.end();
    doc.x = MARGIN;
  }

  const BODY: Look = { font: 'plain', size: 9.5, color: INK, x: MARGIN, width: WIDTH };
  const down = (points: number) => {
    doc.y += points;
  };

  function drawHead(columns: readonly Column[], widths: readonly number[], parent: Struct | null): void {
    const heads = columns.map(({ head }, n) => linesOf(head, 'bold', CELL.size, widths[n]! - CELL.pad));
    const height = Math.max(...heads.map((lines) => lines.length)) * heightOf(CELL.size, CELL.gap);
    const { y } = doc;
    const row = parent && doc.struct('TR');
    let x = MARGIN;
    const artifact = row === null;
    if (artifact) doc.markContent('Artifact', { type: 'Layout' });
    for (const [n, lines] of heads.entries()) {
      const left = x;
      const write = () => {
        for (const [k, line] of lines.entries())
          drawLine(line, y + k * heightOf(CELL.size, CELL.gap), {
            ...{ font: 'bold', size: CELL.size, color: QUIET, x: left, width: widths[n]! - CELL.pad },
          });
      };
      if (row) row.add(doc.struct('TH', {}, write));
      else write();
      x += widths[n]!;
    }
    if (artifact) doc.endMarkedContent();
    if (row) {
      parent.add(row);
      row.end();
    }
    doc.y = y + height + 2;
    rule(0.8);
    doc.y += 3;
  }

  function rule(width: number): void {
    doc.markContent('Artifact', { type: 'Layout' });
    doc
      .moveTo(MARGIN, doc.y)
      .lineTo(MARGIN + WIDTH, doc.y)
      .lineWidth(width)
      .strokeColor(LINE)
      .stroke();
    doc.endMarkedContent();
  }

  return {
    title: (text: string) => {
      say(root, 'H1', text, { ...BODY, font: 'bold', size: 17 });
      down(8);
    },
    heading(text: string): void {
      need(64);
      down(9);
      say(root, 'H2', text, { ...BODY, font: 'bold', size: 11.5 });
      down(3.5);
    },
    /** `after`: the room below it. */
    paragraph(text: string, after = 4): void {
      say(root, 'P', text, BODY);
      down(after);
    },
    /** Commands, each line as it is. */
    code(lines: readonly string[]): void {
      for (const line of lines) say(root, 'P', line, { ...BODY, font: 'mono', size: 7 });
      down(4);
    },
    /** A line of two columns: what it is, and what it is here. */
    fact(label: string, value: string, font: Font = 'plain'): void {
      const size = font === 'mono' ? 8.5 : 9.5;
      const lines = linesOf(value, font, size, WIDTH - LABEL);
      const labels = linesOf(label, 'plain', 9, LABEL - 8);
      const height = heightOf(size);
      need(height * Math.min(Math.max(lines.length, labels.length), 40) + 4);
      const top = doc.y;
      const row = doc.struct('P');
      root.add(row);
      row.add(
        doc.struct('Span', {}, () => {
          for (const [n, line] of labels.entries())
            drawLine(line, top + n * heightOf(9), {
              ...{ font: 'plain', size: 9, color: QUIET, x: MARGIN, width: LABEL - 8 },
            });
        }),
      );
      let { y } = { y: top };
      for (const line of lines) {
        if (y + height > bottom()) {
          doc.addPage();
          y = doc.y;
        }
        const here = y;
        row.add(
          doc.struct('Span', {}, () =>
            drawLine(line, here, { font, size, color: INK, x: MARGIN + LABEL, width: WIDTH - LABEL }),
          ),
        );
        y += height;
      }
      row.end();
      doc.x = MARGIN;
      doc.y = Math.max(y, lines.length > 40 ? 0 : top + labels.length * heightOf(9)) + 3;
    },
    points(items: readonly string[]): void {
      const list = doc.struct('L');
      root.add(list);
      for (const item of items) {
        need(heightOf(9.5));
        const { y } = doc;
        const point = doc.struct('LI');
        list.add(point);
        point.add(doc.struct('Lbl', {}, () => drawLine('\u2022', y, { ...BODY, color: QUIET, width: 12 })));
        say(point, 'LBody', item, { ...BODY, x: MARGIN + 14, width: WIDTH - 14 });
        point.end();
        down(1);
      }
      list.end();
    },
    /**
     * A table over as many pages as it takes, with its heads on each. The widths of its columns are shares of the page. A cell may
     * have several lines; a row is broken only where it is longer than a page.
     */
    async table(
      columns: readonly Column[],
      rows: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
    ): Promise<number> {
      const all = columns.reduce((sum, { width }) => sum + width, 0);
      const across = columns.map(({ width }) => (width / all) * WIDTH);
      const table = doc.struct('Table');
      root.add(table);
      const height = heightOf(CELL.size, CELL.gap);
      need(60);
      drawHead(columns, across, table);
      const again = () => {
        doc.addPage();
        drawHead(columns, across, null);
      };
      let count = 0;
      for await (const cells of rows) {
        count += 1;
        if (count % 20 === 0) await flow();
        const lines = columns.map(({ font = 'plain' }, n) =>
          linesOf(cells[n] ?? '', font, CELL.size, across[n]! - CELL.pad),
        );
        const most = Math.max(1, ...lines.map((of) => of.length));
        if (doc.y + most * height + 6 > bottom()) again();
        const row = doc.struct('TR');
        table.add(row);
        for (let at = 0; at < most; ) {
          const fits = Math.max(1, Math.floor((bottom() - doc.y) / height));
          const { y } = doc;
          const write = (n: number) => {
            const x = MARGIN + across.slice(0, n).reduce((sum, width) => sum + width, 0);
            const { font = 'plain' } = columns[n]!;
            const look = { font, size: CELL.size, color: INK, x, width: across[n]! - CELL.pad };
            for (const [k, line] of lines[n]!.slice(at, at + fits).entries())
              drawLine(line, y + k * height, look);
          };
          const every = [...columns.keys()];
          if (count <= MOST_TAGGED) for (const n of every) row.add(doc.struct('TD', {}, () => write(n)));
          else row.add(doc.struct('TD', {}, () => every.forEach(write)));
          const drawn = Math.min(fits, most - at);
          doc.y = y + drawn * height;
          at += drawn;
          if (at < most) again();
        }
        row.end();
        doc.y += 3;
        rule(0.3);
        doc.y += 3;
      }
      table.end();
      doc.x = MARGIN;
      return count;
    },
    /** A chart of bars, with the highest value and some of the names beside them. `title` is what it shows, for who does not see it. */
    bars(title: string, bars: readonly { label: string; value: number }[]): void {
      need(CHART.height + 2 * heightOf(CELL.size) + 8);
      const top = doc.y + heightOf(CELL.size);
      const most = Math.max(1, ...bars.map(({ value }) => value));
      const step = WIDTH / bars.length;
      const look = { font: 'plain', size: CELL.size, color: QUIET, width: WIDTH } as const;
      const floor = top + CHART.height;
      const said = `${title}: ${bars.map(({ label, value }) => `${label} ${value}`).join(', ')}`;
      const figure = doc.struct('Figure', { alt: shown(said, 'plain') });
      root.add(figure);
      figure.add(
        doc.struct('Span', {}, () => {
          drawLine(String(most), doc.y, { ...look, x: MARGIN });
          for (const [n, { value }] of bars.entries()) {
            const height = (value / most) * CHART.height;
            doc.rect(MARGIN + n * step, floor - height, Math.max(0.5, step * 0.8), height).fill(CHART.color);
          }
          doc
            .moveTo(MARGIN, floor)
            .lineTo(MARGIN + WIDTH, floor)
            .lineWidth(0.5)
            .strokeColor(LINE)
            .stroke();
          const every = Math.ceil(bars.length / CHART.labels);
          for (const [n, { label }] of bars.entries())
            if (n % every === 0) drawLine(label, floor + 2, { ...look, x: MARGIN + n * step });
        }),
      );
      figure.end();
      doc.x = MARGIN;
      doc.y = floor + 2 * heightOf(CELL.size) + 4;
    },
    /** Whether anything was drawn that the fonts have no sign for. */
    lacking: () => lacking,
    /** Hex in groups of eight, to be compared by eye. */
    grouped: (hex: string): string => hex.replace(/(.{8})(?!$)/g, '$1 '),
  };
}
