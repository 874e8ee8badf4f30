import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { printable } from '../domain/printable.js';
import { type Doc, type Font, LINE, MARGIN, paperOn, QUIET, WIDTH } from './drawing.js';

/** What a document is, for its metadata and the foot of each page. `made` is ISO 8601. */
export type Head = { title: string; author: string; made: string; foot: string; lang?: string };
const file = (name: string): string =>
  fileURLToPath(new URL(`ttf/${name}.ttf`, import.meta.resolve('dejavu-fonts-ttf/package.json')));
const FONTS: Record<Font, string> = { plain: 'DejaVuSans', bold: 'DejaVuSans-Bold', mono: 'DejaVuSansMono' };

/**
 * Writes a PDF: A4, tagged, its fonts in it, the number of all pages on each. `draw` is called twice, first to count the pages, so
 * that no page has to be held; it has to draw the same both times. The same bytes for the same values. Resolves when `out` has
 * everything. Throws when `out` is destroyed.
 */
export async function writePaper(
  head: Head,
  out: Writable,
  draw: (paper: Paper) => Promise<void> | void,
): Promise<void> {
  const pages = await drawn(head, null, 0, draw);
  await drawn(head, out, pages, draw);
}

export type Paper = ReturnType<typeof paperOn>;

/** Draws the document, to nowhere where `out` is null. Returns its number of pages. */
async function drawn(
  head: Head,
  out: Writable | null,
  pages: number,
  draw: (paper: Paper) => Promise<void> | void,
): Promise<number> {
  const { default: PDFDocument } = await import('pdfkit');
  const doc = new PDFDocument({
    size: 'A4',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + 22 },
    autoFirstPage: false,
    tagged: true,
    displayTitle: true,
    lang: head.lang ?? 'en',
    pdfVersion: '1.7',
    info: {
      Title: printable(head.title),
      Author: printable(head.author),
      CreationDate: new Date(head.made),
      ModDate: new Date(head.made),
    },
  });
  const ended = out === null ? once(doc, 'end') : once(out, 'finish');
  ended.catch(() => {}); // it is awaited below; a failure before that is no unhandled one
  if (out === null) doc.resume();
  else doc.pipe(out);
  for (const [name, font] of Object.entries(FONTS)) doc.registerFont(name, file(font));
  let page = 0;
  doc.on('pageAdded', () => {
    page += 1;
    foot(doc, head.foot, `Page ${page} of ${pages}`);
  });
  doc.addPage();
  const root = doc.struct('Document');
  doc.addStructure(root);
  await draw(paperOn(doc, root, () => room(out)));
  root.end();
  doc.end();
  await ended;
  return page;
}

/** Resolves once what was drawn has gone on, so that no more of it is held than a stream holds. */
async function room(out: Writable | null): Promise<void> {
  // The document is read in the turns between.
  await new Promise((resolve) => setImmediate(resolve));
  if (out?.destroyed) throw new Error('Nobody reads the document any more.');
  if (!out?.writableNeedDrain) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    await Promise.race([once(out, 'drain', { signal }), once(out, 'close', { signal })]);
  } finally {
    waiting.abort();
  }
}

function foot(doc: Doc, left: string, right: string): void {
  const { x, y } = doc;
  const at = doc.page.height - MARGIN - 6;
  const { bottom } = doc.page.margins;
  doc.page.margins.bottom = 0;
  doc.markContent('Artifact', { type: 'Pagination' });
  doc
    .moveTo(MARGIN, at - 7)
    .lineTo(MARGIN + WIDTH, at - 7)
    .lineWidth(0.5)
    .strokeColor(LINE)
    .stroke();
  doc.font('plain').fontSize(8).fillColor(QUIET);
  doc.text(left, MARGIN, at, { width: WIDTH, lineBreak: false });
  doc.text(right, MARGIN, at, { width: WIDTH, align: 'right', lineBreak: false });
  doc.endMarkedContent();
  doc.page.margins.bottom = bottom;
  doc.x = x;
  doc.y = y;
}
