import { fileURLToPath } from 'node:url';
import { type GivenOut, PACK } from '../../domain/assurance/evidence.js';
import { decidedWords, toldInWords } from '../../domain/call/consent.js';
import {
  callSentence,
  coverageWords,
  gapsInWords,
  masksInWords,
  printable,
  zoned,
} from '../../domain/call/story.js';
import type { Manifest } from '../../domain/recording/manifest.js';
import { durationText } from '../../domain/written.js';

/** What the cover sheet says. Times are ISO 8601 in UTC. */
export type Cover = {
  pack: string;
  manifest: Manifest;
  manifestSha256: string;
  keyId: string;
  fingerprint: string;
  made: string;
  givenOut: GivenOut;
  site: { name: string; timeZone: string };
  version: string;
};

const font = (name: string): string =>
  fileURLToPath(new URL(`ttf/${name}.ttf`, import.meta.resolve('dejavu-fonts-ttf/package.json')));
const FONTS = { plain: 'DejaVuSans', bold: 'DejaVuSans-Bold', mono: 'DejaVuSansMono' } as const;
type Font = keyof typeof FONTS;

const MARGIN = 56;
const WIDTH = 595.28 - 2 * MARGIN;
const LABEL = 118;
const INK = '#16181d';
const QUIET = '#555b66';
const LINE = '#c9cdd4';
const GAPS = 6;
const TOLD = 10;
/** For what the font has no sign for: never a wrong one. */
const NO_SIGN = '\u25a1';

/**
 * The cover sheet of an evidence pack, for people who have never seen one: A4, tagged, its fonts in it. The same bytes for
 * the same values.
 */
export async function coverSheet(cover: Cover): Promise<Buffer> {
  const { manifest, givenOut, site } = cover;
  const { call, recording } = manifest;
  const { default: PDFDocument } = await import('pdfkit');
  const doc = new PDFDocument({
    size: 'A4',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + 22 },
    bufferPages: true,
    tagged: true,
    displayTitle: true,
    lang: 'en',
    pdfVersion: '1.7',
    info: {
      Title: `Evidence pack: call ${call.id}`,
      Author: `Tapedeck at ${printable(site.name)}`,
      CreationDate: new Date(cover.made),
      ModDate: new Date(cover.made),
    },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
  });
  for (const [name, file] of Object.entries(FONTS)) doc.registerFont(name, font(file));
  let lacking = false;

  /** The text as far as the font that is chosen has signs for it. */
  function shown(text: string): string {
    const { font } = (doc as unknown as { _font: { font: { hasGlyphForCodePoint(cp: number): boolean } } })
      ._font;
    return [...printable(text)]
      .map((sign) => {
        if (font.hasGlyphForCodePoint(sign.codePointAt(0)!)) return sign;
        lacking = true;
        return NO_SIGN;
      })
      .join('');
  }

  const root = doc.struct('Document');
  doc.addStructure(root);
  let at = root;
  /** Writes a piece of text as an element of the document's structure. */
  function say(
    tag: string,
    text: string,
    look: { font?: Font; size?: number; color?: string } = {},
    more = {},
  ) {
    const { font = 'plain', size = 9.5, color = INK } = look;
    at.add(
      doc.struct(tag, {}, () => {
        doc.font(font).fontSize(size).fillColor(color);
        doc.text(shown(text), { width: WIDTH, lineGap: 1.5, ...more });
      }),
    );
  }
  /** Begins a new page where so much room is not left. */
  const room = (height: number) => {
    if (doc.y + height > doc.page.height - doc.page.margins.bottom) doc.addPage();
  };
  function heading(text: string) {
    room(64);
    doc.moveDown(0.9);
    say('H2', text, { font: 'bold', size: 11.5 });
    doc.moveDown(0.35);
    doc.x = MARGIN;
  }
  function paragraph(text: string) {
    say('P', text);
    doc.moveDown(0.4);
  }
  /** A line of two columns: what it is, and what it is here. */
  function fact(label: string, value: string, font: Font = 'plain') {
    const size = font === 'mono' ? 8.5 : 9.5;
    doc.font(font).fontSize(size);
    const height = doc.heightOfString(shown(value), { width: WIDTH - LABEL, lineGap: 1.5 });
    room(height + 6);
    const y = doc.y;
    const row = doc.struct('P');
    at.add(row);
    row.add(
      doc.struct('Span', {}, () => {
        doc.font('plain').fontSize(9).fillColor(QUIET);
        doc.text(`${label} `, MARGIN, y + (font === 'mono' ? 0 : 0.4), { width: LABEL - 8 });
      }),
    );
    row.add(
      doc.struct('Span', {}, () => {
        doc.font(font).fontSize(size).fillColor(INK);
        doc.text(shown(value), MARGIN + LABEL, y, { width: WIDTH - LABEL, lineGap: 1.5 });
      }),
    );
    row.end();
    doc.x = MARGIN;
    doc.y = Math.max(doc.y, y + height) + 3;
  }
  function points(items: readonly string[]) {
    const list = doc.struct('L');
    at.add(list);
    const outer = at;
    at = list;
    for (const item of items) {
      doc.font('plain').fontSize(9.5);
      room(doc.heightOfString(item, { width: WIDTH - 14, lineGap: 1.5 }));
      const y = doc.y;
      const li = doc.struct('LI');
      list.add(li);
      li.add(doc.struct('Lbl', {}, () => void doc.fillColor(QUIET).text('\u2022', MARGIN, y, { width: 12 })));
      li.add(
        doc.struct('LBody', {}, () => {
          doc.font('plain').fontSize(9.5).fillColor(INK);
          doc.text(shown(item), MARGIN + 14, y, { width: WIDTH - 14, lineGap: 1.5 });
        }),
      );
      li.end();
      doc.x = MARGIN;
      doc.y += 2.5;
    }
    list.end();
    at = outer;
  }

  const local = zoned(site.timeZone);
  const both = (iso: string | null) =>
    iso === null ? 'never' : `${local(iso)} = ${iso} UTC`.replace('Z UTC', ' UTC');
  const gaps = [...gapsInWords(manifest), ...masksInWords(manifest)];
  const sealedWords = manifest.made_later
    ? `it was signed (${both(manifest.made_at)}; it had been sealed before, ${both(recording.sealed_at)})`
    : `it was sealed (${both(recording.sealed_at)})`;

  say('H1', 'Evidence pack: the recording of a telephone call', { font: 'bold', size: 17 });
  doc.moveDown(0.5);
  paragraph(
    `This sheet belongs to a ZIP file with the recording of one telephone call, what was signed of it, and who has heard or changed anything of it since. It was made by Tapedeck, a call recorder, at ${site.name}. Anybody can verify it without that recorder, and without trusting it.`,
  );

  heading('The call');
  fact('In words', callSentence(manifest));
  fact('Begun', both(call.started_at));
  fact('Answered', both(call.answered_at));
  fact('Ended', both(call.ended_at));
  fact(
    'Recording',
    `${durationText(recording.duration_ms)}. Left: the other party, or the caller. Right: everyone else.`,
  );
  fact('Coverage', coverageWords(manifest));
  fact(
    'Not in it',
    gaps.length === 0
      ? 'Nothing is known to be missing.'
      : [
          ...gaps.slice(0, GAPS),
          ...(gaps.length > GAPS ? [`And ${gaps.length - GAPS} more, in ${PACK.story}.`] : []),
        ].join('\n'),
  );
  fact('Recorded by', decidedWords(manifest));
  fact('Id of the call', call.id, 'mono');

  const told = toldInWords(manifest);
  heading('How people were told');
  points([
    ...told.slice(0, TOLD),
    ...(told.length > TOLD ? [`And ${told.length - TOLD} more facts, in ${PACK.story}.`] : []),
  ]);

  heading('What was signed');
  fact('Sealed', both(recording.sealed_at));
  if (manifest.made_later) fact('Signed', `${both(manifest.made_at)}, later than it was sealed`);
  fact('Recording', `SHA-256 of ${PACK.recording}:`);
  doc.y -= 3;
  fact('', grouped(recording.plain.sha256), 'mono');
  fact('Manifest', `SHA-256 of ${PACK.manifest}, which ${PACK.signature} signs (Ed25519):`);
  doc.y -= 3;
  fact('', grouped(cover.manifestSha256), 'mono');
  fact('Key of the box', `${cover.keyId}; SHA-256 of the public key:`);
  doc.y -= 3;
  fact('', grouped(cover.fingerprint), 'mono');

  heading('How to verify it');
  points([
    `Open ${PACK.verifier} in a browser, on a computer of your own that need not be online, and give it the ZIP. It names everything that is not as it was signed. Use a copy that did not come with the pack: the dashboard of the box has it under /${PACK.verifier}, and so has every release. "tapedeck keys status" prints its SHA-256.`,
    `Or follow ${PACK.readme}: the same with sha256sum and openssl, which are on every Linux and Mac.`,
    'Compare the key above with the one that the box shows, or with a copy that was kept elsewhere. A key that comes with a pack proves nothing by itself: who makes up a pack can make up a key.',
  ]);

  heading('What it proves');
  points([
    `That the recording, the call as it is told ${givenOut.fresh ? 'here and ' : ''}in ${PACK.manifest}, and what is said to be missing are unchanged since ${sealedWords} on the box with the key ${cover.keyId}.`,
    `That ${PACK.log} has entries exactly as they were written to the audit log of that box, as far as ${PACK.checkpoint} goes.${givenOut.fresh ? ' This export is one of them, and no entry about this call from before it was left out.' : ''}`,
    ...(givenOut.fresh
      ? [
          'That the other files are those that this export has given out, because its entry names their hashes.',
        ]
      : []),
  ]);

  heading('What it does not prove');
  points([
    'That somebody understood an announcement, or that an answer given by keys came from the person whose phone it was.',
    'Who spoke. Numbers and names are those that the telephone system told.',
    'That nothing happened to the sound before it was sealed, beyond what is said to be missing.',
    'That the clock of the box was right.',
    `That somebody who could change the software of the box did not have it write or sign something else from the beginning.`,
    ...(givenOut.fresh
      ? []
      : [
          `That this export took place as told, that no entry was left out of ${PACK.log}, and that this sheet, ${PACK.story} and the other files are those that were given out: the recorder did not run when the pack was made, so that the newest checkpoint that was there is in it, and what came after that is not signed.`,
        ]),
  ]);

  heading('This pack');
  fact('Made', `${both(cover.made)} by Tapedeck ${cover.version}`);
  fact('Given to', givenOut.by);
  if (givenOut.reason) fact('Reason given', givenOut.reason);
  fact('Id of the pack', cover.pack, 'mono');
  if (lacking) {
    doc.moveDown(0.4);
    paragraph(
      `${NO_SIGN} stands for a sign that the font of this sheet does not have; ${PACK.story} has it.`,
    );
  }

  root.end();
  const { count } = doc.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    doc.switchToPage(page);
    doc.page.margins.bottom = 0;
    const y = doc.page.height - MARGIN - 6;
    doc.markContent('Artifact', { type: 'Pagination' });
    doc
      .moveTo(MARGIN, y - 7)
      .lineTo(MARGIN + WIDTH, y - 7)
      .lineWidth(0.5)
      .strokeColor(LINE)
      .stroke();
    doc.font('plain').fontSize(8).fillColor(QUIET);
    doc.text(`Call ${call.id}`, MARGIN, y, { width: WIDTH, lineBreak: false });
    doc.text(`Page ${page + 1} of ${count}`, MARGIN, y, { width: WIDTH, align: 'right', lineBreak: false });
    doc.endMarkedContent();
  }
  doc.end();
  return done;
}

/** Hex in groups of eight, to be compared by eye. */
const grouped = (hex: string): string => hex.replace(/(.{8})(?!$)/g, '$1 ');
